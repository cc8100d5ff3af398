import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { openCpuDevice } from "../cpu/cpu_device.ts";
import { type AnyDevice, anyDevice } from "../device.ts";
import { assertAllClose, assertSameBits, testOnEachDevice, TestRandom } from "../testing/mod.ts";
import { bceWithLogits, lossTotal, softmaxCrossEntropy } from "./loss.ts";
import { bceReference, softmaxReference } from "./loss_reference.ts";

// The CPU computes in f64 and rounds once. WGSL's exp and log are good to some ulps, relative to arguments of up to 30.
const tolerance = (device: AnyDevice) =>
  device.kind === "cpu" ? { atol: 1e-9, rtol: 1e-7 } : { atol: 1e-6, rtol: 2e-5 };
// In f32 the gradient of the cross-entropy is good to some ulps; for labels between 0 and 1, of what is subtracted. The
// reference subtracts, too, in f64.
const slopeTolerance = (device: AnyDevice, hard: boolean) =>
  device.kind === "cpu" && device.arithmetic === "host"
    ? { atol: 1e-9, rtol: 1e-7 }
    : { atol: hard ? 3e-16 : 2e-7, rtol: 1e-6 };

testOnEachDevice("bceWithLogits() equals the reference", async (device) => {
  const cases = fc.record({
    batch: fc.integer({ min: 0, max: 1100 }),
    column: fc.boolean(),
    soft: fc.boolean(),
    classWeights: fc.constantFrom([1, 1] as const, [0.5, 3] as const),
    seed: fc.nat(),
  });
  const property = fc.asyncProperty(cases, async ({ batch, column, soft, classWeights, seed }) => {
    const random = new TestRandom(seed);
    const logits = random.f32(batch, -30, 30);
    const labels = soft ? random.f32(batch, 0, 1) : Float32Array.from(random.ids(batch, 2));
    using s = device.tensor("f32", column ? [batch, 1] : [batch], { data: logits });
    using y = device.tensor("f32", [batch], { data: labels });
    using gradLogits = device.tensor("f32", [batch], { data: new Float32Array(batch).fill(7) });
    using lossSum = device.tensor("f32", [2]);
    bceWithLogits(s, y, { gradLogits, lossSum, gradScale: 0.25, classWeights });
    const expected = bceReference(logits, labels, classWeights);
    const slopes = expected.grad.map((g) => g / 4);
    assertAllClose("grad", await gradLogits.read(), slopes, slopeTolerance(device, !soft));
    assertAllClose("loss", [lossTotal(await lossSum.read())], [expected.loss], tolerance(device));
  });
  await fc.assert(property, { seed: 1, numRuns: device.kind === "cpu" ? 60 : 10 });
});

testOnEachDevice("bceWithLogits() is right at logits whose exponential overflows or vanishes", async (device) => {
  const logits = new Float32Array([0, 1e-4, -1e-4, 17, -17, 100, -100, 3e38, -3e38]);
  for (const label of [0, 1]) {
    for (const [at, value] of logits.entries()) {
      using s = device.tensor("f32", [1], { data: new Float32Array([value]) });
      using y = device.tensor("f32", [1], { data: new Float32Array([label]) });
      using lossSum = device.tensor("f32", [1]);
      using gradLogits = device.tensor("f32", [1]);
      bceWithLogits(s, y, { lossSum, gradLogits });
      const expected = bceReference([value], [label]);
      assertAllClose(`loss ${at}`, await lossSum.read(), [expected.loss], tolerance(device));
      assertAllClose(`grad ${at}`, await gradLogits.read(), expected.grad, slopeTolerance(device, true));
    }
  }
});

testOnEachDevice("bceWithLogits() accumulates the loss over many steps without drift", async (device) => {
  const batch = 300, steps = device.kind === "cpu" ? 3000 : 400;
  const random = new TestRandom(8);
  const logits = random.f32(batch, 8, 30), labels = new Float32Array(batch); // 19 per sample, 5700 per step
  using s = device.tensor("f32", [batch], { data: logits });
  using y = device.tensor("f32", [batch], { data: labels });
  using lossSum = device.tensor("f32", [2]);
  for (let step = 0; step < steps; step++) bceWithLogits(s, y, { lossSum });
  const expected = bceReference(logits, labels).loss * steps;
  // Half an ulp of a number below 16384 per step is 1e-7 of the batch's sum.
  assertAllClose("loss", [lossTotal(await lossSum.read())], [expected], { atol: 0, rtol: 5e-7 });
});

