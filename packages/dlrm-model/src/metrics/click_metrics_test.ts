import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { TestRandom } from "@pocketrec/compute/testing";
import * as fc from "fast-check";
import { ClickMetricsAccumulator, rocAuc } from "./click_metrics.ts";
import { sortableKey, sortKeys } from "./ranking.ts";

/** Scores on few levels, so that most tie; labels more likely where the score is high. */
function tiedData(seed: number, count: number, levels: number, rate: number) {
  const random = new TestRandom(seed);
  const scores = new Float32Array(count), labels = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const level = random.u32() % levels;
    scores[i] = (level + 0.5) / levels;
    labels[i] = random.u32() / 2 ** 32 < rate * (0.5 + (level + 0.5) / levels) ? 1 : 0;
  }
  return { scores, labels };
}

// scikit-learn 1.2.1 on the same data: roc_auc_score, average_precision_score, log_loss, accuracy_score of np.round,
// precision_score, recall_score, f1_score.
// deno-fmt-ignore
const SKLEARN: [seed: number, count: number, levels: number, rate: number, values: number[]][] = [
  [1, 1000, 5, 0.3, [0.607619753876279, 0.35833219181296344, 0.7974331363868616, 0.619, 0.3815789473684211, 0.49828178694158076, 0.4321907600596126]],
  [2, 5000, 17, 0.03, [0.6028831738147848, 0.03845812047155557, 0.97302466833532, 0.5362, 0.03695836873406967, 0.6258992805755396, 0.06979542719614923]],
  [3, 20000, 1000, 0.5, [0.6701696653988636, 0.651117122922199, 0.7407800595627466, 0.62485, 0.6227186596190286, 0.6266559614612606, 0.6246811064979241]],
  [4, 20000, 16777216, 0.25, [0.6116294157177475, 0.32912352641133447, 0.8727259702667914, 0.5648, 0.3213036089173248, 0.6266328719048547, 0.4247951361353423]],
  [5, 64, 2, 0.9, [0.8272727272727273, 0.9514204545454545, 0.613832595650126, 0.703125, 1.0, 0.6545454545454545, 0.7912087912087912]],
];

Deno.test("ClickMetricsAccumulator equals scikit-learn to 1e-12, in batches and after a first result()", () => {
  for (const [seed, count, levels, rate, expected] of SKLEARN) {
    const { scores, labels } = tiedData(seed, count, levels, rate);
    const metrics = new ClickMetricsAccumulator();
    for (let at = 0; at < count; at += 333) {
      metrics.add(scores.subarray(at, at + 333), labels.subarray(at, at + 333));
      if (at === 333) metrics.result();
    }
    const { auc, averagePrecision, logloss, accuracy, precision, recall, f1, samples } = metrics.result();
    assertEquals(samples, count);
    [auc, averagePrecision, logloss, accuracy, precision, recall, f1].forEach((value, i) => {
      assertAlmostEquals(value, expected[i]!, 1e-12, `seed ${seed} value ${i}`);
    });
  }
});

Deno.test("rocAuc() equals the definition by pairs", () => {
  const samples = fc.array(fc.tuple(fc.integer({ min: -4, max: 4 }), fc.boolean()), { minLength: 2, maxLength: 40 });
  fc.assert(
    fc.property(samples, (pairs) => {
      const positives = pairs.filter(([, label]) => label), negatives = pairs.filter(([, label]) => !label);
      let won = 0;
      for (const [p] of positives) for (const [n] of negatives) won += p > n ? 1 : p === n ? 0.5 : 0;
      const auc = rocAuc(Float32Array.from(pairs, ([score]) => score / 3), pairs.map(([, label]) => Number(label)));
      assert(Object.is(auc, won / (positives.length * negatives.length)));
    }),
    { seed: 1 },
  );
});

Deno.test("rocAuc() ties both zeros and orders infinities", () => {
  assertEquals(rocAuc(Float32Array.of(0, -0), [1, 0]), 0.5);
  assertEquals(rocAuc(Float32Array.of(-0, 0), [1, 0]), 0.5);
  assertEquals(rocAuc(Float32Array.of(Infinity, 3e38, -Infinity, -3e38), [1, 0, 0, 1]), 0.75);
  assert(Number.isNaN(rocAuc(Float32Array.of(1, 2), [1, 1])), "one class has no AUC");
});

Deno.test("sortKeys() sorts, and sortableKey() keeps the order of floats", () => {
  const floats = new Float32Array(fc.sample(fc.float({ noNaN: true }), { numRuns: 3000, seed: 3 })).map((x) => x + 0);
  const keys = Uint32Array.from(new Uint32Array(floats.buffer), sortableKey);
  sortKeys(keys);
  assertEquals(keys, Uint32Array.from(new Uint32Array(floats.toSorted().buffer), sortableKey));
  for (const levels of [1, 2, 300, 2 ** 32]) {
    const tied = Uint32Array.from(new TestRandom(levels).ids(20_000, levels), (key) => Math.imul(key, 0x01010101));
    const sorted = tied.slice();
    sortKeys(sorted);
    assertEquals(sorted, tied.toSorted());
  }
});

Deno.test("ClickMetricsAccumulator gives the same metrics for logits as for their probabilities", () => {
  const random = new TestRandom(7);
  const logits = random.f32(2000, -6, 6);
  const labels = Float32Array.from(logits, (s) => random.u32() / 2 ** 32 < 1 / (1 + Math.exp(-s)) ? 1 : 0);
  const fromLogits = new ClickMetricsAccumulator({ scores: "logit", bins: 10 });
  const fromProbabilities = new ClickMetricsAccumulator({ bins: 10 });
  fromLogits.add(logits, labels);
  fromProbabilities.add(logits.map((s) => 1 / (1 + Math.exp(-s))), labels);
  const a = fromLogits.result(), b = fromProbabilities.result();
  assertAlmostEquals(a.auc, b.auc, 1e-6);
  assertAlmostEquals(a.logloss, b.logloss, 1e-6);
  assertEquals([a.accuracy, a.f1], [b.accuracy, b.f1]);
  assertAlmostEquals(a.calibration, 1, 0.1);
  assertEquals(a.bins.reduce((sum, bin) => sum + bin.count, 0), 2000);
  a.bins.forEach((bin, i) => {
    assert(bin.predicted >= i / 10 && bin.predicted <= (i + 1) / 10);
    assertAlmostEquals(bin.observed, bin.predicted, 0.15);
  });
  assertAlmostEquals(a.normalizedEntropy, a.logloss / -(a.ctr * Math.log(a.ctr) + (1 - a.ctr) * Math.log(1 - a.ctr)));
});

Deno.test("ClickMetricsAccumulator refuses what is no score and no label, and then adds nothing", () => {
  const metrics = new ClickMetricsAccumulator();
  assertThrows(() => metrics.add(Float32Array.of(0.5, NaN), [0, 1]), RangeError, "score NaN at index 1");
  assertThrows(() => metrics.add(Float32Array.of(0.5, 1.5), [0, 1]), RangeError, "score 1.5 at index 1");
  assertThrows(() => metrics.add(Float32Array.of(0.5), [2]), RangeError, "label 2 at index 0");
  assertThrows(() => metrics.add(Float32Array.of(0.5), [0, 1]), RangeError, "1 scores with 2 labels");
  assertEquals(metrics.samples, 0);
});

Deno.test("ClickMetricsAccumulator bounds the logarithm of a certain and wrong probability at -100", () => {
  const metrics = new ClickMetricsAccumulator();
  metrics.add(Float32Array.of(0, 1), [1, 1]);
  assertEquals(metrics.result().logloss, 50);
});
