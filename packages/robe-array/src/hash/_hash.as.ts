// The hashes of mix32.ts and affine.ts, bit for bit.

/** The factors of mix(). */
export const MIX_FIRST: u32 = 0x7feb352d, MIX_SECOND: u32 = 0x846ca68b;

/** See mix() of mix32.ts. */
@inline
export function mix(value: u32): u32 {
  let h = value;
  h = (h ^ (h >>> 16)) * MIX_FIRST;
  h = (h ^ (h >>> 15)) * MIX_SECOND;
  return h ^ (h >>> 16);
}

@inline
export function rowHash(x: u32, multiplier: u32, summand: u32): u32 {
  return mix(x * multiplier + summand);
}

@inline
export function blockHash(row: u32, k: u32): u32 {
  return mix(row + k * 0x9e3779b1);
}

@inline
export function signWord(row: u32, word: u32): u32 {
  return mix(row ^ (word * 0xc2b2ae35 + 0x5bd1e995));
}

/** (cx x + ck k + constant) mod prime; cx, ck, constant < prime < 2^31, so that the sum stays below 2^64. */
@inline
export function affine(cx: u32, x: u32, ck: u32, k: u32, constant: u32, prime: u32): u32 {
  return <u32> ((<u64> cx * x + <u64> ck * k + constant) % prime);
}

/** See affineSignWord() of affine.ts; `ck` is the coefficient of the element's index. */
@inline
export function affineSignWord(cx: u32, x: u32, ck: u32, word: u32, constant: u32, prime: u32): u32 {
  let h = affine(cx, x, ck, word << 5, constant, prime), bits: u32 = 0;
  for (let i: u32 = 0; i < 32; i++) {
    bits |= (~h & 1) << i;
    h += ck; // below 2^32, as both are below 2^31
    h = min(h, h - prime);
  }
  return bits;
}

/** mix() of four; the factors come four times each, so that loops keep them in registers. */
@inline
export function mix4(value: v128, first: v128, second: v128): v128 {
  let h = i32x4.mul(v128.xor(value, i32x4.shr_u(value, 16)), first);
  h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 15)), second);
  return v128.xor(h, i32x4.shr_u(h, 16));
}

/** floor(2^32 / modulus) for modulo4(); 2^32 itself has no room in a word, and 2^32 - 1 does as well there. */
@inline
export function reciprocal(modulus: u32): u32 {
  return modulus == 1 ? 0xffffffff : <u32> (0x100000000 / <u64> modulus);
}

/**
 * Four values mod `modulus`, which is at most 2^30. With R = floor(2^32 / m) the quotient floor(v R / 2^32) is the right one
 * or one less, as v / m - v R / 2^32 < v / 2^32 < 1; so the rest is below 2 m and one subtraction mends it.
 */
@inline
export function modulo4(values: v128, modulus: v128, reciprocals: v128): v128 {
  const low = i64x2.extmul_low_i32x4_u(values, reciprocals), high = i64x2.extmul_high_i32x4_u(values, reciprocals);
  const quotient = v128.shuffle<i32>(low, high, 1, 3, 5, 7);
  const rest = i32x4.sub(values, i32x4.mul(quotient, modulus));
  // rest < 2 modulus: below 2^32 as modulus < 2^31
  return i32x4.min_u(rest, i32x4.sub(rest, modulus));
}
