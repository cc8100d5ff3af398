/**
 * TypeScript kernels: the quantiser with a bound on the relative error. It rounds bit patterns, so that all is integer
 * arithmetic: keeping `m` bits of the mantissa changes a normal number by at most 2^-(m+1) of itself.
 *
 * @module
 */
import { type DtypeId, F16, F64, type KernelMemory } from "./kernels.ts";
import { f16BitsOf, f16Value } from "./plain_range.ts";

const pair = new Float64Array(1), pairBits = new Uint32Array(pair.buffer);
const single = new Float32Array(1), singleBits = new Uint32Array(single.buffer);

/** Reads bits `s` and up of |x|, rounded; for f64 from the upper and lower word of its pattern, s being 32 or more. */
function magnitudeOf(dtype: DtypeId, x: number, keepBits: number): number {
  if (dtype === F64) {
    pair[0] = x;
    const high = pairBits[1]! & 0x7fffffff, shift = 20 - keepBits;
    return shift === 0 ? high + (pairBits[0]! >>> 31) : high + 2 ** (shift - 1) >>> shift;
  }
  single[0] = x;
  const bits = singleBits[0]! & 0x7fffffff, shift = 23 - keepBits;
  return shift === 0 ? bits : bits + 2 ** (shift - 1) >>> shift;
}

/** The value with this sign and magnitude; may be infinite. */
function restore(dtype: DtypeId, negative: boolean, magnitude: number, keepBits: number): number {
  if (dtype === F64) {
    pairBits[0] = 0;
    pairBits[1] = magnitude << (20 - keepBits);
    return negative ? -pair[0]! : pair[0]!;
  }
  singleBits[0] = magnitude << (23 - keepBits);
  return negative ? -single[0]! : single[0]!;
}

/** Where subnormal numbers end; of f16 all that it holds is normal in f32. */
function leastNormal(dtype: DtypeId): number {
  return dtype === F64 ? 2 ** -1022 : 2 ** -126;
}

/** `Kernels.roundMantissa`. */
export function roundMantissa(
  memory: KernelMemory,
  dtype: DtypeId,
  src: number,
  uniqueRows: number,
  n: number,
  d: number,
  keepBits: number,
  top: number,
  codes: number,
  escapes: number,
  result: number,
): void {
  const { u8, u32, i32, f64 } = memory;
  const values = dtype === F64 ? f64 : memory.f32, begin = dtype === F64 ? src >>> 3 : src >>> 2;
  const normal = leastNormal(dtype);
  let worst = 0, escaped = 0, least = Infinity, greatest = -Infinity;
  for (let row = 0; row < n; row++) {
    const from = begin + u32[(uniqueRows >>> 2) + row]! * d, to = (codes >>> 2) + row * d;
    let rowWorst = 0, rowLeast = Infinity, rowGreatest = -Infinity, good = true;
    for (let i = 0; i < d && good; i++) {
      const x = values[from + i]!;
      let q = 0;
      if (x !== 0) {
        const magnitude = magnitudeOf(dtype, x, keepBits);
        const restored = restore(dtype, x < 0, magnitude, keepBits), error = Math.abs(x - restored);
        good = error < Infinity && magnitude <= top && top - magnitude < 2 ** 31 - 1 &&
          (Math.abs(x) >= normal || error === 0) &&
          (dtype !== F16 || f16Value(f16BitsOf(restored)) === restored);
        q = x < 0 ? magnitude - top - 1 : top + 1 - magnitude;
        if (error > rowWorst) rowWorst = error;
      }
      if (q < rowLeast) rowLeast = q;
      if (q > rowGreatest) rowGreatest = q;
      i32[to + i] = q;
    }
    u8[escapes + row] = good ? 0 : 1;
    if (!good) {
      escaped++;
      i32.fill(0, to, to + d);
      continue;
    }
    worst = Math.max(worst, rowWorst);
    least = Math.min(least, rowLeast);
    greatest = Math.max(greatest, rowGreatest);
  }
  const at = result >>> 3;
  f64[at] = worst;
  f64[at + 1] = escaped;
  f64[at + 2] = least <= greatest ? least : 0;
  f64[at + 3] = least <= greatest ? greatest : 0;
}

/** `Kernels.restoreMantissa`. */
export function restoreMantissa(
  memory: KernelMemory,
  dtype: DtypeId,
  codes: number,
  count: number,
  keepBits: number,
  top: number,
  dst: number,
): number {
  const { i32, u16, u32 } = memory;
  const from = codes >>> 2, shift = dtype === F64 ? 20 - keepBits : 23 - keepBits;
  let bad = 0;
  for (let i = 0; i < count; i++) {
    const q = i32[from + i]!, size = Math.abs(q);
    if (size > top) bad = 1;
    const bits = q === 0 || bad ? 0 : (top + 1 - size << shift | q & 0x80000000) >>> 0;
    if (dtype === F64) {
      u32[(dst >>> 2) + 2 * i] = 0;
      u32[(dst >>> 2) + 2 * i + 1] = bits;
    } else if (dtype === F16) {
      singleBits[0] = bits;
      u16[(dst >>> 1) + i] = f16BitsOf(single[0]!);
    } else u32[(dst >>> 2) + i] = bits;
  }
  return bad;
}

/** Top magnitude to use for values up to `greatest`: that of `greatest` itself, or the last one below infinity. */
export function topMagnitude(dtype: DtypeId, greatest: number, keepBits: number): number {
  const infinity = dtype === F64 ? 2047 * 2 ** keepBits : 255 * 2 ** keepBits;
  const last = dtype === F16 ? magnitudeOf(dtype, f16Value(0x7bff), keepBits) : infinity - 1;
  return Math.min(magnitudeOf(dtype, greatest, keepBits), last);
}

/** Bits of the mantissa kept for a bound on the relative error: the least m with 2^-(m+1) <= bound. */
export function keepBitsFor(bound: number): number {
  let bits = 0;
  for (let error = 0.5; error > bound && bits < 64; error /= 2) bits++;
  return bits;
}
