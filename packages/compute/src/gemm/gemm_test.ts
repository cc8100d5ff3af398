import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { openCpuDevice } from "../cpu/cpu_device.ts";
import { type AnyDevice, anyDevice } from "../device.ts";
import type { Tensor } from "../tensor.ts";
import { assertAllClose, assertSameBits, testOnEachDevice, TestRandom } from "../testing/mod.ts";
import { type Activation, gemm, planGemm } from "./gemm.ts";
import { cutForBlas, gemmOnCpu, UNFUSED } from "./gemm_cpu.ts";
import { gemmReference, type GemmReferenceInput } from "./gemm_reference.ts";
import { chooseGemm, gemmOnWebGpu } from "./gemm_webgpu.ts";

interface Case extends Pick<GemmReferenceInput, "m" | "n" | "k"> {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly alpha: number;
  readonly beta: number;
  readonly bias: boolean;
  readonly activation: Activation;
  readonly mask: boolean;
  readonly seed: number;
}

const plain = {
  transposeA: false,
  transposeB: false,
  alpha: 1,
  beta: 0,
  bias: false,
  activation: "none",
  mask: false,
  seed: 1,
} as const;

/** Zero, one, the register tiles' extents and one beyond; more than a WebGPU tile. */
const extent = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom(1, 31, 33, 64, 65, 97));

const anyCase: fc.Arbitrary<Case> = fc.record({
  m: extent,
  n: extent,
  k: extent,
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
  alpha: fc.constantFrom(1, -0.5),
  beta: fc.constantFrom(0, 1, 0.25),
  bias: fc.boolean(),
  activation: fc.constantFrom("none", "relu", "sigmoid"),
  mask: fc.boolean(),
  seed: fc.nat(),
});

type Run = (a: Tensor, b: Tensor, out: Tensor, options: Parameters<typeof gemm>[3]) => void;

/** Runs a case and returns its result; `out` starts as NaN where it must not be read. */
async function result(device: AnyDevice, c: Case, run: Run = gemm): Promise<[Float32Array, Float64Array]> {
  const random = new TestRandom(c.seed);
  const { m, n, k, transposeA, transposeB, alpha, beta, activation } = c;
  const host = {
    a: random.f32(m * k),
    b: random.f32(k * n),
    out: beta === 0 ? new Float32Array(m * n).fill(NaN) : random.f32(m * n),
    bias: random.f32(n),
    reluMask: random.f32(m * n),
  };
  using a = device.tensor("f32", transposeA ? [k, m] : [m, k], { data: host.a, label: "a" });
  using b = device.tensor("f32", transposeB ? [n, k] : [k, n], { data: host.b, label: "b" });
  using out = device.tensor("f32", [m, n], { data: host.out, label: "out" });
  using bias = device.tensor("f32", [n], { data: host.bias, label: "bias" });
  using reluMask = device.tensor("f32", [m, n], { data: host.reluMask, label: "mask" });
  const epilogue = { ...(c.bias ? { bias } : {}), ...(c.mask ? { reluMask } : {}) };
  run(a, b, out, { transposeA, transposeB, alpha, beta, activation, ...epilogue });
  const expected = gemmReference({
    ...{ m, n, k, a: host.a, b: host.b, out: host.out, transposeA, transposeB, alpha, beta, activation },
    ...(c.bias ? { bias: host.bias } : {}),
    ...(c.mask ? { reluMask: host.reluMask } : {}),
  });
  return [await out.read() as Float32Array, expected];
}

/**
 * Operands lie in [-1, 1), so a sum of k products has at most k rounding errors of half a unit of 2^-23 on partial sums
 * that rarely pass sqrt(k): 1e-6 per sqrt(k) is some ten times what is seen, and a wrong or missing product is 1e3 more.
 */
const tolerance = (k: number) => ({ atol: 1e-6 * Math.sqrt(k + 1), rtol: 2e-6 });

async function check(device: AnyDevice, c: Case, run: Run = gemm): Promise<void> {
  const [actual, expected] = await result(device, c, run);
  assertAllClose(`gemm ${JSON.stringify(c)}`, actual, expected, tolerance(c.k));
}

testOnEachDevice("gemm() equals the reference over shapes, transposes and epilogues", async (device) => {
  // Deno's WebGPU takes 11 ms per read.
  const numRuns = device.kind === "cpu" ? 400 : 60;
  await fc.assert(fc.asyncProperty(anyCase, (c) => check(device, c)), { numRuns, seed: 20_240 });
});

