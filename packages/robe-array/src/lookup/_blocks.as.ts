// Phase 2 of a look-up: what is done with the elements of a block, in units of 16 or 4 elements or one by one.

/** f16 in the low halves of lanes as f32, exactly: subnormal ones, infinities and NaN too. */
// @ts-ignore: decorator
@inline
function widen(halves: v128): v128 {
  const magnitude = i32x4.shl(v128.and(halves, i32x4.splat(0x7fff)), 13);
  const finite = f32x4.mul(magnitude, f32x4.splat(reinterpret<f32>(0x77800000))); // 2^112
  const huge = v128.and(i32x4.ge_s(magnitude, i32x4.splat(0x7c00 << 13)), i32x4.splat(0x7f800000));
  return v128.or(v128.or(finite, huge), i32x4.shl(v128.and(halves, i32x4.splat(0x8000)), 16));
}

/** Four elements of the array as f32; f16 are u16 here. */
// @ts-ignore: decorator
@inline
export function load4<E>(at: usize): v128 {
  return sizeof<E>() == 4 ? v128.load(at) : widen(v128.load_ext<u16>(at));
}

// @ts-ignore: decorator
@inline
export function load1<E>(at: usize): f32 {
  return sizeof<E>() == 4 ? load<f32>(at) : f32x4.extract_lane(widen(i32x4.splat(load<u16>(at))), 0);
}

/** Bit 28 + lane of each lane moves to its sign bit, so shifting this left by 28 - i puts bit i + lane there. */
// @ts-ignore: decorator
@inline
export function spread(word: u32): v128 {
  return i32x4.mul(i32x4.splat(word), i32x4(8, 4, 2, 1));
}

/** Negates the lanes whose bit, from bit `bit` of the word on, is set. */
// @ts-ignore: decorator
@inline
export function negate(values: v128, spreadWord: v128, bit: i32): v128 {
  return v128.xor(values, v128.and(i32x4.shl(spreadWord, 28 - bit), i32x4.splat(0x80000000)));
}

/** Stores the values, or where `pooled` adds their product with `factor` to what is there. */
// @ts-ignore: decorator
@inline
export function put(to: usize, values: v128, pooled: bool, factor: v128): void {
  v128.store(to, pooled ? f32x4.add(v128.load(to), f32x4.mul(factor, values)) : values);
}

// @ts-ignore: decorator
@inline
export function put4<E>(to: usize, from: usize, signed: bool, word: v128, bit: i32, pooled: bool, factor: v128): void {
  let values = load4<E>(from);
  if (signed) values = negate(values, word, bit);
  put(to, values, pooled, factor);
}

// @ts-ignore: decorator
@inline
export function put16<E>(to: usize, from: usize, signed: bool, word: v128, bit: i32, pooled: bool, factor: v128): void {
  put4<E>(to, from, signed, word, bit, pooled, factor);
  put4<E>(to + 16, from + 4 * sizeof<E>(), signed, word, bit + 4, pooled, factor);
  put4<E>(to + 32, from + 8 * sizeof<E>(), signed, word, bit + 8, pooled, factor);
  put4<E>(to + 48, from + 12 * sizeof<E>(), signed, word, bit + 12, pooled, factor);
}
