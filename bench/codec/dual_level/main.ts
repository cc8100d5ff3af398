/**
 * What error-bounded compression of the exchange costs a trained model: look-ups, gradients and both within several
 * bounds, bounds by table class, kinds of decay, half precision; each arm one call of the trainer per seed, compared with
 * full precision on the same seed.
 *
 * ```sh
 * deno run -A bench/codec/dual_level/main.ts criteo:../shared/data/ctr/kuairand_pure_criteo_layout.tsv.gz
 * deno run -A bench/codec/dual_level/main.ts synthetic
 * ```
 *
 * `--seeds 5`; `--only <regular expression>` trains those arms whose name or group matches, besides full precision;
 * `--resamples 2000` of the bootstrap; `--workers 2`. Writes `results/<set>.json`, `.md` and `.svg`. Runs are kept in
 * `.cache/codec_dual_level`: an interrupted call goes on, and the results are of all runs that are there with these
 * settings, so that some arms can get more seeds than others. Remove that folder where the code has changed.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { describeMachine } from "../../harness.ts";
import { prepareScores, Resamples, type Scores } from "../../stats/bootstrap.ts";
import { runJobs } from "../../stats/run_jobs.ts";
import { readScores, sourceName } from "../../stats/trainer_process.ts";
import { analyse, type ArmResult, runKey, TOLERANCE } from "./analysis.ts";
import { allArms, CHOSEN, FULL } from "./arms.ts";
import { indexTables, type ModelIndex } from "./homogenization.ts";
import { markdown } from "./markdown.ts";
import { plot } from "./plot.ts";
import { type DataSet, dumpFolder, keptSeeds, knownRun, makeRun, type Run, scoresPath } from "./runs.ts";

const DIM = 16;

const flags = parseArgs(Deno.args, { string: ["seeds", "only", "resamples", "workers"] });
const source = String(flags._[0] ?? "");
if (!/^(criteo:.|synthetic)/.test(source)) usage(`the data is "${source}"; want criteo:<file> or synthetic[:rows]`);
const seeds = Array.from({ length: wholeNumber("seeds", 5) }, (_, i) => i + 1);
const resampleCount = wholeNumber("resamples", 2000);
const workers = wholeNumber("workers", 2);
const data: DataSet = { set: source.startsWith("criteo") ? "click_log" : "synthetic", source };
const file = (extension: string) => new URL(`results/${data.set}.${extension}`, import.meta.url);
const only = new RegExp(String(flags.only ?? ""));
const arms = allArms();
const wanted = arms.filter((arm) => arm === FULL || only.test(arm.name) || only.test(arm.group));
if (wanted.length === 1 && !only.test(FULL.name)) usage(`no arm's name or group matches ${only}`);

const runs = await allRuns();
await report();

async function allRuns(): Promise<Run[]> {
  const runs: Run[] = [];
  for (const arm of arms) {
    for (const seed of await keptSeeds(data, arm)) {
      const run = await knownRun(data, arm, seed);
      if (run) runs.push(run);
    }
  }
  const open = seeds.flatMap((seed) => wanted.map((arm) => ({ arm, seed })))
    .filter(({ arm, seed }) => !runs.some((run) => run.arm === arm.name && run.seed === seed));
  const jobs = open.map(({ arm, seed }) => ({
    name: `${arm.name}, seed ${seed}`,
    async run() {
      const run = await makeRun(data, arm, seed);
      runs.push(run);
      const ratio = run.comm ? `, ratio ${run.comm.ratio.toFixed(1)}` : "";
      return `AUC ${run.auc.toFixed(5)}, log loss ${run.logloss.toFixed(5)}${ratio}`;
    },
  }));
  const failures = await runJobs(jobs, workers, console.log);
  if (failures.length > 0) {
    console.error(`${failures.length} runs failed:\n${failures.join("\n")}`);
    Deno.exitCode = 1;
  }
  return runs;
}

async function report(): Promise<void> {
  const scores = new Map<string, Scores>();
  for (const { arm, seed } of runs) {
    const pairs = await readScores(scoresPath(data, arms.find(({ name }) => name === arm)!, seed));
    if (!pairs) {
      throw new Error(`Cannot compare ${arm}, seed ${seed}, as its probabilities are gone: remove its folder`);
    }
    scores.set(runKey(arm, seed), prepareScores(pairs));
  }
  const resamples = new Resamples(scores, resampleCount, (done) => {
    if (done % 500 === 0) console.log(`bootstrap ${done}/${resampleCount}`);
  });
  const results = analyse(arms, runs, resamples);
  const dumped = runs.find(({ tables }) => tables)?.tables;
  const index = dumped && await indexTables(dumpFolder(data), dumped, DIM);
  await Deno.mkdir(new URL(".", file("json")), { recursive: true });
  await writeJson(results, index);
  const rows = [...scores.values()][0]?.losses.length ?? 0;
  const title = `Compressing the exchange: ${data.set === "click_log" ? "a real click log" : "the synthetic set"}`;
  const facts = [
    `Data: ${sourceName(source)}, ${
      rows.toLocaleString("en-US")
    } test rows, which are scored without compression; the ` +
    `trainer's defaults (dim ${DIM}, Adagrad), one epoch, then the final fit.`,
    "Bounds are shares of the range of a table's values in a batch. Ratios are of all bytes sent in training.",
    `In brackets: 95 % of ${resampleCount} paired bootstrap resamples of test rows and seeds. Verdict: "within" where all ` +
    `of that is within ${TOLERANCE} of full precision, "open" where it reaches across.`,
    ...results.filter(({ name }) => name === CHOSEN).map(({ verdict, minusFull }) =>
      `The policy ${CHOSEN}: ${minusFull?.auc.mean.toFixed(5)}, ${verdict}.`
    ),
  ];
  await Deno.writeTextFile(file("md"), markdown(title, facts, results, index));
  await Deno.writeTextFile(file("svg"), plot(title, results));
  console.log(await Deno.readTextFile(file("md")));
}

async function writeJson(results: readonly ArmResult[], index: ModelIndex | undefined): Promise<void> {
  const json = {
    name: `codec, dual level, ${data.set}`,
    command: `deno run -A bench/codec/dual_level/main.ts ${sourceName(source)}`,
    machine: describeMachine(),
    source: sourceName(source),
    resamples: resampleCount,
    tolerance: TOLERANCE,
    arms: results,
    homogenization: index,
    runs: runs.map(({ tables: _, ...run }) => run).sort((a, b) => a.arm.localeCompare(b.arm) || a.seed - b.seed),
  };
  const temporary = new URL(`${file("json").href}.tmp`);
  await Deno.writeTextFile(temporary, JSON.stringify(json, undefined, 1) + "\n");
  await Deno.rename(temporary, file("json"));
}

function wholeNumber(name: "seeds" | "resamples" | "workers", fallback: number): number {
  const value = Number(flags[name] ?? fallback);
  if (!(Number.isInteger(value) && value >= 1)) usage(`--${name} must be a whole number >= 1: got ${flags[name]}`);
  return value;
}

function usage(why: string): never {
  console.error(`Cannot run as ${why}`);
  Deno.exit(2);
}