testOnEachDevice("bceWithLogits() in portable arithmetic: the gradient in f32, the loss as ever", async (host) => {
  using device = openCpuDevice({ threads: 2, arithmetic: "portable" });
  for (const batch of [1, 2, 3, 5, 515, 1030]) {
    const random = new TestRandom(batch), logits = random.f32(batch, -30, 30);
    const labels = Float32Array.from(random.ids(batch, 2)), classWeights = [0.5, 3] as const;
    const sums: number[] = [];
    for (const each of [device, host]) {
      using s = each.tensor("f32", [batch], { data: logits });
      using y = each.tensor("f32", [batch], { data: labels });
      using gradLogits = each.tensor("f32", [batch + 1], { data: new Float32Array(batch + 1).fill(7) });
      using lossSum = each.tensor("f32", [1]);
      const slopes = gradLogits.view(0, [batch]);
      bceWithLogits(s, y, { gradLogits: slopes, gradScale: 0.25, classWeights });
      bceWithLogits(s, y, { lossSum, classWeights });
      const want = bceReference(logits, labels, classWeights).grad.map((g) => g / 4);
      assertAllClose("grad", await slopes.read(), want, slopeTolerance(anyDevice(each), true));
      assertEquals((await gradLogits.read())[batch], 7);
      sums.push((await lossSum.read())[0]!);
    }
    assertEquals(sums[0], sums[1]);
  }
}, { devices: ["cpu"] });

testOnEachDevice("bceWithLogits() computes the loss or the gradient alone", async (device) => {
  using s = device.tensor("f32", [3], { data: new Float32Array([-1, 0, 2]) });
  using y = device.tensor("f32", [3], { data: new Float32Array([0, 1, 1]) });
  const expected = bceReference([-1, 0, 2], [0, 1, 1]);
  using gradLogits = device.tensor("f32", [3]);
  bceWithLogits(s, y, { gradLogits });
  assertAllClose("grad", await gradLogits.read(), expected.grad, tolerance(device));
  using lossSum = device.tensor("f32", [2], { data: new Float32Array([4095.5, 8192]) });
  bceWithLogits(s, y, { lossSum });
  const read = await lossSum.read();
  assertEquals(read[1], 12288);
  assertAlmostEquals(lossTotal(read), 12287.5 + expected.loss, 1e-3);
});

testOnEachDevice("softmaxCrossEntropy() equals the reference", async (device) => {
  const cases = fc.record({ batch: fc.nat(600), classes: fc.integer({ min: 1, max: 9 }), seed: fc.nat() });
  const property = fc.asyncProperty(cases, async ({ batch, classes, seed }) => {
    const random = new TestRandom(seed);
    const logits = random.f32(batch * classes, -20, 20), labels = random.ids(batch, classes);
    using s = device.tensor("f32", [batch, classes], { data: logits });
    using y = device.tensor("u32", [batch], { data: labels });
    using gradLogits = device.tensor("f32", [batch, classes]);
    using lossSum = device.tensor("f32", [2]);
    softmaxCrossEntropy(s, y, { gradLogits, lossSum, gradScale: 0.5 });
    const expected = softmaxReference(logits, labels, classes);
    assertAllClose("grad", await gradLogits.read(), expected.grad.map((g) => g / 2), tolerance(device));
    const { atol, rtol } = tolerance(device);
    assertAllClose("loss", [lossTotal(await lossSum.read())], [expected.loss], { atol: atol * (1 + batch * 3), rtol });
  });
  await fc.assert(property, { seed: 2, numRuns: device.kind === "cpu" ? 60 : 10 });
});

testOnEachDevice("softmaxCrossEntropy() computes the loss or the gradient alone", async (device) => {
  using s = device.tensor("f32", [2, 3], { data: new Float32Array([1, -2, 3, 0.5, 0, 0]) });
  using y = device.tensor("u32", [2], { data: new Uint32Array([1, 0]) });
  const expected = softmaxReference([1, -2, 3, 0.5, 0, 0], [1, 0], 3);
  using gradLogits = device.tensor("f32", [2, 3]);
  softmaxCrossEntropy(s, y, { gradLogits });
  assertAllClose("grad", await gradLogits.read(), expected.grad, tolerance(device));
  using lossSum = device.tensor("f32", [1]);
  softmaxCrossEntropy(s, y, { lossSum });
  assertAllClose("loss", await lossSum.read(), [expected.loss], tolerance(device));
});

