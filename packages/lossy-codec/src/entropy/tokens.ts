/**
 * Integers as tokens of an alphabet of at most 256, followed by raw bits.
 *
 * @module
 */

/** Greatest token of the hybrid alphabet: that of z = 2^32 - 1. */
export const HYBRID_MAX_TOKEN = 167;

/** Maps integers to unsigned ones such that small magnitudes stay small: 0, -1, 1, -2, 2 become 0, 1, 2, 3, 4. */
export function zigzag(q: number): number {
  return ((q << 1) ^ (q >> 31)) >>> 0;
}

/** Inverts {@linkcode zigzag}. */
export function unzigzag(z: number): number {
  return (z >>> 1) ^ -(z & 1);
}

/** The hybrid token of a u32: itself below 64, else its exponent and the two bits below the leading one. */
export function hybridToken(z: number): number {
  if (z >>> 0 < 64) return z;
  const e = 31 - Math.clz32(z);
  return 64 + (e - 6) * 4 + ((z >>> (e - 2)) & 3);
}

/** Raw bits that follow a hybrid token: 0, or 4 to 29. */
export function hybridRawBits(token: number): number {
  return token < 64 ? 0 : (token >> 2) - 12;
}

/** Least u32 with this hybrid token. */
export function hybridBase(token: number): number {
  return token < 64 ? token : ((4 + (token & 3)) << ((token >> 2) - 12)) >>> 0;
}
