/**
 * Runs of the trainer, one process each, kept in folders so that none is made twice.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { runTrainer, sourceName } from "../../stats/trainer_process.ts";
import { type Arm, FULL } from "./arms.ts";

const CACHE = fileURLToPath(new URL("../../../.cache/codec_dual_level/", import.meta.url));

/**
 * One epoch and then the final fit, whatever the validation part says: a best step that differs from run to run would
 * add noise of its own to differences of a few 1e-4.
 */
const LENGTH = ["--epochs", "1", "--patience", "0", "--eval-every", "0", "--refit"];

/** Tables that the codec put into other classes than base, by name. */
export interface SettledClasses {
  readonly tighten: readonly string[];
  readonly loosen: readonly string[];
}

/** One run, from what it left. */
export interface Run {
  readonly arm: string;
  readonly seed: number;
  /** The data, without their path. */
  readonly source: string;
  /** The trainer's flags without paths: runs of other settings are made anew. */
  readonly settings: string;
  readonly auc: number;
  readonly logloss: number;
  readonly accuracy: number;
  /** What went through the codec, where it tells. */
  readonly comm?: { readonly ratio: number; readonly maxError: number; readonly bytes: number; readonly ms: number };
  /** Of an adaptive codec at the end. */
  readonly classes?: SettledClasses;
  /** The tables of the model, where the run dumped its exchange. */
  readonly tables?: readonly { readonly name: string; readonly rows: number }[];
  readonly stepMs: number;
  readonly wallSeconds: number;
}

/** The data, as `--data` names them, and under what name results are kept. */
export interface DataSet {
  readonly set: "click_log" | "synthetic";
  readonly source: string;
}

/** The flags of a run, without paths. */
export function settingsOf({ codec, flags = [] }: Arm, seed: number): string {
  return ["--codec", codec, "--dim", "16", "--seed", String(seed), ...flags, ...LENGTH].join(" ");
}

/** The folder of a run, which holds `run.json`, the probabilities of the test rows, and of one run the dumped exchange. */
export function runFolder({ set }: DataSet, { name }: Arm, seed: number): string {
  return `${CACHE}${set}/${name.replaceAll(/[^\w.-]+/g, "_")}-seed${seed}`;
}

/** Where a run's probabilities are. */
export function scoresPath(data: DataSet, arm: Arm, seed: number): string {
  return `${runFolder(data, arm, seed)}/scores.npy`;
}

/** Seeds that an arm was trained with before, whatever the settings were. */
export async function keptSeeds(data: DataSet, arm: Arm): Promise<number[]> {
  const folder = runFolder(data, arm, 0), slash = folder.lastIndexOf("/");
  const beginning = folder.slice(slash + 1, -1), seeds: number[] = [];
  try {
    for await (const { name } of Deno.readDir(folder.slice(0, slash))) {
      const rest = name.startsWith(beginning) ? name.slice(beginning.length) : "";
      if (/^\d+$/.test(rest)) seeds.push(Number(rest));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return seeds.sort((a, b) => a - b);
}

/** A run made before with equal settings. */
export async function knownRun(data: DataSet, arm: Arm, seed: number): Promise<Run | undefined> {
  const text = await Deno.readTextFile(`${runFolder(data, arm, seed)}/run.json`).catch(() => undefined);
  const run: Run | undefined = text === undefined ? undefined : JSON.parse(text);
  return run?.settings === settingsOf(arm, seed) && run.source === sourceName(data.source) ? run : undefined;
}

/** Trains an arm once, on one thread. The first seed in full precision also dumps the exchange. */
export async function makeRun(data: DataSet, arm: Arm, seed: number): Promise<Run> {
  const folder = runFolder(data, arm, seed), out = `${folder}/trained`, settings = settingsOf(arm, seed);
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder, { recursive: true });
  const dumps = arm === FULL && seed === 1;
  await runTrainer([
    ...["--data", data.source, "--cache", `${CACHE}data`, "--device", "cpu", "--threads", "1", "--no-tensorboard"],
    ...["--out", out, "--dump-scores", scoresPath(data, arm, seed)],
    ...(dumps ? ["--dump-exchange", dumpFolder(data), "--dump-every", "20"] : []),
    ...settings.split(" "),
  ]);
  const report = JSON.parse(await Deno.readTextFile(`${out}/report.json`));
  const classes = await settledClasses(out);
  const run: Run = {
    arm: arm.name,
    seed,
    source: sourceName(data.source),
    settings,
    auc: report.test.auc,
    logloss: report.test.logloss,
    accuracy: report.test.accuracy,
    ...(report.comm ? { comm: report.comm } : {}),
    ...(classes ? { classes } : {}),
    ...(dumps ? { tables: JSON.parse(await Deno.readTextFile(`${out}/model/1/model.json`)).model.tables } : {}),
    stepMs: report.speed.stepMs.median,
    wallSeconds: report.wallSeconds,
  };
  // Weights and checkpoints are large and not looked at again; the run counts from here on.
  await Deno.remove(out, { recursive: true });
  await Deno.writeTextFile(`${folder}/run.json`, JSON.stringify(run) + "\n");
  return run;
}

/** Where the full-precision run dumps its exchange. */
export function dumpFolder(data: DataSet): string {
  return `${runFolder(data, FULL, 1)}/dump`;
}

/** Classes in the newest checkpoint's policy; `undefined` of a codec that has none, or leaves all tables at base. */
async function settledClasses(out: string): Promise<SettledClasses | undefined> {
  const steps: string[] = [];
  for await (const { name } of Deno.readDir(`${out}/checkpoint`)) steps.push(name);
  const newest = steps.sort().at(-1);
  const text = await Deno.readTextFile(`${out}/checkpoint/${newest}/codec.json`).catch(() => undefined);
  if (text === undefined) return undefined;
  const tables: { name: string; class: string }[] = JSON.parse(text).policy.tables;
  const named = (own: string) => tables.filter((table) => table.class === own).map(({ name }) => name);
  const classes = { tighten: named("tighten"), loosen: named("loosen") };
  return classes.tighten.length + classes.loosen.length > 0 ? classes : undefined;
}
