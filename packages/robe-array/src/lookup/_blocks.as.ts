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

// Choices are types, as the compiler keeps code for each type apart, but not for each constant: E is f32 or, for f16,
// u16. S is signed where elements have signs. P is f32 where a row is added to a bag, times `factor`, and i32 where it is
// copied. U stands for the elements that are handled at once: see unit().

/** Elements that are handled at once. */
// @ts-ignore: decorator
@inline
export function unit<U>(): usize {
  return sizeof<U>() >= 8 ? sizeof<U>() * 2 : sizeof<U>();
}

// @ts-ignore: decorator
@inline
function signed<S>(values: v128, word: v128, bit: i32): v128 {
  return isSigned<S>() ? negate(values, word, bit) : values;
}

// @ts-ignore: decorator
@inline
export function put4<E, S, P>(to: usize, from: usize, word: v128, bit: i32, factor: v128): void {
  const a = signed<S>(load4<E>(from), word, bit);
  v128.store(to, isFloat<P>() ? f32x4.add(v128.load(to), f32x4.mul(factor, a)) : a);
}

/** Sixteen elements; offsets are constants of the instructions, which saves an addition each. */
// @ts-ignore: decorator
@inline
export function put16<E, S, P>(to: usize, from: usize, word: v128, bit: i32, factor: v128): void {
  const a = signed<S>(sizeof<E>() == 4 ? v128.load(from) : widen(v128.load_ext<u16>(from)), word, bit);
  const b = signed<S>(sizeof<E>() == 4 ? v128.load(from, 16) : widen(v128.load_ext<u16>(from, 8)), word, bit + 4);
  const c = signed<S>(sizeof<E>() == 4 ? v128.load(from, 32) : widen(v128.load_ext<u16>(from, 16)), word, bit + 8);
  const d = signed<S>(sizeof<E>() == 4 ? v128.load(from, 48) : widen(v128.load_ext<u16>(from, 24)), word, bit + 12);
  v128.store(to, isFloat<P>() ? f32x4.add(v128.load(to), f32x4.mul(factor, a)) : a);
  v128.store(to, isFloat<P>() ? f32x4.add(v128.load(to, 16), f32x4.mul(factor, b)) : b, 16);
  v128.store(to, isFloat<P>() ? f32x4.add(v128.load(to, 32), f32x4.mul(factor, c)) : c, 32);
  v128.store(to, isFloat<P>() ? f32x4.add(v128.load(to, 48), f32x4.mul(factor, d)) : d, 48);
}
