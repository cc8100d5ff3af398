/**
 * Test AUC on a real click log, over seeds: full tables and tables folded by `id mod rows`, each arm one call of the
 * trainer with its default settings.
 *
 * ```sh
 * deno run -A bench/dlrm/click_log.ts ../shared/data/ctr/kuairand_pure_criteo_layout.tsv.gz
 * ```
 *
 * The ratios are those that give the parameter counts of tables folded to a 4th, 10th, 30th and 100th of their rows
 * where every table above 50 rows is folded and the others are kept. Writes `results/click_log.json`.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { describeMachine, quantile } from "../harness.ts";

const ARMS = ["full", "hash:3.931", "hash:9.5", "hash:25.66", "hash:63.2"];
const SEEDS = [1, 2, 3, 4, 5];
const TRAINER = fileURLToPath(new URL("../../apps/trainer/main.ts", import.meta.url));
const RESULTS = new URL("results/click_log.json", import.meta.url);

/** What the bench takes from a run's `report.json`. */
interface RunScores {
  readonly seed: number;
  readonly auc: number;
  readonly logloss: number;
  readonly validationAuc: number;
  readonly bestStep: number;
  readonly embeddingParameters: number;
  readonly wallSeconds: number;
}

async function train(file: string, embedding: string, seed: number): Promise<RunScores> {
  const out = await Deno.makeTempDir();
  try {
    const args = ["run", "-A", TRAINER, "--data", `criteo:${file}`, "--embedding", embedding, "--device", "cpu"];
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...args, "--seed", String(seed), "--out", out, "--force"],
      stdout: "null",
    }).output();
    if (code !== 0) throw new Error(new TextDecoder().decode(stderr).trimEnd().split("\n").at(-1));
    const report = JSON.parse(await Deno.readTextFile(`${out}/report.json`));
    return {
      seed,
      auc: report.test.auc,
      logloss: report.test.logloss,
      validationAuc: report.best.auc,
      bestStep: report.best.step,
      embeddingParameters: report.model.embeddingBytes / 4,
      wallSeconds: report.wallSeconds,
    };
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

const file = Deno.args[0];
if (file === undefined) {
  console.error("Cannot run without a click log: want deno run -A bench/dlrm/click_log.ts <criteo tsv[.gz]>");
  Deno.exit(2);
}
const arms = [];
for (const embedding of ARMS) {
  const runs: RunScores[] = [];
  for (const seed of SEEDS) runs.push(await train(file, embedding, seed));
  const mean = (pick: (run: RunScores) => number) => runs.reduce((sum, run) => sum + pick(run), 0) / runs.length;
  const aucs = runs.map((run) => run.auc).sort((a, b) => a - b);
  const arm = {
    embedding,
    embeddingParameters: runs[0]!.embeddingParameters,
    auc: { mean: mean((run) => run.auc), median: quantile(aucs, 0.5), min: aucs[0]!, max: aucs.at(-1)! },
    logloss: mean((run) => run.logloss),
    runs,
  };
  arms.push(arm);
  console.log(
    `${embedding.padEnd(12)} ${String(arm.embeddingParameters).padStart(8)} parameters  AUC ${
      arm.auc.mean.toFixed(4)
    } ` +
      `(${arm.auc.min.toFixed(4)} to ${arm.auc.max.toFixed(4)})  logloss ${arm.logloss.toFixed(4)}`,
  );
}
const command = `deno run -A bench/dlrm/click_log.ts ${file.split("/").at(-1)}`;
const result = { name: "click log", command, machine: describeMachine(), arms };
await Deno.writeTextFile(RESULTS, JSON.stringify(result, undefined, 2) + "\n");
