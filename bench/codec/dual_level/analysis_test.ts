import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { prepareScores, Resamples } from "../../stats/bootstrap.ts";
import { analyse, runKey, verdictOf } from "./analysis.ts";
import { type Arm, FULL } from "./arms.ts";
import type { Run } from "./runs.ts";

const LOSSY: Arm = { name: "lossy", group: "forward", codec: "lossy" };
const BASE = { source: "", settings: "", logloss: 0.5, accuracy: 0.8, stepMs: 1, wallSeconds: 1 };
const run = (arm: Arm, seed: number, auc: number, comm?: Run["comm"]): Run => ({
  ...BASE,
  arm: arm.name,
  seed,
  auc,
  ...(comm ? { comm } : {}),
});
const scores = (signal: number) =>
  prepareScores(Float32Array.from({ length: 400 }, (_, i) => {
    const row = i >> 1, label = row % 3 === 0 ? 1 : 0;
    return i % 2 === 1 ? label : 0.2 + 0.4 * (row * 7919 % 101) / 101 + signal * label;
  }));

Deno.test("analyse() compares seed by seed with full precision, and sums bytes over seeds", () => {
  const runs = [
    run(FULL, 1, 0.7),
    run(FULL, 2, 0.71),
    run(LOSSY, 2, 0.705, { ratio: 10, maxError: 0.01, bytes: 300, ms: 1 }),
    run(LOSSY, 3, 0.72, { ratio: 20, maxError: 0.02, bytes: 100, ms: 1 }),
  ];
  const signals = { [FULL.name]: 0.2, [LOSSY.name]: 0.1 };
  const resamples = new Resamples(
    new Map(runs.map(({ arm, seed }) => [runKey(arm, seed), scores(signals[arm]!)])),
    50,
  );
  const [full, lossy, ...others] = analyse([FULL, LOSSY, { ...LOSSY, name: "absent" }], runs, resamples);
  assertEquals([others, full!.minusFull, full!.verdict], [[], undefined, undefined]);
  assertEquals([lossy!.seeds, lossy!.maxError, lossy!.auc.min, lossy!.auc.max], [2, 0.02, 0.705, 0.72]);
  assertAlmostEquals(lossy!.ratio!, (3000 + 2000) / 400, 1e-12);
  // Only seed 2 has a pair.
  const { mean } = resamples.difference("auc", [runKey("lossy", 2)], [runKey(FULL.name, 2)]);
  assertEquals(lossy!.minusFull!.auc.mean, mean);
  assert(mean < -0.01);
  assertEquals(lossy!.verdict, "worse");
});

Deno.test("verdictOf() asks where the whole interval lies", () => {
  const of = (low: number, high: number) => verdictOf({ mean: 0, rows: [0, 0], rowsAndSeeds: [low, high] });
  assertEquals([of(-2e-4, 1e-4), of(-3e-4, 1e-4), of(-9e-4, -3e-4), of(3e-4, 4e-4), of(-1, 1)], [
    "within",
    "open",
    "worse",
    "better",
    "open",
  ]);
});
