import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { openCpuDevice } from "../cpu/cpu_device.ts";
import { assertSameBits, testOnEachDevice } from "../testing/mod.ts";
import { philox4x32 } from "./philox.ts";
import { type NormalOptions, randomNormal, randomUniform, type UniformOptions } from "./random.ts";

/** `randomUniform` by its definition. */
function uniformReference(size: number, o: Required<UniformOptions>): Float32Array {
  const middle = Math.fround((o.low + o.high) / 2), unit = Math.fround((o.high - o.low) / 2 ** 24);
  return Float32Array.from({ length: size }, (_, i) => {
    const element = BigInt(o.offset) + BigInt(i), counter = element / 4n;
    const words = philox4x32(
      [Number(counter % 2n ** 32n), Number(counter / 2n ** 32n), o.stream, 0],
      [o.seed % 2 ** 32, Math.floor(o.seed / 2 ** 32)],
    );
    return Math.fround(((words[Number(element % 4n)]! >>> 8) - 2 ** 23) * unit) + middle;
  });
}

const sources = fc.record({
  seed: fc.maxSafeNat(),
  stream: fc.nat(0xffffffff),
  offset: fc.oneof(fc.nat(9), fc.nat(2 ** 52 - 1), fc.integer({ min: 2 ** 34 - 300, max: 2 ** 34 })),
});

testOnEachDevice("randomUniform() gives the bits of its definition", async (device) => {
  const ranges = fc.constantFrom([0, 1], [-0.05, 0.05], [1, 3.3], [-2, 7]);
  const property = fc.asyncProperty(sources, fc.nat(600), ranges, async (source, size, range) => {
    const options = { ...source, low: range[0]!, high: range[1]! };
    using out = device.tensor("f32", [size]);
    randomUniform(out, options);
    assertSameBits("out", await out.read(), uniformReference(size, options));
  });
  await fc.assert(property, { seed: 6, numRuns: device.kind === "cpu" ? 100 : 16 });
});

testOnEachDevice("randomUniform() and randomNormal() fill a slice as they fill the whole", async (device) => {
  using whole = device.tensor("f32", [400]);
  using part = device.tensor("f32", [101]);
  const source = { seed: 5, stream: 9 };
  const fills = [
    (out: typeof whole, offset: number) => randomUniform(out, { ...source, offset, low: -1 }),
    (out: typeof whole, offset: number) => randomNormal(out, { ...source, offset, std: 2 }),
  ];
  for (const fill of fills) {
    fill(whole, 0);
    fill(part, 131);
    assertSameBits("part", await part.read(), await whole.read(131, 101));
  }
});

// The first bits of three streams, so that a change of the recipe cannot go unnoticed: checkpoints and published results
// depend on it.
const UNIFORM_BITS = [0xbd06279d, 0x3d1b0a6d, 0x3da0e210, 0x3ced6e67, 0xbd174be0, 0xbda57c1a];
const NORMAL_BITS = [0xbf59a267, 0xbec0d9c8, 0x3f1d77f8, 0x3f14e903, 0xbf06c0e3, 0x3d467f84];

testOnEachDevice("randomUniform() and randomNormal() keep their recipe", async (device) => {
  using out = device.tensor("f32", [6]);
  const bits = async () => [...new Uint32Array((await out.read()).buffer)];
  randomUniform(out, { seed: 123, stream: 77, low: -0.1, high: 0.1 });
  assertEquals(await bits(), UNIFORM_BITS);
  randomNormal(out, { seed: 123, stream: 77 });
  assertEquals(await bits(), NORMAL_BITS);
});

/** Largest distance between the empirical distribution of `values` and `cdf`. */
function kolmogorov(values: Float32Array, cdf: (x: number) => number): number {
  const sorted = values.toSorted();
  return sorted.reduce((worst, x, i) => Math.max(worst, Math.abs(cdf(x) - (i + 0.5) / sorted.length)), 0);
}

/** Normal distribution function; Abramowitz and Stegun 7.1.26, error below 1.5e-7. */
function normalCdf(x: number): number {
  const t = 1 / (1 + 0.3275911 * Math.abs(x) / Math.SQRT2);
  const tail = t * Math.exp(-x * x / 2) *
    (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return x < 0 ? tail / 2 : 1 - tail / 2;
}

Deno.test("randomUniform() and randomNormal() have their distributions", async () => {
  using device = openCpuDevice({ threads: 1 });
  const size = 200_000, out = device.tensor("f32", [size]);
  // The 0.1 % bound of Kolmogorov and Smirnov.
  const bound = 1.95 / Math.sqrt(size);
  const options: UniformOptions & NormalOptions = { seed: 1, stream: 2 };
  randomUniform(out, { ...options, low: -3, high: 5 });
  const uniform = await out.read() as Float32Array;
  assert(kolmogorov(uniform, (x) => (x + 3) / 8) < bound);
  assert(uniform.every((x) => x >= -3 && x < 5));
  randomNormal(out, { ...options, mean: 2, std: 0.5 });
  const normal = (await out.read() as Float32Array).map((x) => (x - 2) / 0.5);
  assert(kolmogorov(normal, normalCdf) < bound);
  assertAlmostEquals(normal.reduce((s, x) => s + x * x, 0) / size, 1, 0.012);
  // Neighbours are not correlated, and neither are the two kinds of one stream.
  const correlation = (a: Float32Array, b: Float32Array) => a.reduce((s, x, i) => s + x * b[i]!, 0) / a.length;
  assert(Math.abs(correlation(normal.subarray(1), normal)) < 0.01);
  assert(Math.abs(correlation(uniform.map((x) => (x - 1) / 2.3), normal)) < 0.01);
});

Deno.test("randomUniform() gives the same bits for 1, 2 and 3 threads", async () => {
  const results: Float32Array[] = [];
  for (const threads of [1, 2, 3]) {
    using device = openCpuDevice({ threads });
    const out = device.tensor("f32", [50_001]);
    randomUniform(out, { seed: 3, offset: 2 });
    results.push(await out.read() as Float32Array);
  }
  for (const other of results.slice(1)) assertSameBits("out", other, results[0]!);
});

Deno.test("randomUniform() and randomNormal() refuse options out of range", () => {
  using device = openCpuDevice({ threads: 1 });
  const out = device.tensor("f32", [4]);
  assertThrows(
    () => randomUniform(out, { seed: -1 }),
    RangeError,
    "Cannot run randomUniform with seed -1: want a whole number in [0, 2^53)",
  );
  assertThrows(() => randomUniform(out, { seed: 1, stream: 2 ** 32 }), RangeError, "stream 4294967296");
  assertThrows(() => randomUniform(out, { seed: 1, offset: 0.5 }), RangeError, "offset 0.5");
  assertThrows(
    () => randomUniform(out, { seed: 1, low: 2 }),
    RangeError,
    "high 1: want a finite number > low, which is 2",
  );
  assertThrows(() => randomNormal(out, { seed: 1, std: -1 }), RangeError, "std -1");
  assertThrows(() => randomNormal(device.tensor("i32", [4]), { seed: 1 }), TypeError, "want f32");
});
