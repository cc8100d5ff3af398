/**
 * TypeScript kernels: half precision and value ranges.
 *
 * @module
 */
import { type DtypeId, F64, type KernelMemory } from "./kernels.ts";
import { single, words } from "./patterns.ts";

/** `Kernels.expandF16`. */
export function expandF16(memory: KernelMemory, src: number, count: number, dst: number): void {
  const { u16, u32 } = memory;
  for (let i = 0, from = src >>> 1, to = dst >>> 2; i < count; i++) u32[to + i] = f16BitsToF32Bits(u16[from + i]!);
}

/** The f32 bit pattern of an f16 one: exact, and one to one for NaN payloads. */
export function f16BitsToF32Bits(half: number): number {
  words[0] = (half & 0x7fff) << 13;
  // The multiplication mends the bias of the exponent, of subnormals too; infinities and NaN keep their payload instead.
  if ((half & 0x7c00) === 0x7c00) words[0]! |= 0x7f800000;
  else single[0]! *= 2 ** 112;
  return (words[0]! | (half & 0x8000) << 16) >>> 0;
}

/** The f16 bit pattern nearest to a finite f32 value, ties to even; infinity from 65520 on. */
export function f16BitsOf(value: number): number {
  single[0] = value;
  const bits = words[0]!, sign = bits >>> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Below 2^-14: next to 0.5 an f32 ends at 2^-24, the least subnormal of f16, so the sum rounds as wanted.
    single[0] = Math.abs(value) + 0.5;
    return sign | words[0]! - 0x3f000000;
  }
  return sign | magnitude + 0xfff + (magnitude >>> 13 & 1) - (112 << 23) >>> 13;
}

/** The value of an f16 bit pattern. */
export function f16Value(half: number): number {
  words[0] = f16BitsToF32Bits(half);
  return single[0]!;
}

/** `Kernels.range`. */
export function range(memory: KernelMemory, dtype: DtypeId, src: number, count: number, result: number): void {
  const values = dtype === F64 ? memory.f64 : memory.f32;
  const begin = dtype === F64 ? src >>> 3 : src >>> 2;
  let least = Infinity, greatest = -Infinity, finite = 0;
  for (let i = begin; i < begin + count; i++) {
    const x = values[i]!;
    // NaN and the infinities are the values for which x - x is not 0.
    if (x - x !== 0) continue;
    finite++;
    if (x < least) least = x;
    if (x > greatest) greatest = x;
  }
  const { f64 } = memory, at = result >>> 3;
  f64[at] = least + 0;
  f64[at + 1] = greatest + 0;
  f64[at + 2] = count - finite;
  f64[at + 3] = finite === 0 ? 0 : Math.max(Math.abs(least), Math.abs(greatest));
}
