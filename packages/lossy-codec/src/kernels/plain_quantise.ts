/**
 * TypeScript kernels: the quantiser with a bound on the absolute error.
 *
 * Doubles hold everything exactly here for f16 and f32: a code times a step has at most 24 bits, and a quotient near a tie
 * `k + 1/2` is either that tie or at least 2^-25 of its size away, far more than a double's rounding.
 *
 * @module
 */
import { type DtypeId, F16, F64, type KernelMemory } from "./kernels.ts";
import { f16BitsOf, f16Value } from "./plain_range.ts";

/** Adding and subtracting it rounds a double below 2^51 to a whole number, ties to even. */
const ROUND = 1.5 * 2 ** 52;
const MAX_F32 = (2 - 2 ** -23) * 2 ** 127;

/** Rounds `x / step` where quotients are not exact enough: a first guess, corrected by the exact remainder. */
function quotientF64(x: number, step: number, half: number): number {
  if (Math.abs(x) <= step) return Math.abs(x) > half ? Math.sign(x) : 0;
  let q = x / step + ROUND - ROUND;
  const rest = x - q * step;
  if (rest > half) return q + 1;
  if (rest < -half) return q - 1;
  if (Math.abs(rest) === half && q % 2 !== 0) q += Math.sign(rest);
  return q;
}

/**
 * What `quantise` and `roundMantissa` share: goes through the rows, empties those that escape, and sums up the others.
 *
 * @param quantiseRow Writes the codes of the row whose elements begin at index `from`, to i32 from index `to` on. Returns the
 *   greatest error; one that is not finite if the row escapes.
 */
export function quantiseRows(
  { u8, u32, i32, f64 }: KernelMemory,
  dtype: DtypeId,
  src: number,
  uniqueRows: number,
  n: number,
  d: number,
  codes: number,
  escapes: number,
  result: number,
  quantiseRow: (from: number, to: number) => number,
): void {
  const begin = dtype === F64 ? src >>> 3 : src >>> 2;
  let worst = 0, escaped = 0, least = Infinity, greatest = -Infinity;
  for (let row = 0; row < n; row++) {
    const to = (codes >>> 2) + row * d, end = to + d;
    const error = quantiseRow(begin + u32[(uniqueRows >>> 2) + row]! * d, to);
    const good = error < Infinity;
    u8[escapes + row] = good ? 0 : 1;
    if (!good) {
      escaped++;
      i32.fill(0, to, end);
      continue;
    }
    if (error > worst) worst = error;
    for (let i = to; i < end; i++) {
      const q = i32[i]!;
      if (q < least) least = q;
      if (q > greatest) greatest = q;
    }
  }
  const none = escaped === n;
  f64.set([worst, escaped, none ? 0 : least, none ? 0 : greatest], result >>> 3);
}

/** `Kernels.quantise`. */
export function quantise(
  memory: KernelMemory,
  dtype: DtypeId,
  src: number,
  uniqueRows: number,
  n: number,
  d: number,
  step: number,
  maxCode: number,
  errorBound: number,
  codes: number,
  escapes: number,
  result: number,
): void {
  const { i32 } = memory, values = dtype === F64 ? memory.f64 : memory.f32, half = step / 2;
  const top = Math.min(maxCode, Math.floor((dtype === F64 ? Number.MAX_VALUE : MAX_F32) / step) - 1);
  quantiseRows(memory, dtype, src, uniqueRows, n, d, codes, escapes, result, (from, to) => {
    let worst = 0;
    for (let i = 0; i < d; i++) {
      const x = values[from + i]!;
      const q = dtype === F64 ? quotientF64(x, step, half) : x / step + ROUND - ROUND;
      const error = Math.abs(x - (dtype === F16 ? f16Value(f16BitsOf(q * step)) : q * step));
      // Written so that NaN fails.
      if (!(error <= errorBound && q >= -top && q <= top)) return Infinity;
      if (error > worst) worst = error;
      i32[to + i] = q;
    }
    return worst;
  });
}

/** `Kernels.dequantise`. */
export function dequantise(
  memory: KernelMemory,
  dtype: DtypeId,
  codes: number,
  count: number,
  step: number,
  maxCode: number,
  dst: number,
): number {
  const { i32, u16 } = memory, values = dtype === F64 ? memory.f64 : memory.f32;
  const from = codes >>> 2, to = dst >>> dtype;
  let bad = 0;
  for (let i = 0; i < count; i++) {
    const q = i32[from + i]!;
    if (q > maxCode || q < -maxCode) bad = 1;
    if (dtype === F16) u16[to + i] = f16BitsOf(q * step);
    else values[to + i] = q * step;
  }
  return bad;
}
