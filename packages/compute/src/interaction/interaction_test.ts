import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { openCpuDevice } from "../cpu/cpu_device.ts";
import type { AnyDevice } from "../device.ts";
import { assertAllClose, assertSameBits, testOnEachDevice, TestRandom } from "../testing/mod.ts";
import { dotInteraction, dotInteractionBackward, interactionWidth } from "./interaction.ts";
import { interactionBackwardOnCpu, interactionOnCpu, UNFUSED } from "./interaction_cpu.ts";
import { interactionBackwardReference, interactionReference, type ReferenceShape } from "./interaction_reference.ts";
import { interactionBackwardOnWebGpu, interactionOnWebGpu } from "./interaction_webgpu.ts";

const shapes: fc.Arbitrary<ReferenceShape> = fc.record({
  batch: fc.integer({ min: 0, max: 35 }),
  rows: fc.integer({ min: 1, max: 12 }),
  dim: fc.oneof(fc.integer({ min: 1, max: 21 }), fc.constantFrom(16, 32, 36)),
  self: fc.boolean(),
});

function inputs(shape: ReferenceShape, seed: number) {
  const random = new TestRandom(seed);
  return {
    dense: random.f32(shape.batch * shape.dim),
    embeddings: random.f32(shape.batch * (shape.rows - 1) * shape.dim),
    gradOut: random.f32(shape.batch * interactionWidth(shape.rows, shape.dim, shape)),
  };
}

// A sum of n products of numbers below 1 is off by at most about n half-ulps of 1 each.
const tolerance = (terms: number) => ({ atol: 1e-6 + terms * 6e-8, rtol: 1e-6 });

function onDevice(device: AnyDevice, shape: ReferenceShape, seed: number) {
  const { batch, rows, dim } = shape, width = interactionWidth(rows, dim, shape);
  const host = inputs(shape, seed), others = rows - 1;
  const stack = new DisposableStack();
  const tensor = (dims: number[], data?: Float32Array) =>
    stack.use(
      device.tensor("f32", dims, data ? { data } : { data: new Float32Array(dims.reduce((a, b) => a * b)).fill(7) }),
    );
  return {
    [Symbol.dispose]: () => stack.dispose(),
    host,
    dense: tensor([batch, dim], host.dense),
    embeddings: tensor([batch, others, dim], host.embeddings),
    gradOut: tensor([batch, width], host.gradOut),
    out: tensor([batch, width]),
    gradDense: tensor([batch, dim]),
    gradEmbeddings: tensor([batch, others, dim]),
  };
}

testOnEachDevice("dotInteraction() and its gradient equal the reference", async (device) => {
  const property = fc.asyncProperty(shapes, fc.nat(), async (shape, seed) => {
    using t = onDevice(device, shape, seed);
    dotInteraction(t.dense, t.embeddings, t.out, shape);
    dotInteractionBackward(t.gradOut, t.dense, t.embeddings, t.gradDense, t.gradEmbeddings, shape);
    const expected = interactionReference(t.host.dense, t.host.embeddings, shape);
    assertAllClose("out", await t.out.read(), expected, tolerance(shape.dim));
    const grads = interactionBackwardReference(t.host.gradOut, t.host.dense, t.host.embeddings, shape);
    assertAllClose("gradDense", await t.gradDense.read(), grads.gradDense, tolerance(shape.rows));
    assertAllClose("gradEmbeddings", await t.gradEmbeddings.read(), grads.gradEmbeddings, tolerance(shape.rows));
  });
  await fc.assert(property, { seed: 27, numRuns: device.kind === "cpu" ? 100 : 12 });
});

testOnEachDevice("dotInteraction() equals the reference on hosts without relaxed SIMD", async (device) => {
  assert(device.kind === "cpu");
  const property = fc.asyncProperty(shapes, fc.nat(), async (shape, seed) => {
    using t = onDevice(device, shape, seed);
    const plan = { ...shape, pairs: interactionWidth(shape.rows, shape.dim, shape) - shape.dim };
    interactionOnCpu(device, plan, t.dense, t.embeddings, t.out, UNFUSED);
    interactionBackwardOnCpu(device, plan, t, UNFUSED);
    const expected = interactionReference(t.host.dense, t.host.embeddings, shape);
    assertAllClose("out", await t.out.read(), expected, tolerance(shape.dim));
    const grads = interactionBackwardReference(t.host.gradOut, t.host.dense, t.host.embeddings, shape);
    assertAllClose("gradDense", await t.gradDense.read(), grads.gradDense, tolerance(shape.rows));
    assertAllClose("gradEmbeddings", await t.gradEmbeddings.read(), grads.gradEmbeddings, tolerance(shape.rows));
  });
  await fc.assert(property, { seed: 28, numRuns: 50 });
}, { devices: ["cpu"] });

testOnEachDevice("dotInteraction() orders products as DLRM does", async (device) => {
  using dense = device.tensor("f32", [1, 1], { data: new Float32Array([2]) });
  using embeddings = device.tensor("f32", [1, 3, 1], { data: new Float32Array([3, 5, 7]) });
  using out = device.tensor("f32", [1, 7]);
  dotInteraction(dense, embeddings, out);
  assertEquals([...await out.read()], [2, 3 * 2, 5 * 2, 5 * 3, 7 * 2, 7 * 3, 7 * 5]);
  using withSelf = device.tensor("f32", [1, 11]);
  dotInteraction(dense, embeddings, withSelf, { self: true });
  assertEquals([...await withSelf.read()], [2, 2 * 2, 3 * 2, 3 * 3, 5 * 2, 5 * 3, 5 * 5, 7 * 2, 7 * 3, 7 * 5, 7 * 7]);
});