testOnEachDevice("gemm() equals the reference at the edges of its blocks", async (device) => {
  const shapes = [
    [1, 1, 1],
    [1, 1, 300],
    [1, 70, 9],
    [70, 1, 9],
    [5, 3, 0],
    [129, 9, 13],
    [16, 13, 1030], // several blocks of k, unequal
    [200, 24, 5], // several tasks
  ] as const;
  for (const [m, n, k] of shapes) {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        await check(device, { ...plain, m, n, k, transposeA, transposeB });
      }
    }
    await check(device, { ...plain, m, n, k, alpha: 2, beta: -1, bias: true, activation: "relu", mask: true });
  }
});

testOnEachDevice("gemm() leaves empty results alone", async (device) => {
  for (const [m, n] of [[0, 5], [5, 0], [0, 0]] as const) await check(device, { ...plain, m, n, k: 4 });
});

testOnEachDevice("gemm() reads and writes views in the middle of tensors", async (device) => {
  const random = new TestRandom(5);
  const [x, y] = [random.f32(64 + 6 * 7), random.f32(128 + 7 * 5)];
  using wholeA = device.tensor("f32", [x.length], { data: x });
  using wholeB = device.tensor("f32", [y.length], { data: y });
  using wholeOut = device.tensor("f32", [192 + 30], { data: new Float32Array(222).fill(7) });
  gemm(wholeA.view(64, [6, 7]), wholeB.view(128, [7, 5]), wholeOut.view(64, [6, 5]));
  const actual = await wholeOut.read() as Float32Array;
  const expected = new Float64Array(222).fill(7);
  expected.set(gemmReference({ m: 6, n: 5, k: 7, a: x.subarray(64), b: y.subarray(128) }), 64);
  assertAllClose("whole", actual, expected, tolerance(7));
});

testOnEachDevice("gemm(): every WebGPU variant equals the reference", async (device) => {
  if (device.kind !== "webgpu") return;
  for (const kind of ["naive", "registers", "tiled"] as const) {
    for (const parts of [1, 3]) {
      const run: Run = (a, b, out, options) => {
        gemmOnWebGpu(device, planGemm(a, b, out, options ?? {}), { kind, parts });
      };
      for (const [transposeA, transposeB] of [[false, false], [false, true], [true, false], [true, true]] as const) {
        const c = { ...plain, transposeA, transposeB, alpha: 0.5, beta: 2, bias: true, seed: parts };
        await check(device, { ...c, m: 67, n: 70, k: 37, activation: "relu" }, run);
        await check(device, { ...c, m: 3, n: 130, k: 35, mask: true }, run);
        await check(device, { ...c, m: 65, n: 1, k: 2, activation: "sigmoid" }, run);
      }
    }
  }
}, { devices: ["webgpu", "dawn"] });

testOnEachDevice("gemm() without relaxed SIMD equals the reference", async (device) => {
  if (device.kind !== "cpu") return;
  const run: Run = (a, b, out, options) => {
    const plan = planGemm(a, b, out, options ?? {});
    if (plan.m > 0 && plan.n > 0) gemmOnCpu(device, plan, UNFUSED);
  };
  await fc.assert(fc.asyncProperty(anyCase, (c) => check(device, c, run)), { numRuns: 200, seed: 20_241 });
}, { devices: ["cpu"] });

testOnEachDevice("gemm() gives a sample the same bits wherever it stands in the batch", async (device) => {
  const random = new TestRandom(11);
  for (const [n, k] of [[1, 67], [24, 67]] as const) {
    const [row, w] = [random.f32(k), random.f32(n * k)];
    using b = device.tensor("f32", [n, k], { data: w });
    const m = 13;
    const rows = Float32Array.from({ length: m * k }, (_, i) => row[i % k]!);
    using a = device.tensor("f32", [m, k], { data: rows });
    using out = device.tensor("f32", [m, n]);
    gemm(a, b, out, { transposeB: true });
    const actual = await out.read() as Float32Array;
    for (let i = 1; i < m; i++) assertSameBits(`row ${i}`, actual.slice(i * n, (i + 1) * n), actual.slice(0, n));
  }
}, { devices: ["cpu", "webgpu", "dawn"] }); // a BLAS promises no such thing

