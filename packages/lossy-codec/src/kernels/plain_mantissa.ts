/**
 * TypeScript kernels: the quantiser with a bound on the relative error. It rounds bit patterns, so that all is integer
 * arithmetic: keeping `m` bits of the mantissa changes a normal number by at most 2^-(m+1) of itself.
 *
 * @module
 */
import { type DtypeId, F16, F64, type KernelMemory } from "./kernels.ts";
import { double, single, words } from "./patterns.ts";
import { quantiseRows } from "./plain_quantise.ts";
import { f16BitsOf, f16Value } from "./plain_range.ts";

/** Bits of the upper word, or of an f32's only one, that are not kept. */
function shiftFor(dtype: DtypeId, keepBits: number): number {
  return (dtype === F64 ? 20 : 23) - keepBits;
}

/** The bits kept of |x|, rounded, from the word that holds them and the one below that, 0 for f32. */
function magnitudeOf(word: number, below: number, shift: number): number {
  const bits = word & 0x7fffffff;
  return shift === 0 ? bits + (below >>> 31) : bits + (1 << shift - 1) >>> shift;
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
  const { u32, i32 } = memory, wide = dtype === F64, values = wide ? memory.f64 : memory.f32;
  const shift = shiftFor(dtype, keepBits), restored = wide ? double : single;
  // Where subnormal numbers end; of f16 all that it holds is normal in f32.
  const normal = wide ? 2 ** -1022 : 2 ** -126;
  quantiseRows(memory, dtype, src, uniqueRows, n, d, codes, escapes, result, (from, to) => {
    let worst = 0;
    for (let i = 0; i < d; i++) {
      const x = Math.abs(values[from + i]!), at = wide ? 2 * (from + i) + 1 : from + i, word = u32[at]!;
      let q = 0;
      if (x !== 0) {
        const magnitude = magnitudeOf(word, wide ? u32[at - 1]! : 0, shift);
        words[0] = 0;
        words[wide ? 1 : 0] = magnitude << shift;
        const y = restored[0]!, error = Math.abs(x - y);
        // Written so that NaN fails.
        const good = error < Infinity && magnitude <= top && top - magnitude < 2 ** 31 - 1 &&
          (x >= normal || error === 0);
        if (!good || (dtype === F16 && f16Value(f16BitsOf(y)) !== y)) return Infinity;
        q = word >>> 31 === 1 ? magnitude - top - 1 : top + 1 - magnitude;
        if (error > worst) worst = error;
      }
      i32[to + i] = q;
    }
    return worst;
  });
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
  const { i32, u16, u32 } = memory, from = codes >>> 2, to = dst >>> 2, shift = shiftFor(dtype, keepBits);
  let bad = 0;
  for (let i = 0; i < count; i++) {
    const q = i32[from + i]!, size = Math.abs(q);
    if (size > top) bad = 1;
    const bits = q === 0 || bad ? 0 : top + 1 - size << shift | q & 0x80000000;
    if (dtype === F64) {
      u32[to + 2 * i] = 0;
      u32[to + 2 * i + 1] = bits;
    } else if (dtype === F16) {
      words[0] = bits;
      u16[2 * to + i] = f16BitsOf(single[0]!);
    } else u32[to + i] = bits;
  }
  return bad;
}

/** Top magnitude to use for values up to `greatest`: that of `greatest` itself, or the last one below infinity. */
export function topMagnitude(dtype: DtypeId, greatest: number, keepBits: number): number {
  const shift = shiftFor(dtype, keepBits), infinity = (dtype === F64 ? 2047 : 255) * 2 ** keepBits;
  const of = (x: number): number => {
    if (dtype === F64) double[0] = x;
    else single[0] = x;
    return dtype === F64 ? magnitudeOf(words[1]!, words[0]!, shift) : magnitudeOf(words[0]!, 0, shift);
  };
  return Math.min(of(greatest), dtype === F16 ? of(f16Value(0x7bff)) : infinity - 1);
}

/** Bits of the mantissa kept for a bound on the relative error: the least m with 2^-(m+1) <= bound. */
export function keepBitsFor(bound: number): number {
  let bits = 0;
  for (let error = 0.5; error > bound && bits < 64; error /= 2) bits++;
  return bits;
}