testOnEachDevice("dotInteraction() gives the same results with and without workgroup memory", async (device) => {
  assert(device.kind === "webgpu");
  for (const self of [false, true]) {
    const shape = { batch: 3, rows: 9, dim: 20, self, pairs: self ? 45 : 36 };
    using t = onDevice(device, shape, 5);
    const expected = interactionReference(t.host.dense, t.host.embeddings, shape);
    const grads = interactionBackwardReference(t.host.gradOut, t.host.dense, t.host.embeddings, shape);
    // The other variants differ in the size of an array only.
    for (const variant of [0, 1024] as const) {
      interactionOnWebGpu(device, shape, t.dense, t.embeddings, t.out, variant);
      interactionBackwardOnWebGpu(device, shape, t, variant);
      assertAllClose(`out ${variant}`, await t.out.read(), expected, tolerance(20));
      assertAllClose(`gradDense ${variant}`, await t.gradDense.read(), grads.gradDense, tolerance(9));
      assertAllClose(`gradEmbeddings ${variant}`, await t.gradEmbeddings.read(), grads.gradEmbeddings, tolerance(9));
      for (const tensor of [t.out, t.gradDense, t.gradEmbeddings]) tensor.write(new Float32Array(tensor.size).fill(7));
    }
  }
}, { devices: ["webgpu", "dawn"] });

testOnEachDevice("dotInteractionBackward() agrees with central differences of the reference", async (device) => {
  for (const self of [false, true]) {
    const shape = { batch: 2, rows: 4, dim: 17, self };
    using t = onDevice(device, shape, 11);
    dotInteractionBackward(t.gradOut, t.dense, t.embeddings, t.gradDense, t.gradEmbeddings, shape);
    const loss = (dense: ArrayLike<number>, embeddings: ArrayLike<number>) =>
      interactionReference(dense, embeddings, shape).reduce((sum, x, i) => sum + x * t.host.gradOut[i]!, 0);
    const slope = (which: "dense" | "embeddings", i: number) => {
      const at = (step: number) => {
        const moved = { dense: Float64Array.from(t.host.dense), embeddings: Float64Array.from(t.host.embeddings) };
        moved[which][i]! += step;
        return loss(moved.dense, moved.embeddings);
      };
      return (at(1e-4) - at(-1e-4)) / 2e-4;
    };
    const gradDense = await t.gradDense.read(), gradEmbeddings = await t.gradEmbeddings.read();
    assertAllClose("gradDense", gradDense, Float64Array.from(gradDense, (_, i) => slope("dense", i)), { atol: 2e-6 });
    const slopes = Float64Array.from(gradEmbeddings, (_, i) => slope("embeddings", i));
    assertAllClose("gradEmbeddings", gradEmbeddings, slopes, { atol: 2e-6 });
  }
});

Deno.test("dotInteraction() gives the same bits for 1, 2 and 3 threads", async () => {
  const shape = { batch: 100, rows: 7, dim: 19, self: false };
  const results: Float32Array[][] = [];
  for (const threads of [1, 2, 3]) {
    using device = openCpuDevice({ threads });
    using t = onDevice(device, shape, 3);
    dotInteraction(t.dense, t.embeddings, t.out);
    dotInteractionBackward(t.gradOut, t.dense, t.embeddings, t.gradDense, t.gradEmbeddings);
    results.push(
      await Promise.all([t.out, t.gradDense, t.gradEmbeddings].map(async (x) => await x.read() as Float32Array)),
    );
  }
  for (const other of results.slice(1)) other.forEach((x, i) => assertSameBits(`tensor ${i}`, x, results[0]![i]!));
});

Deno.test("dotInteraction() refuses tensors that do not fit", () => {
  using device = openCpuDevice({ threads: 1 });
  const make = (...shape: number[]) => device.tensor("f32", shape, { label: "x" });
  const dense = make(2, 3), embeddings = make(2, 4, 3), out = make(2, 13);
  assertThrows(
    () => dotInteraction(dense, embeddings, make(2, 12)),
    TypeError,
    'Cannot run dotInteraction as out "x" is f32 [2,12]: want f32 [2,13]',
  );
  assertThrows(() => dotInteraction(dense, make(2, 4, 5), out), TypeError, "want f32 [2,4,3]");
  assertThrows(() => dotInteraction(dense, make(2, 4), out), TypeError, "want f32 of rank 3");
  assertThrows(() => dotInteraction(dense, embeddings, out, { self: true }), TypeError, "want f32 [2,18]");
  assertThrows(() => dotInteraction(device.tensor("u32", [2, 3]), embeddings, out), TypeError, "want f32 of rank 2");
  assertThrows(
    () => dotInteractionBackward(out, dense, embeddings, dense, make(2, 4, 3)),
    TypeError,
    "is written and shares memory with",
  );
});