testOnEachDevice("softmaxCrossEntropy() gives NaN for a label that is no class", async (device) => {
  using s = device.tensor("f32", [2, 3], { data: new Float32Array([1, 2, 3, 4, 5, 6]) });
  using y = device.tensor("u32", [2], { data: new Uint32Array([1, 3]) });
  using gradLogits = device.tensor("f32", [2, 3]);
  using lossSum = device.tensor("f32", [1]);
  softmaxCrossEntropy(s, y, { gradLogits, lossSum });
  assertEquals([...await gradLogits.read()].map(Number.isNaN), [false, false, false, true, true, true]);
  assert(Number.isNaN((await lossSum.read())[0]));
});

// WGSL implementations may assume that there is no NaN.
testOnEachDevice("losses let NaN through", async (device) => {
  using s = device.tensor("f32", [2, 1], { data: new Float32Array([NaN, 1]) });
  using labels = device.tensor("f32", [2]);
  using classes = device.tensor("u32", [2]);
  for (const kind of ["bce", "softmax"]) {
    using gradLogits = device.tensor("f32", [2, 1]);
    using lossSum = device.tensor("f32", [1]);
    if (kind === "bce") bceWithLogits(s, labels, { gradLogits, lossSum });
    else softmaxCrossEntropy(s, classes, { gradLogits, lossSum });
    assertEquals([...await gradLogits.read()].map(Number.isNaN), [true, false]);
    assert(Number.isNaN((await lossSum.read())[0]));
  }
}, { devices: ["cpu"] });

Deno.test("loss references agree with central differences", () => {
  const random = new TestRandom(4);
  const logits = Float64Array.from(random.f32(12, -3, 3)), labels = [0, 1, 0.5, 1, 0, 0.25, 1, 0, 1, 1, 0, 0];
  const slopes = (loss: (s: Float64Array) => number) =>
    logits.map((_, i) =>
      (loss(logits.map((s, j) => s + (i === j ? 1e-5 : 0))) -
        loss(logits.map((s, j) => s - (i === j ? 1e-5 : 0)))) / 2e-5
    );
  const bce = (s: Float64Array) => bceReference(s, labels, [0.5, 2]);
  assertAllClose("bce", bce(logits).grad, slopes((s) => bce(s).loss), { atol: 1e-9 });
  const softmax = (s: Float64Array) => softmaxReference(s, [2, 0, 1], 4);
  assertAllClose("softmax", softmax(logits).grad, slopes((s) => softmax(s).loss), { atol: 1e-9 });
});

Deno.test("bceWithLogits() gives the same bits for 1, 2 and 3 threads", async () => {
  const random = new TestRandom(6), logits = random.f32(5000, -5, 5), labels = Float32Array.from(random.ids(5000, 2));
  const results: Float32Array[] = [];
  for (const threads of [1, 2, 3]) {
    using device = openCpuDevice({ threads });
    const s = device.tensor("f32", [5000], { data: logits }), y = device.tensor("f32", [5000], { data: labels });
    const gradLogits = device.tensor("f32", [5000]), lossSum = device.tensor("f32", [2]);
    bceWithLogits(s, y, { gradLogits, lossSum, gradScale: 1 / 5000 });
    results.push(new Float32Array([...await gradLogits.read(), ...await lossSum.read()]));
  }
  for (const other of results.slice(1)) assertSameBits("gradients and loss", other, results[0]!);
});

Deno.test("losses refuse tensors that do not fit", () => {
  using device = openCpuDevice({ threads: 1 });
  const make = (...shape: number[]) => device.tensor("f32", shape, { label: "x" });
  assertThrows(
    () => bceWithLogits(make(4, 2), make(4)),
    TypeError,
    'Cannot run bceWithLogits as logits "x" is f32 [4,2]: want f32 [4,1]',
  );
  assertThrows(() => bceWithLogits(make(4), make(5)), TypeError, "want f32 of 4 elements");
  assertThrows(() => bceWithLogits(make(4), make(4), { lossSum: make(3) }), TypeError, "lossSum");
  assertThrows(() => bceWithLogits(make(4), make(4), { gradScale: NaN }), RangeError, "gradScale NaN");
  const logits = make(4);
  assertThrows(() => bceWithLogits(logits, make(4), { gradLogits: logits }), TypeError, "shares memory");
  assertThrows(() => softmaxCrossEntropy(make(4, 2), make(4)), TypeError, "want u32 [4]");
  assertThrows(() => softmaxCrossEntropy(make(0, 0), device.tensor("u32", [0])), RangeError, "0 classes");
});