testOnEachDevice("gemm() gives the same bits for any number of threads", async (device) => {
  if (device.kind !== "cpu") return;
  const options = device.blas ? { blas: device.blas } : {};
  for (const [m, n, k] of [[333, 77, 600], [1, 500, 100], [300, 1, 64], [20, 13, 2048]] as const) {
    for (const [transposeA, transposeB] of [[false, true], [false, false], [true, false]] as const) {
      const c: Case = { ...plain, m, n, k, transposeA, transposeB, beta: 1, bias: true, activation: "relu" };
      const [expected] = await result(device, c);
      for (const threads of [1, 3]) {
        using other = openCpuDevice({ threads, ...options });
        const [actual] = await result(other, c);
        assertSameBits(`${threads} threads, ${JSON.stringify(c)}`, actual, expected);
      }
    }
  }
}, { devices: ["cpu", "blas"] });

testOnEachDevice("gemm() refuses what does not fit, naming tensor and shapes", (device) => {
  const f32 = (label: string, ...shape: number[]) => device.tensor("f32", shape, { label });
  const [a, b, out] = [f32("x", 4, 3), f32("w", 3, 5), f32("y", 4, 5)];
  const refusal = (run: () => void, type: typeof TypeError | typeof RangeError = TypeError) =>
    assertThrows(run, type).message;
  assertEquals(
    refusal(() => gemm(a, b, out, { transposeB: true })),
    "Cannot run gemm as the inner extents of a [4,3] and b [3,5] transposed differ: 3 and 5",
  );
  assertEquals(
    refusal(() => gemm(a, b, f32("z", 5, 4))),
    'Cannot run gemm as out "z" has shape [5,4]: want [4,5]',
  );
  assertEquals(
    refusal(() => gemm(a, b, out, { bias: f32("c", 4) })),
    'Cannot run gemm as bias "c" has shape [4]: want [5]',
  );
  assertEquals(
    refusal(() => gemm(a, b, out, { reluMask: f32("h", 20, 1) })),
    'Cannot run gemm as reluMask "h" has shape [20,1]: want [4,5]',
  );
  assertEquals(
    refusal(() => gemm(a, f32("w", 15), out)),
    'Cannot run gemm as b "w" is f32 [15]: want f32 of rank 2',
  );
  assertEquals(
    refusal(() => gemm(device.tensor("u32", [4, 3], { label: "ids" }), b, out)),
    'Cannot run gemm as a "ids" is u32 [4,3]: want f32 of rank 2',
  );
  assertEquals(
    refusal(() => gemm(a, b, out, { reluMask: out })),
    'Cannot run gemm as reluMask "y" shares memory with out "y"',
  );
  assertEquals(
    refusal(() => gemm(a, b, out, { alpha: NaN }), RangeError),
    "Cannot run gemm with alpha NaN: want a finite number",
  );
  assertEquals(
    refusal(() => gemm(a, b, out, { activation: "tanh" as "relu" })),
    'Cannot run gemm with activation "tanh": want "none", "relu" or "sigmoid"',
  );
  using other = openCpuDevice({ threads: 1 });
  assertEquals(
    refusal(() => gemm(a, b, anyDevice(other).tensor("f32", [4, 5], { label: "far" }))),
    `Cannot run gemm as tensor "far" is on ${other.label}: want ${device.label}`,
  );
});

testOnEachDevice("cutForBlas() gives some blocks where the work is worth it, none below 128 a side", () => {
  assertEquals(cutForBlas(100, 100, 100), [100, 100]);
  assertEquals(cutForBlas(128, 256, 512), [128, 128]);
  assertEquals(cutForBlas(2048, 512, 256), [1024, 512]);
  assertEquals(cutForBlas(2048, 1024, 1024), [512, 1024]);
  assertEquals(cutForBlas(4096, 4096, 4096), [512, 512]);
  assertEquals(cutForBlas(2048, 13, 512), [1024, 13]);
}, { devices: ["cpu"] });

testOnEachDevice("chooseGemm() cuts long sums with few elements, but not on software adapters", () => {
  assertEquals(chooseGemm(2048, 512, 256, false), { kind: "tiled", parts: 1 });
  assertEquals(chooseGemm(256, 64, 2048, false), { kind: "tiled", parts: 8 });
  assertEquals(chooseGemm(1, 256, 2048, false), { kind: "naive", parts: 8 });
  assertEquals(chooseGemm(256, 64, 2048, true), { kind: "registers", parts: 1 });
}, { devices: ["cpu"] });
