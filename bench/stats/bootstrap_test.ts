import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { rocAuc } from "@pocketrec/dlrm-model";
import { prepareScores, resampled, Resamples, weightedScore } from "./bootstrap.ts";

/** Probabilities that know `signal` of the label, and labels. */
function pairsOf(rows: number, signal: number, steps = Infinity): Float32Array {
  return Float32Array.from({ length: 2 * rows }, (_, i) => {
    const row = i >> 1, label = row * 7919 % 5 < 2 ? 1 : 0;
    if (i % 2 === 1) return label;
    const p = 0.1 + 0.5 * (row * 104729 % 1009) / 1009 + signal * label;
    return Number.isFinite(steps) ? (1 + Math.round(p * steps)) / (steps + 2) : p;
  });
}

Deno.test("weightedScore() counts a row as often as its weight says, ties for half", () => {
  for (const steps of [Infinity, 20, 3]) {
    const pairs = pairsOf(500, 0.2, steps);
    for (const weights of [new Uint8Array(500).fill(1), Uint8Array.from({ length: 500 }, (_, i) => i * 31 % 4)]) {
      const rows = [...weights].flatMap((weight, row) => Array<number>(weight).fill(row));
      const scores = Float32Array.from(rows, (row) => pairs[2 * row]!);
      const labels = Float32Array.from(rows, (row) => pairs[2 * row + 1]!);
      const { auc, logloss } = weightedScore(prepareScores(pairs), weights);
      assertAlmostEquals(auc, rocAuc(scores, labels), 1e-12);
      const loss = rows.reduce((sum, _, i) => sum - Math.log(labels[i] ? scores[i]! : 1 - scores[i]!), 0) / rows.length;
      assertAlmostEquals(logloss, loss, 1e-9);
    }
  }
});

Deno.test("resampled() draws as many rows as there are, each about once", () => {
  const counts = new Float64Array(1000);
  for (const weights of resampled(1000, 200, 3)) {
    assertEquals(weights.reduce((a, b) => a + b, 0), 1000);
    weights.forEach((weight, row) => counts[row]! += weight / 200);
  }
  const variance = counts.reduce((sum, count) => sum + (count - 1) ** 2, 0) / 1000;
  assertAlmostEquals(variance, 1 / 200, 0.001);
});

Deno.test("Resamples.difference() of an arm with itself is 0, and its interval covers a difference of means", () => {
  const runs = new Map(
    [["a-1", 0.2], ["a-2", 0.21], ["b-1", 0.1], ["b-2", 0.12]].map(([key, signal]) =>
      [key as string, prepareScores(pairsOf(2000, signal as number))] as const
    ),
  );
  const resamples = new Resamples(runs, 300);
  const same = resamples.difference("auc", ["a-1", "a-2"], ["a-1", "a-2"]);
  assertEquals(same, { mean: 0, rows: [0, 0], rowsAndSeeds: [0, 0] });
  const { mean, rows: [low, high], rowsAndSeeds } = resamples.difference("auc", ["a-1", "a-2"], ["b-1", "b-2"]);
  assert(low > 0 && low < mean && mean < high && high - low < 0.05, `${low} ${mean} ${high}`);
  assert(rowsAndSeeds[0] <= mean && rowsAndSeeds[1] >= mean);
  // The standard error of a mean of losses is known, and the bootstrap must come to the same.
  const loss = resamples.difference("logloss", ["a-1"], ["b-1"]);
  const [a, b] = [runs.get("a-1")!, runs.get("b-1")!].map(({ losses }) => losses);
  const differences = a!.map((x, i) => x - b![i]!);
  const mu = differences.reduce((x, y) => x + y, 0) / 2000;
  const error = Math.sqrt(differences.reduce((sum, x) => sum + (x - mu) ** 2, 0)) / 2000;
  assertAlmostEquals((loss.rows[1] - loss.rows[0]) / (2 * 1.96 * error), 1, 0.15);
});

Deno.test("Resamples refuses runs over different rows", () => {
  const runs = new Map([["a", prepareScores(pairsOf(10, 0.1))], ["b", prepareScores(pairsOf(9, 0.1))]]);
  assertThrows(() => new Resamples(runs, 1), RangeError, "b of 9 rows with others of 10");
});
