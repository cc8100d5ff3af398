// Phase 2 of a look-up: what is done with the elements of a block, in units of 16 or 4 elements or one by one.

/** f16 in lanes, sign-extended, as f32, exactly: subnormal ones, infinities and NaN too. */
// @ts-ignore: decorator
@inline
function widen(halves: v128): v128 {
  // Exponent and mantissa move to where f32 has them; the sign, which stands in all bits above, stays in the first.
  const scaled = v128.and(i32x4.shl(halves, 13), i32x4.splat(0x8fffe000));
  const finite = f32x4.mul(scaled, f32x4.splat(reinterpret<f32>(0x77800000))); // 2^112
  const huge = f32x4.ge(f32x4.abs(finite), f32x4.splat(65536));
  return v128.or(finite, v128.and(huge, i32x4.splat(0x7f800000)));
}

/** Four elements of the array as f32; f16 are u16 here. */
// @ts-ignore: decorator
@inline
export function load4<E>(at: usize): v128 {
  return sizeof<E>() == 4 ? v128.load(at) : widen(v128.load_ext<i16>(at));
}

// @ts-ignore: decorator
@inline
export function load1<E>(at: usize): f32 {
  return sizeof<E>() == 4 ? load<f32>(at) : f32x4.extract_lane(widen(i32x4.splat(load<i16>(at))), 0);
}

/**
 * Four elements as f32, of blocks of sizeof<Z>() elements: the `quad`-th four of those whose addresses stand at `starts`,
 * `stride` bytes apart.
 */
// @ts-ignore: decorator
@inline
export function gather4<E, Z>(starts: usize, stride: usize, quad: usize): v128 {
  if (sizeof<Z>() >= 4) {
    return load4<E>(<usize>load<u32>(starts + (quad * 4 / sizeof<Z>()) * stride) + (quad * 4 % sizeof<Z>()) * sizeof<E>());
  }
  const first = starts + (quad * 4 / sizeof<Z>()) * stride, a = <usize>load<u32>(first), b = <usize>load<u32>(first + stride);
  if (sizeof<Z>() == 2) {
    if (sizeof<E>() == 4) return v128.load_lane<u64>(b, v128.load_zero<u64>(a), 1);
    return widen(i32x4.extend_low_i16x8_s(v128.load_lane<u32>(b, v128.load_zero<u32>(a), 1)));
  }
  const c = <usize>load<u32>(first + 2 * stride), d = <usize>load<u32>(first + 3 * stride);
  if (sizeof<E>() == 4) {
    const ab = v128.load_lane<u32>(b, v128.load_zero<u32>(a), 1), cd = v128.load_lane<u32>(d, v128.load_zero<u32>(c), 1);
    return i64x2.shuffle(ab, cd, 0, 2);
  }
  const halves = four(<i32>load<i16>(a), <i32>load<i16>(b), <i32>load<i16>(c), <i32>load<i16>(d));
  return widen(halves);
}

// @ts-ignore: decorator
@inline
function four(a: i32, b: i32, c: i32, d: i32): v128 {
  return i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(a), 1, b), 2, c), 3, d);
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
// copied. U stands for the elements that are handled at once: see unit(). It is signed, and called Z too, where these are
// sixteen that lie in blocks of sizeof<Z>().

/** Elements that are handled at once. */
// @ts-ignore: decorator
@inline
export function unit<U>(): usize {
  return isSigned<U>() ? 16 : sizeof<U>() >= 8 ? sizeof<U>() * 2 : sizeof<U>();
}

// @ts-ignore: decorator
@inline
function signed<S>(values: v128, word: v128, bit: i32): v128 {
  return isSigned<S>() ? negate(values, word, bit) : values;
}

// @ts-ignore: decorator
@inline
export function put4<E, S, P>(to: usize, from: usize, word: v128, bit: i32, factor: v128): void {
  putValues<S, P>(to, load4<E>(from), word, bit, factor);
}

// @ts-ignore: decorator
@inline
function putValues<S, P>(to: usize, values: v128, word: v128, bit: i32, factor: v128): void {
  const a = signed<S>(values, word, bit);
  v128.store(to, isFloat<P>() ? f32x4.add(v128.load(to), f32x4.mul(factor, a)) : a);
}

/** Sixteen elements; offsets are constants of the instructions, which saves an addition each. */
// @ts-ignore: decorator
@inline
export function put16<E, S, P>(to: usize, from: usize, word: v128, bit: i32, factor: v128): void {
  const a = signed<S>(sizeof<E>() == 4 ? v128.load(from) : widen(v128.load_ext<i16>(from)), word, bit);
  const b = signed<S>(sizeof<E>() == 4 ? v128.load(from, 16) : widen(v128.load_ext<i16>(from, 8)), word, bit + 4);
  const c = signed<S>(sizeof<E>() == 4 ? v128.load(from, 32) : widen(v128.load_ext<i16>(from, 16)), word, bit + 8);
  const d = signed<S>(sizeof<E>() == 4 ? v128.load(from, 48) : widen(v128.load_ext<i16>(from, 24)), word, bit + 12);
  v128.store(to, isFloat<P>() ? f32x4.add(v128.load(to), f32x4.mul(factor, a)) : a);
  v128.store(to, isFloat<P>() ? f32x4.add(v128.load(to, 16), f32x4.mul(factor, b)) : b, 16);
  v128.store(to, isFloat<P>() ? f32x4.add(v128.load(to, 32), f32x4.mul(factor, c)) : c, 32);
  v128.store(to, isFloat<P>() ? f32x4.add(v128.load(to, 48), f32x4.mul(factor, d)) : d, 48);
}

/** Sixteen elements of blocks of sizeof<Z>() elements. */
// @ts-ignore: decorator
@inline
export function gather16<E, S, P, Z>(to: usize, starts: usize, stride: usize, word: v128, factor: v128): void {
  putValues<S, P>(to, gather4<E, Z>(starts, stride, 0), word, 0, factor);
  putValues<S, P>(to + 16, gather4<E, Z>(starts, stride, 1), word, 4, factor);
  putValues<S, P>(to + 32, gather4<E, Z>(starts, stride, 2), word, 8, factor);
  putValues<S, P>(to + 48, gather4<E, Z>(starts, stride, 3), word, 12, factor);
}
