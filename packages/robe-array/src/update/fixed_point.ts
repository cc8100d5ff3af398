/**
 * The scale of fixed-point sums.
 *
 * @module
 */

/** Bits of the largest magnitudes of one part of an update; `undefined`: all are 1. */
export interface LargestMagnitudes {
  readonly gradients: number;
  readonly weights: number | undefined;
  readonly scale: number | undefined;
}

/** Numbers of addends below 2 to this power count as many: a single one then fits into 52 bits, as CPU kernels need. */
export const LEAST_COUNT_BITS = 11;

/** Least `e` such that floats whose magnitude has these bits are below 2^e; subnormal ones count as the least normal. */
function exponentOf(bits: number): number {
  return Math.max(1, bits >>> 23) - 126;
}

/**
 * 2^s, such that the sum of `addends` terms fits into 64 bits: with all terms below 2^e, s = 62 - e -
 * max(11, log2(addends)). NaN where a gradient, weight or scale is not finite.
 */
export function fixedPointUnit(addends: number, parts: readonly LargestMagnitudes[]): number {
  let e = -Infinity;
  for (const { gradients, weights, scale } of parts) {
    const factors = [weights, scale].filter((value) => value !== undefined && value !== 0) as number[];
    if ([gradients, ...factors].some((value) => value >>> 23 === 255)) return NaN;
    // Where all factors are zero any exponent does, as all products are zero.
    e = Math.max(e, factors.reduce((sum, value) => sum + exponentOf(value), exponentOf(gradients)));
  }
  if (e === -Infinity) return 1;
  return 2 ** (62 - e - Math.max(LEAST_COUNT_BITS, countBits(addends)));
}

/** Least `c` such that `count < 2^c`. */
export function countBits(count: number): number {
  return 32 - Math.clz32(count);
}
