/**
 * Runs of the trainer, one process each, and what is kept of them.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { runTrainer } from "../../stats/trainer_process.ts";
import type { Arm, Limits } from "./arms.ts";

/** Probabilities of the test rows are kept here; they are too large for the repository. */
const SCORES = fileURLToPath(new URL("../../../.cache/equal_bytes/", import.meta.url));

/** One run, from its `report.json`. */
export interface Run {
  readonly arm: string;
  readonly seed: number;
  /** The trainer's flags without the data's path: runs of other settings are made anew. */
  readonly settings: string;
  readonly auc: number;
  readonly logloss: number;
  readonly validationAuc: number;
  /** Steps of the search until the best validation AUC, which the final fit takes as its length. */
  readonly bestStep: number;
  /** Steps and validation AUC along the search; of arms that ask how many steps it takes. */
  readonly validation?: readonly (readonly [step: number, auc: number])[];
  readonly embeddingBytes: number;
  readonly compressionRatio: number;
  readonly stepMs: number;
  readonly wallSeconds: number;
}

/** The data, as `--data` names them, and under what name results are kept. */
export interface DataSet {
  readonly set: "click_log" | "synthetic";
  readonly source: string;
}

/** The flags of a run, without the data. */
export function settingsOf(arm: Arm, seed: number): string {
  return ["--embedding", arm.embedding, "--dim", "16", "--seed", String(seed), ...arm.flags].join(" ");
}

/** Where the probabilities of a run are kept. */
export function scoresPath({ set }: DataSet, arm: string, seed: number): string {
  return `${SCORES}${set}/${arm.replaceAll(/[^\w.-]+/g, "_")}-seed${seed}.npy`;
}

/** Trains an arm once, on one thread. */
export async function runArm(data: DataSet, arm: Arm, seed: number): Promise<Run> {
  const out = await Deno.makeTempDir();
  const settings = settingsOf(arm, seed);
  const scores = scoresPath(data, arm.name, seed);
  await Deno.mkdir(scores.slice(0, scores.lastIndexOf("/")), { recursive: true });
  try {
    await runTrainer([
      ...["--data", data.source, "--cache", `${SCORES}data`, "--device", "cpu", "--threads", "1", "--no-tensorboard"],
      ...["--out", out, "--force", "--dump-scores", scores],
      ...settings.split(" "),
    ]);
    const report = JSON.parse(await Deno.readTextFile(`${out}/report.json`));
    return {
      arm: arm.name,
      seed,
      settings,
      auc: report.test.auc,
      logloss: report.test.logloss,
      validationAuc: report.best.auc,
      bestStep: report.best.step,
      ...(arm.group === "steps" ? { validation: validationCurve(await Deno.readTextFile(`${out}/metrics.csv`)) } : {}),
      embeddingBytes: report.model.embeddingBytes,
      compressionRatio: report.model.compressionRatio,
      stepMs: report.speed.stepMs.median,
      wallSeconds: report.wallSeconds,
    };
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

/** How far `hash` and `qr` can compress the tables of a data set. */
export async function compressionLimits({ source }: DataSet): Promise<Limits> {
  const largest = async (kind: string): Promise<number> => {
    const flags = [
      "--data",
      source,
      "--cache",
      `${SCORES}data`,
      "--dim",
      "16",
      "--dry-run",
      "--embedding",
      `${kind}:1e9`,
    ];
    const message = await runTrainer(flags).then(() => "it did not refuse", (error: Error) => error.message);
    const ratio = Number(/want at most ([\d.]+)/.exec(message)?.[1]);
    if (!(ratio > 1)) throw new Error(`Cannot tell how far ${kind} can compress: ${message}`);
    return ratio;
  };
  return { hash: await largest("hash"), qr: await largest("qr") };
}

function validationCurve(csv: string): [number, number][] {
  const [head = "", ...lines] = csv.trimEnd().split("\n");
  const columns = head.split(",");
  const [step, split, auc] = ["step", "split", "auc"].map((name) => columns.indexOf(name));
  return lines.map((line) => line.split(",")).filter((cells) => cells[split!] === "valid")
    .map((cells) => [Number(cells[step!]), Number(Number(cells[auc!]).toFixed(5))]);
}
