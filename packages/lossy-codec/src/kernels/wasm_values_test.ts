import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { f32Patterns, f32Specials, rowsOf, runBoth, runOn, RUNS, wasm } from "./_test_pair.ts";
import { type DtypeId, F16, F32, F64 } from "./kernels.ts";
import { f16BitsOf } from "./plain_range.ts";

/** Steps of 8 significant bits, of ordinary and extreme size. */
const steps = fc.tuple(fc.integer({ min: 128, max: 255 }), fc.constantFrom(-100, -60, -12, -8, -7, 0, 20, 100, 119))
  .map(([mantissa, exponent]) => mantissa * 2 ** exponent);
const shapes = fc.record({ n: fc.integer({ min: 1, max: 6 }), d: fc.integer({ min: 1, max: 21 }) });

/** f64 values from pairs of f32 patterns: the first as a value, the second as noise far below, or as the lower half. */
function f64Of(patterns: Uint32Array): Float64Array<ArrayBuffer> {
  const f32 = new Float32Array(patterns.buffer);
  const values = new Float64Array(patterns.length);
  const halves = new Uint32Array(values.buffer);
  patterns.forEach((pattern, i) => {
    values[i] = f32[i]! * (pattern % 3 === 0 ? 1 : 1 + 2 ** -50);
    if (pattern % 11 === 5) halves[2 * i] = (pattern * 2654435761) >>> 0;
  });
  return values;
}

/** f32 values that are exactly f16, as expandF16 gives them. */
function expanded(patterns: Uint32Array): Uint32Array<ArrayBuffer> {
  const f32 = new Float32Array(patterns.buffer);
  const halves = Uint16Array.from(patterns, (_, i) => Number.isNaN(f32[i]) ? 0x7e01 : f16BitsOf(f32[i]!));
  const { arrays } = runOn(wasm, [halves, 4 * halves.length], (k, src, dst) => k.expandF16(src, halves.length, dst));
  return new Uint32Array(arrays[1]!.buffer as ArrayBuffer);
}

function valuesOf(dtype: DtypeId, patterns: number[]): Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer> {
  const words = Uint32Array.from(patterns);
  return dtype === F64 ? f64Of(words) : dtype === F16 ? expanded(words) : words;
}

Deno.test("expandF16: every pattern, and every tail", () => {
  const all = Uint16Array.from({ length: 65536 }, (_, i) => i);
  runBoth([all, 4 * 65536], (k, src, dst) => k.expandF16(src, 65536, dst));
  for (let n = 0; n < 9; n++) runBoth([all.slice(31740, 31740 + n), 4 * n], (k, src, dst) => k.expandF16(src, n, dst));
});

Deno.test("range: all kinds of values and lengths", () => {
  fc.assert(
    fc.property(
      fc.constantFrom<DtypeId>(F16, F32, F64),
      fc.array(fc.oneof({ weight: 20, arbitrary: f32Patterns(1) }, { weight: 1, arbitrary: f32Specials }), {
        maxLength: 90,
      }),
      (dtype, patterns) => {
        const values = valuesOf(dtype, patterns);
        runBoth([values, 32], (k, src, result) => k.range(dtype, src, values.length, result));
      },
    ),
    RUNS,
  );
});

Deno.test("range: a zero is +0, whatever its sign and place", () => {
  for (const values of [[-0], [0, -0], [-0, 0], Array(16).fill(-0), [...Array(15).fill(0), -0]]) {
    for (const array of [Float32Array.from(values), Float64Array.from(values)]) {
      const dtype = array instanceof Float64Array ? F64 : F32;
      const { arrays } = runBoth([array, 32], (k, src, result) => k.range(dtype, src, array.length, result));
      assertEquals([...new BigUint64Array(arrays[1]!.buffer)], [0n, 0n, 0n, 0n]);
    }
  }
});

Deno.test("quantise: codes, escapes and results of all dtypes", () => {
  const cases = fc.tuple(steps, shapes, fc.constantFrom<DtypeId>(F16, F32, F64)).chain(([step, { n, d }, dtype]) =>
    fc.record({
      step: fc.constant(dtype === F16 ? Math.min(2 ** 14, Math.max(step, 2 ** -30)) : step),
      n: fc.constant(n),
      d: fc.constant(d),
      dtype: fc.constant(dtype),
      patterns: rowsOf(f32Patterns(step), f32Specials, n, d),
      order: fc.shuffledSubarray(Array.from({ length: n }, (_, i) => i), { minLength: 1 }),
      maxCode: fc.constantFrom(1, 127, 255, 32767),
      slack: fc.constantFrom(0.5, 0.500001, 0.503, 0.6, 0.1),
    })
  );
  fc.assert(
    fc.property(cases, ({ step, n, d, dtype, patterns, order, maxCode, slack }) => {
      const values = valuesOf(dtype, patterns), rows = Uint32Array.from(order), m = rows.length;
      const bound = dtype === F64 ? step * slack : Math.fround(step * slack);
      assertEquals(values.length, n * d);
      runBoth(
        [values, rows, 4 * m * d, m, 32],
        (k, src, unique, codes, escapes, result) =>
          k.quantise(dtype, src, unique, m, d, step, maxCode, bound, codes, escapes, result),
      );
    }),
    { numRuns: 600 },
  );
});

