import { assertThrows } from "@std/assert";
import fc from "fast-check";
import { openCpuDevice } from "../cpu/cpu_device.ts";
import type { Tensor } from "../tensor.ts";
import { assertAllClose, assertSameBits, testOnEachDevice, TestRandom } from "../testing/mod.ts";
import { type DenseOptimizer, denseStates, denseUpdate } from "./dense_update.ts";
import { denseUpdateReference } from "./dense_update_reference.ts";

function optimizer(kind: DenseOptimizer["kind"], step: number): DenseOptimizer {
  if (kind === "sgd") return { kind };
  return kind === "adagrad" ? { kind, epsilon: 1e-10 } : { kind, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, step };
}

const KINDS = ["sgd", "adagrad", "adam"] as const;

testOnEachDevice("denseUpdate() equals the reference over several steps", async (device) => {
  const cases = fc.record({
    kind: fc.constantFrom(...KINDS),
    size: fc.nat(300),
    lr: fc.double({ min: 1e-3, max: 1, noNaN: true }),
  });
  const property = fc.asyncProperty(cases, fc.nat(), async ({ kind, size, lr }, seed) => {
    const random = new TestRandom(seed), initial = random.f32(size);
    using params = device.tensor("f32", [size], { data: initial });
    using grads = device.tensor("f32", [size]);
    const states = Array.from({ length: denseStates(kind) }, () => device.tensor("f32", [size]));
    const expected = Float64Array.from(initial), expectedStates = states.map(() => new Float64Array(size));
    for (let step = 1; step <= 4; step++) {
      const g = random.f32(size);
      grads.write(g);
      denseUpdate(params, grads, optimizer(kind, step), states, lr);
      denseUpdateReference(expected, g, optimizer(kind, step), expectedStates, lr);
    }
    // Gradients near zero make quotients of tiny numbers, good to some ulps of 1 each step.
    assertAllClose("params", await params.read(), expected, { atol: 4e-6, rtol: 2e-6 });
    for (const [at, state] of states.entries()) {
      assertAllClose(`state ${at}`, await state.read(), expectedStates[at]!, { atol: 1e-6, rtol: 2e-6 });
      state[Symbol.dispose]();
    }
  });
  await fc.assert(property, { seed: 9, numRuns: device.kind === "cpu" ? 80 : 12 });
});

// w after five steps of torch.optim (1.13, float64, lr 0.1, Adam's betas 0.9 and 0.99, default eps) on the gradients
// [0.1 t, -0.2, 0.3 / t, 1e-4, t - 2].
const PYTORCH: Record<DenseOptimizer["kind"], number[]> = {
  sgd: [0.35, -1.15, 1.9315, 0.00095, -4],
  adagrad: [0.08992924793, -0.926832935527, 1.789222617109, -0.322166836254, -3.629820003135],
  adam: [0.016128502518, -0.750000025, 1.55857228841, -0.498950005, -3.462135763239],
};

testOnEachDevice("denseUpdate() follows PyTorch's optimizers", async (device) => {
  for (const kind of KINDS) {
    using params = device.tensor("f32", [5], { data: new Float32Array([0.5, -1.25, 2, 0.001, -3.5]) });
    using grads = device.tensor("f32", [5]);
    const states: Tensor[] = Array.from({ length: denseStates(kind) }, () => device.tensor("f32", [5]));
    for (let t = 1; t <= 5; t++) {
      grads.write(new Float32Array([0.1 * t, -0.2, 0.3 / t, 1e-4, t - 2]));
      denseUpdate(params, grads, optimizer(kind, t), states, 0.1);
    }
    assertAllClose(kind, await params.read(), PYTORCH[kind], { atol: 1e-6, rtol: 1e-6 });
    for (const state of states) state[Symbol.dispose]();
  }
});

Deno.test("denseUpdate() gives the same bits for 1, 2 and 3 threads, and wherever an element lies", async () => {
  const size = 40_001, data = new TestRandom(2).f32(size + 1), g = new TestRandom(3).f32(size + 1);
  const results: Float32Array[] = [];
  for (const threads of [1, 2, 3]) {
    for (const shift of [0, 1]) {
      using device = openCpuDevice({ threads });
      const make = (from?: Float32Array) =>
        device.tensor("f32", [size + 1], from ? { data: from } : {}).view(shift, [size]);
      const params = make(data), grads = make(g);
      denseUpdate(params, grads, optimizer("adam", 1), [make(), make()], 0.1);
      const read = await params.read() as Float32Array;
      results.push(shift ? read.subarray(0, size - 1) : read.subarray(1));
    }
  }
  for (const other of results.slice(1)) assertSameBits("params", other.slice(), results[0]!.slice());
});

Deno.test("denseUpdate() refuses what does not fit", () => {
  using device = openCpuDevice({ threads: 1 });
  const w = device.tensor("f32", [4], { label: "w" }), g = device.tensor("f32", [5], { label: "g" });
  assertThrows(
    () => denseUpdate(w, g, { kind: "sgd" }, [], 0.1),
    TypeError,
    'Cannot run denseUpdate as grads "g" is f32 [5]: want f32 of 4 elements',
  );
  const grads = device.tensor("f32", [2, 2]);
  assertThrows(
    () => denseUpdate(w, grads, { kind: "adagrad", epsilon: 0 }, [], 0.1),
    TypeError,
    "adagrad and 0 states: want 1",
  );
  assertThrows(() => denseUpdate(w, w, { kind: "sgd" }, [], 0.1), TypeError, "shares memory");
  assertThrows(() => denseUpdate(w, grads, { kind: "sgd" }, [], Infinity), RangeError, "lr Infinity");
  const states = [device.tensor("f32", [4]), device.tensor("f32", [4])];
  assertThrows(
    () => denseUpdate(w, grads, optimizer("adam", 0), states, 0.1),
    RangeError,
    "step 0: want a whole number",
  );
});
