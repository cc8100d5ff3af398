import { assertThrows } from "@std/assert";
import fc from "fast-check";
import { openCpuDevice } from "../cpu/cpu_device.ts";
import { assertAllClose, assertSameBits, testOnEachDevice, TestRandom } from "../testing/mod.ts";
import { add, axpy, mul, mulAdd, scale, sigmoid } from "./elementwise.ts";

const sigmoidReference = (x: number) => 1 / (1 + Math.exp(-x));

testOnEachDevice("elementwise operators equal float64", async (device) => {
  const property = fc.asyncProperty(fc.nat(700), fc.nat(), async (size, seed) => {
    const random = new TestRandom(seed);
    const [a, b, c] = [random.f32(size, -9, 9), random.f32(size, -9, 9), random.f32(size, -9, 9)];
    const make = (data: Float32Array) => stack.use(device.tensor("f32", [size], { data }));
    using stack = new DisposableStack();
    const [ta, tb, tc] = [make(a), make(b), make(c)];
    const check = async (name: string, work: (out: ReturnType<typeof make>) => void, f: (i: number) => number) => {
      const out = make(c);
      work(out);
      // Products up to 81 and one rounding of each operation; WGSL's exp is good to some ulps.
      assertAllClose(name, await out.read(), Float64Array.from(a, (_, i) => f(i)), { atol: 2e-5, rtol: 2e-6 });
    };
    await check("add", (out) => add(ta, tb, out), (i) => a[i]! + b[i]!);
    await check("mul", (out) => mul(ta, tb, out), (i) => a[i]! * b[i]!);
    await check("square", (out) => mul(ta, ta, out), (i) => a[i]! * a[i]!);
    await check("mulAdd", (out) => mulAdd(ta, tb, tc, out), (i) => a[i]! * b[i]! + c[i]!);
    await check("axpy", (out) => axpy(-0.5, ta, out), (i) => c[i]! - 0.5 * a[i]!);
    await check("scale", (out) => scale(out, 3), (i) => 3 * c[i]!);
    await check("sigmoid", (out) => sigmoid(ta, out), (i) => sigmoidReference(a[i]!));
  });
  await fc.assert(property, { seed: 3, numRuns: device.kind === "cpu" ? 40 : 6 });
});

testOnEachDevice("sigmoid() neither overflows nor loses small probabilities", async (device) => {
  const x = [0, 30, -30, 80, -80, 3e38, -3e38];
  using input = device.tensor("f32", [x.length], { data: Float32Array.from(x) });
  using out = device.tensor("f32", [x.length]);
  sigmoid(input, out);
  assertAllClose("out", await out.read(), x.map(sigmoidReference), { atol: 0, rtol: 2e-5 });
});

Deno.test("elementwise operators give the same bits for 1, 2 and 3 threads", async () => {
  const size = 50_001, a = new TestRandom(1).f32(size), b = new TestRandom(2).f32(size);
  const results: Float32Array[] = [];
  for (const threads of [1, 2, 3]) {
    using device = openCpuDevice({ threads });
    const [ta, tb] = [device.tensor("f32", [size], { data: a }), device.tensor("f32", [size], { data: b })];
    const out = device.tensor("f32", [size]), probability = device.tensor("f32", [size]);
    mulAdd(ta, tb, ta, out);
    axpy(1.5, tb, out);
    sigmoid(out, probability);
    results.push(await probability.read() as Float32Array);
  }
  for (const other of results.slice(1)) assertSameBits("sigmoid", other, results[0]!);
});

Deno.test("elementwise operators refuse what does not fit", () => {
  using device = openCpuDevice({ threads: 1 });
  const a = device.tensor("f32", [4], { label: "a" }), b = device.tensor("f32", [5], { label: "b" });
  assertThrows(() => add(a, b, a), TypeError, 'Cannot run add as operand 2 "b" is f32 [5]: want f32 of 4 elements');
  const c = device.tensor("f32", [4], { label: "c" });
  assertThrows(() => add(a, c, a), TypeError, 'Cannot run add as "a" is written and shares memory with "a"');
  assertThrows(() => axpy(NaN, a, c), RangeError, "Cannot run axpy with alpha NaN: want a finite number");
  assertThrows(() => scale(device.tensor("u32", [2]), 2), TypeError, "want f32 of 2 elements");
  using other = openCpuDevice({ threads: 1 });
  assertThrows(() => mul(a, other.tensor("f32", [4]), c), TypeError, "want cpu");
});
