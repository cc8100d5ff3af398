/**
 * Quality at equal bytes: full, hashed and QR tables and ROBE arrays, each arm one call of the trainer per seed with its
 * default settings, same optimiser, same order of rows.
 *
 * ```sh
 * deno run -A bench/robe/equal_bytes.ts criteo:../shared/data/ctr/kuairand_pure_criteo_layout.tsv.gz
 * deno run -A bench/robe/equal_bytes.ts synthetic
 * ```
 *
 * `--seeds 5`; `--only <regular expression>` for arms whose name or group matches; `--resamples 2000` of the bootstrap;
 * `--jobs 2` runs side by side, one thread each.
 * Writes `results/equal_bytes_<set>.json`, `.md` and `.svg`. Runs that the JSON file holds already, made with equal
 * settings, are not made again; remove the file where the code has changed. The probabilities of the test rows, which the
 * intervals need, stay in `.cache/equal_bytes`.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { describeMachine } from "../harness.ts";
import { prepareScores, Resamples, type Scores } from "../stats/bootstrap.ts";
import { runJobs } from "../stats/run_jobs.ts";
import { readScores, sourceName } from "../stats/trainer_process.ts";
import { analyse, type ArmResult, runKey } from "./equal_bytes/analysis.ts";
import { allArms } from "./equal_bytes/arms.ts";
import { markdown } from "./equal_bytes/markdown.ts";
import { plot } from "./equal_bytes/plot.ts";
import { compressionLimits, type DataSet, type Run, runArm, scoresPath, settingsOf } from "./equal_bytes/runs.ts";

const flags = parseArgs(Deno.args, { string: ["seeds", "only", "resamples", "jobs"] });
const source = String(flags._[0] ?? "");
const wholeNumber = (name: "seeds" | "resamples" | "jobs", fallback: number) => {
  const value = Number(flags[name] ?? fallback);
  if (!(Number.isInteger(value) && value >= 1)) usage(`--${name} must be a whole number >= 1: got ${flags[name]}`);
  return value;
};
if (!/^(criteo:.|synthetic)/.test(source)) usage(`the data is "${source}"; want criteo:<file> or synthetic[:rows]`);
const seeds = Array.from({ length: wholeNumber("seeds", 5) }, (_, i) => i + 1);
const resampleCount = wholeNumber("resamples", 2000), jobs = wholeNumber("jobs", 2);
const data: DataSet = { set: source.startsWith("criteo") ? "click_log" : "synthetic", source };
const file = (extension: string) => new URL(`results/equal_bytes_${data.set}.${extension}`, import.meta.url);

const limits = await compressionLimits(data);
const all = allArms(data.set, limits);
const only = new RegExp(String(flags.only ?? ""));
const wanted = all.filter(({ name, group }) => only.test(name) || only.test(group));
if (wanted.length === 0) usage(`no arm's name or group matches ${only}`);
const runs = await knownRuns();
await trainAll();
await report();

/** What earlier calls have left and still holds. */
async function knownRuns(): Promise<Run[]> {
  const text = await Deno.readTextFile(file("json")).catch(() => undefined);
  const kept: { source?: string; runs: Run[] } = text === undefined ? { runs: [] } : JSON.parse(text);
  const candidates = kept.source === sourceName(source) ? kept.runs : [];
  const known: Run[] = [];
  for (const run of candidates) {
    const arm = all.find(({ name }) => name === run.arm);
    if (!arm || settingsOf(arm, run.seed) !== run.settings) continue;
    if (await exists(scoresPath(data, run.arm, run.seed))) known.push(run);
  }
  return known;
}

async function trainAll(): Promise<void> {
  const open = seeds.flatMap((seed) => wanted.map((arm) => ({ arm, seed })))
    .filter(({ arm, seed }) => !runs.some((run) => run.arm === arm.name && run.seed === seed));
  const failures = await runJobs(
    open.map(({ arm, seed }) => ({
      name: `${arm.name}, seed ${seed}`,
      async run() {
        const run = await runArm(data, arm, seed);
        runs.push(run);
        await save([]);
        const { auc, logloss, bestStep } = run;
        return `AUC ${auc.toFixed(4)}, log loss ${logloss.toFixed(4)}, best step ${bestStep}`;
      },
    })),
    jobs,
    console.log,
  );
  if (failures.length > 0) {
    console.error(`${failures.length} runs failed:\n${failures.join("\n")}`);
    Deno.exitCode = 1;
  }
}

async function report(): Promise<void> {
  const scores = new Map<string, Scores>();
  for (const run of runs) {
    const pairs = await readScores(scoresPath(data, run.arm, run.seed));
    if (pairs) scores.set(runKey(run.arm, run.seed), prepareScores(pairs));
  }
  const resamples = new Resamples(scores, resampleCount, (k) => {
    if (k % 200 === 0) console.log(`bootstrap ${k}/${resampleCount}`);
  });
  const arms = analyse(all, runs, resamples);
  await save(arms);
  const title = `Quality at equal bytes: ${data.set === "click_log" ? "a real click log" : "the synthetic set"}`;
  const rows = [...scores.values()][0]?.losses.length ?? 0;
  const facts = [
    `Data: ${sourceName(source)}, ${rows.toLocaleString("en-US")} test rows; the trainer's defaults (dim 16, Adagrad).`,
    `Hashed tables reach at most ${limits.hash}x and QR tables ${limits.qr}x, as tables of 50 rows or fewer stay full.`,
    `In brackets: 95 % of ${resampleCount} paired bootstrap resamples of test rows and seeds.`,
    "Steps: of the search until the best validation AUC, over those of full tables.",
  ];
  await Deno.writeTextFile(file("md"), markdown(title, facts, arms));
  await Deno.writeTextFile(file("svg"), plot(title, arms));
  console.log(await Deno.readTextFile(file("md")));
}

/** Writes the JSON file; while runs are still being made without what only all of them tell. */
async function save(arms: readonly ArmResult[]): Promise<void> {
  const command = `deno run -A bench/robe/equal_bytes.ts ${sourceName(source)}`;
  const text = JSON.stringify(
    {
      name: `equal bytes, ${data.set}`,
      command,
      machine: describeMachine(),
      source: sourceName(source),
      limits,
      resamples: resampleCount,
      arms,
      runs,
    },
    undefined,
    1,
  );
  const path = file("json"), temporary = new URL(`${path.href}.tmp`);
  await Deno.mkdir(new URL(".", path), { recursive: true });
  await Deno.writeTextFile(temporary, text + "\n");
  await Deno.rename(temporary, path);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

function usage(why: string): never {
  console.error(`Cannot run as ${why}`);
  Deno.exit(2);
}
