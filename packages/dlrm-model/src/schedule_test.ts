import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { learningRate } from "./schedule.ts";

/** facebookresearch/dlrm's `LRPolicyScheduler`, step by step with its remembered last rate. */
function upstreamRates(base: number, steps: number, warmup: number, start: number, decay: number): number[] {
  const rates: number[] = [];
  let last = base;
  for (let step = 1; step <= steps; step++) {
    if (step < warmup) {
      last = base * (1 - (warmup - step) / warmup);
      rates.push(last);
    } else if (start <= step && step < start + decay) {
      last = Math.max(1e-7, base * ((decay - (step - start)) / decay) ** 2);
      rates.push(last);
    } else rates.push(decay > 0 ? last : base);
  }
  return rates;
}

Deno.test("learningRate() equals upstream's policy over all phases", () => {
  for (const [warmup, start, decay] of [[0, 0, 0], [10, 10, 20], [10, 25, 20], [1, 5, 5], [8, 8, 0], [0, 12, 10]]) {
    upstreamRates(0.5, 80, warmup!, start!, decay!).forEach((expected, i) => {
      const rate = learningRate(0.5, i + 1, { warmupSteps: warmup!, decayStart: start!, decaySteps: decay! });
      assertAlmostEquals(rate, expected, 1e-15, `W ${warmup} D ${start} N ${decay} step ${i + 1}`);
    });
  }
});

Deno.test("learningRate() without warm-up is the base rate before the decay, where upstream crashes", () => {
  assertEquals(learningRate(2, 1, { decayStart: 5, decaySteps: 10 }), 2);
  assertEquals(learningRate(2, 4, { decayStart: 5, decaySteps: 10 }), 2);
});

Deno.test("learningRate() follows HugeCTR's published large-batch recipe", () => {
  const recipe = { warmupSteps: 2750, decayStart: 49_315, decaySteps: 27_772 };
  assertEquals(learningRate(24, 1375, recipe), 12);
  assertAlmostEquals(learningRate(24, 49_315 + 13_886, recipe), 6, 1e-12);
  assertEquals(learningRate(24, 1_000_000, recipe), 1e-7);
});

Deno.test("learningRate() refuses impossible schedules", () => {
  assertThrows(() => learningRate(1, 1, { warmupSteps: 10, decayStart: 5, decaySteps: 5 }), RangeError, "decayStart 5");
  assertThrows(() => learningRate(1, 1, { warmupSteps: -1 }), RangeError, "warmupSteps -1");
  assertThrows(() => learningRate(1, 0), RangeError, "step 0");
});
