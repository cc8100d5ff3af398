import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { chooseUnit, maxCodeFor, roundDown, significantBits } from "../chunk/unit.ts";
import { Arena } from "./arena.ts";
import { openKernels } from "./choose.ts";
import { type DtypeId, F16, F32, F64, type Kernels } from "./kernels.ts";
import { f16BitsOf, f16BitsToF32Bits, f16Value } from "./plain_range.ts";

const both = [openKernels("plain"), openKernels("auto")];

/** Codes, escapes and restored values of rows of `d`. */
function run(kernels: Kernels, dtype: DtypeId, x: ArrayLike<number>, d: number, error: number, greatest: number) {
  const unit = chooseUnit(dtype, { kind: "abs", error }, greatest);
  assert(unit?.kind === "step");
  const n = x.length / d, arena = new Arena(kernels.memory);
  const src = arena.take(8 * x.length), list = arena.take(4 * n), codes = arena.take(4 * x.length);
  const escapes = arena.take(n), result = arena.take(32), dst = arena.take(8 * x.length), { memory } = kernels;
  (dtype === F64 ? memory.f64 : memory.f32).set(x, dtype === F64 ? src / 8 : src / 4);
  for (let row = 0; row < n; row++) memory.u32[list / 4 + row] = row;
  const { step, maxCode, errorBound } = unit;
  kernels.quantise(dtype, src, list, n, d, step, maxCode, errorBound, codes, escapes, result);
  assertEquals(kernels.dequantise(dtype, codes, x.length, step, maxCode, dst), 0);
  const restored = dtype === F64
    ? memory.f64.slice(dst / 8, dst / 8 + x.length)
    : dtype === F32
    ? memory.f32.slice(dst / 4, dst / 4 + x.length)
    : Float64Array.from(memory.u16.subarray(dst / 2, dst / 2 + x.length), f16Value);
  return {
    step,
    codes: memory.i32.slice(codes / 4, codes / 4 + x.length),
    escapes: memory.u8.slice(escapes, escapes + n),
    restored,
    result: memory.f64.slice(result / 8, result / 8 + 4),
  };
}

/** Whether |a - b| <= bound, exactly: the difference is the sum of two doubles. */
function within(a: number, b: number, bound: number): boolean {
  const difference = a - b, rest = difference - a, lost = (a - (difference - rest)) - (b + rest);
  if (Math.abs(difference) !== bound) return Math.abs(difference) < bound;
  return difference > 0 ? lost <= 0 : lost >= 0;
}

Deno.test("within() is exact", () => {
  assert(within(1, 2 ** -60, 1));
  assert(!within(1, -(2 ** -60), 1));
  assert(within(-1, -(2 ** -60), 1));
  assert(!within(-1, 2 ** -60, 1));
});

const BOUNDS = [1e-30, 1e-10, 1e-3, 0.1, 1, 1e3, 1e30];
const PATTERNS = 1_000_000;