Deno.test("quantise: a stratified sample of f32, the ties of every code, the ends of the range", () => {
  const identity = Uint32Array.from({ length: 4096 }, (_, i) => i);
  const any = Uint32Array.from({ length: 1 << 16 }, (_, i) => i * 65537 + 12345);
  for (const step of [2 ** -100, 0.0078125, 255 * 2 ** -8, 1.9921875, 129 * 2 ** 113, 2 ** 120, 255 * 2 ** 120]) {
    // Neighbours of every tie; where codes become infinite the patterns are those of NaN.
    const ties = new Uint32Array(
      Float32Array.from({ length: 1 << 16 }, (_, i) => ((i & 0xfff) - 2048 + 0.5) * step).buffer,
    );
    ties.forEach((bits, i) => ties[i] = bits + (i >>> 12) % 5 - 2);
    // Rows of one, and rows that are long enough for the quick way of those that need no correction.
    for (const [patterns, d] of [[any, 1], [ties, 1], [ties, 16]] as const) {
      for (let at = 0; at < patterns.length; at += 4096) {
        runBoth(
          [patterns.subarray(at, at + 4096), identity, 4 * 4096, 4096 / d, 32],
          (k, src, unique, codes, escapes, result) =>
            k.quantise(F32, src, unique, 4096 / d, d, step, 32767, Math.fround(step * 0.504), codes, escapes, result),
        );
      }
    }
  }
});

Deno.test("dequantise: all dtypes; a code beyond the class is told", () => {
  const cases = fc.record({
    step: steps,
    dtype: fc.constantFrom<DtypeId>(F16, F32, F64),
    codes: fc.array(fc.integer({ min: -32767, max: 32767 }), { maxLength: 40 }),
  });
  fc.assert(
    fc.property(cases, ({ step, dtype, codes }) => {
      const array = Int32Array.from(codes), bytes = codes.length << dtype;
      runBoth([array, bytes], (k, src, dst) => k.dequantise(dtype, src, codes.length, step, 32767, dst));
      for (const q of [32768, -32768, 2 ** 31 - 1, -(2 ** 31)]) {
        const bad = Int32Array.of(...codes, q);
        const { returned } = runBoth(
          [bad, bad.length << dtype],
          (k, src, dst) => k.dequantise(dtype, src, bad.length, step, 32767, dst),
          [],
        );
        assertEquals(returned, 1);
      }
    }),
    RUNS,
  );
});

Deno.test("dequantise: f16 rounds ties to even, over subnormals and to infinity", () => {
  const codes = Int32Array.from({ length: 65535 }, (_, i) => i - 32767);
  for (const step of [2 ** -26, 3 * 2 ** -27, 129 * 2 ** -32, 2 ** -12, 1, 1.9921875, 2, 3, 65504]) {
    runBoth([codes, 2 * codes.length], (k, src, dst) => k.dequantise(F16, src, codes.length, step, 32767, dst));
  }
});

Deno.test("roundMantissa and restoreMantissa: all dtypes and widths, and each inverts the other within the bound", () => {
  const cases = fc.tuple(shapes, fc.constantFrom<DtypeId>(F16, F32, F64), fc.integer({ min: 0, max: 20 })).chain((
    [{ n, d }, dtype, keepBits],
  ) =>
    fc.record({
      n: fc.constant(n),
      d: fc.constant(d),
      dtype: fc.constant(dtype),
      keepBits: fc.constant(keepBits),
      patterns: rowsOf(f32Patterns(0.37), f32Specials, n, d),
      shortfall: fc.constantFrom(0, 0, 0, 1, 40),
    })
  );
  fc.assert(
    fc.property(cases, ({ n, d, dtype, keepBits, patterns, shortfall }) => {
      const values = valuesOf(dtype, patterns), rows = Uint32Array.from({ length: n }, (_, i) => i);
      const top = (dtype === F64 ? 2047 : 255) * 2 ** keepBits - 1 - shortfall * 2 ** keepBits;
      const { arrays } = runBoth(
        [values, rows, 4 * n * d, n, 32],
        (k, src, unique, codes, escapes, result) =>
          k.roundMantissa(dtype, src, unique, n, d, keepBits, top, codes, escapes, result),
      );
      const restored = runBoth(
        [arrays[2]!, (n * d) << dtype],
        (k, src, dst) => k.restoreMantissa(dtype, src, n * d, keepBits, top, dst),
      );
      assertEquals(restored.returned, 0);
      if (dtype !== F32) return;
      const before = new Float32Array(values.buffer), after = new Float32Array(restored.arrays[1]!.buffer);
      for (let i = 0; i < n * d; i++) {
        if (arrays[3]![Math.floor(i / d)]) continue;
        assertEquals(Math.abs(before[i]! - after[i]!) <= 2 ** -(keepBits + 1) * Math.abs(before[i]!), true);
      }
    }),
    { numRuns: 400 },
  );
});

Deno.test("restoreMantissa: a code beyond the top is told", () => {
  for (const dtype of [F16, F32, F64] as const) {
    for (const q of [101, -101, 2 ** 31 - 1, -(2 ** 31)]) {
      const { returned } = runBoth(
        [Int32Array.of(5, q), 2 << dtype],
        (k, src, dst) => k.restoreMantissa(dtype, src, 2, 3, 100, dst),
        [],
      );
      assertEquals(returned, 1);
    }
  }
});