for (const kernels of both) {
  Deno.test(`quantise() keeps the bound on a stratified million of f32 patterns [${kernels.name}]`, () => {
    const stride = 2 ** 32 / PATTERNS, x = new Float32Array(PATTERNS), bits = new Uint32Array(x.buffer);
    for (let i = 0, lcg = 1; i < PATTERNS; i++) {
      lcg = Math.imul(lcg, 1664525) + 1013904223 >>> 0;
      bits[i] = Math.floor(i * stride + lcg / 2 ** 32 * stride);
    }
    for (const bound of BOUNDS) {
      const { codes, restored, escapes, step } = run(kernels, F32, x, 1, bound, 2 ** 128 - 2 ** 104);
      let kept = 0;
      for (let i = 0; i < PATTERNS; i++) {
        if (escapes[i] === 1) {
          // Only what has no code within range may escape.
          if (Math.abs(x[i]!) / step < 32767) throw new Error(`${x[i]} escapes at ${bound}`);
          continue;
        }
        kept++;
        if (!within(x[i]!, restored[i]!, bound)) throw new Error(`${x[i]} becomes ${restored[i]} at ${bound}`);
        if (restored[i] !== codes[i]! * step) throw new Error(`code ${codes[i]} becomes ${restored[i]}`);
      }
      assert(kept > PATTERNS / 50);
    }
  });

  Deno.test(`quantise() rounds near ties as exact arithmetic does, ties to even [${kernels.name}]`, () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -32766, max: 32766 }),
        fc.integer({ min: 128, max: 255 }),
        fc.integer({ min: -90, max: 90 }),
        fc.integer({ min: -3, max: 3 }),
        (k, mantissa, exponent, ulps) => {
          const step = mantissa * 2 ** exponent;
          const x = new Float32Array([(k + 0.5) * step]);
          if (x[0] === 0) return;
          new Int32Array(x.buffer)[0]! += ulps;
          const { codes, step: used } = run(kernels, F32, x, 1, step / 2, Math.abs(x[0]!));
          assertEquals(used, step);
          // x and step are whole multiples of 2^(exponent - 32): the quotient is a fraction of whole numbers.
          const scale = 2 ** (32 - exponent);
          const numerator = BigInt(x[0]! * scale), denominator = BigInt(step * scale);
          const twice = 2n * numerator - BigInt(2 * codes[0]!) * denominator;
          const size = twice < 0n ? -twice : twice;
          assert(size <= denominator, `code ${codes[0]} is not nearest`);
          assert(size < denominator || codes[0]! % 2 === 0, `tie goes to odd code ${codes[0]}`);
        },
      ),
      { numRuns: 3000 },
    );
  });

  Deno.test(`quantise() of f64 rounds to the nearest code, ties to even [${kernels.name}]`, () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 31) + 2, max: 2 ** 31 - 2 }),
        fc.double({ min: 1e-3, max: 1e3 }),
        fc.integer({ min: -3, max: 3 }),
        (k, error, ulps) => {
          const step = roundDown(2 * error, 21), x = new Float64Array([(k + 0.5) * step]);
          if (x[0] === 0) return;
          new BigInt64Array(x.buffer)[0]! += BigInt(ulps);
          const { codes, escapes } = run(kernels, F64, x, 1, error, Math.abs(x[0]!));
          if (escapes[0] === 1) return;
          const scale = 2 ** 80, numerator = exact(x[0]!, scale), denominator = exact(step, scale);
          const twice = 2n * numerator - BigInt(2 * codes[0]!) * denominator;
          const size = twice < 0n ? -twice : twice;
          assert(size <= denominator, `code ${codes[0]} of ${x[0]} is not nearest`);
          assert(size < denominator || codes[0]! % 2 === 0, `tie goes to odd code ${codes[0]}`);
        },
      ),
      { numRuns: 3000 },
    );
  });

  Deno.test(`quantise() keeps the bound for all f16 values [${kernels.name}]`, () => {
    const x = Float64Array.from({ length: 65536 }, (_, half) => f16Value(half));
    const finite = x.filter((value) => Number.isFinite(value));
    for (const bound of [1e-9, 1e-4, 3e-4, 1e-3, 0.01, 0.5, 16, 1000, 1e9]) {
      for (const most of [1, 100, 65504]) {
        const values = finite.filter((value) => Math.abs(value) <= most);
        const { restored, escapes } = run(kernels, F16, values, 1, bound, most);
        let escaped = 0;
        for (let i = 0; i < values.length; i++) {
          if (escapes[i] === 1) escaped++;
          else assert(within(values[i]!, restored[i]!, bound), `${values[i]} becomes ${restored[i]} at ${bound}`);
        }
        if (most / bound < 60000) assertEquals(escaped, 0, `at ${bound} up to ${most}`);
      }
    }
  });

  Deno.test(`quantise() lets whole rows escape and reports the others [${kernels.name}]`, () => {
    const x = new Float32Array([1, 2, NaN, 3, 4, 5, Infinity, 6, -7, 8, -0, 0.3]);
    const { codes, escapes, result, step } = run(kernels, F32, x, 2, 0.5, 8);
    assertEquals(step, 1);
    assertEquals([...escapes], [0, 1, 0, 1, 0, 0]);
    assertEquals([...codes], [1, 2, 0, 0, 4, 5, 0, 0, -7, 8, 0, 0]);
    assertEquals([...result], [Math.fround(0.3), 2, -7, 8]);
  });
}

/** `x * scale` as a whole number, for a power of two. */
function exact(x: number, scale: number): bigint {
  const integer = Math.trunc(x);
  return BigInt(integer) * BigInt(scale) + BigInt((x - integer) * scale);
}

Deno.test("steps: so few bits that codes times steps are exact", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-25, max: 1e30, noNaN: true }), fc.integer({ min: 1, max: 21 }), (x, bits) => {
      const step = roundDown(x, bits);
      assert(step <= x && step > x * (1 - 2 ** (1 - bits)));
      assert(significantBits(step) <= bits);
      if (bits > 8) return;
      const code = maxCodeFor(F32, step);
      assertEquals(Math.fround(code * step), code * step);
    }),
  );
});

Deno.test("f16: expansion and rounding agree with the host's, for every pattern and between them", () => {
  const view = new DataView(new ArrayBuffer(8)) as DataView & { setFloat16?(at: number, value: number): void };
  for (let half = 0; half < 65536; half++) {
    view.setUint32(0, f16BitsToF32Bits(half));
    const value = view.getFloat32(0);
    if (Number.isNaN(value)) {
      assert((half & 0x7c00) === 0x7c00 && (half & 0x3ff) !== 0);
      continue;
    }
    if (Number.isFinite(value)) assertEquals(f16BitsOf(value), half);
    if (view.setFloat16 === undefined || !Number.isFinite(value) || Math.abs(value) > 65000) continue;
    for (const near of [value * 1.0003, value + 2 ** -25, value * (1 + 2 ** -12)]) {
      const single = Math.fround(near);
      view.setFloat16(4, single);
      assertEquals(f16BitsOf(single), view.getUint16(4), `${single}`);
    }
  }
});
