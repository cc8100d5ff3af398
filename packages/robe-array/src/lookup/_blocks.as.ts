// Phase 2 of a look-up: what is done with the elements of a block, in units of 16 or 4 elements or one by one.

// Constants, 16 bytes each, from the address `constants` on.
const FLIP: usize = 0, LANES: usize = 16, KEEP: usize = 32, SCALE: usize = 48, LIMIT: usize = 64, HUGE: usize = 80;

/** Puts the constants where the functions here look for them: 96 bytes. */
export function prepareBlocks(constants: usize): void {
  v128.store(constants + FLIP, i32x4.splat(0x80000000));
  v128.store(constants + LANES, i32x4(8, 4, 2, 1));
  v128.store(constants + KEEP, i32x4.splat(0x8fffe000));
  v128.store(constants + SCALE, f32x4.splat(reinterpret<f32>(0x77800000))); // 2^112
  v128.store(constants + LIMIT, f32x4.splat(4294967296.0)); // 65536 squared
  v128.store(constants + HUGE, i32x4.splat(0x7f800000));
}

/** f16 in lanes, sign-extended, as f32, exactly: subnormal ones, infinities and NaN too. */
// @ts-ignore: decorator
@inline
function widen(halves: v128, constants: usize): v128 {
  // Exponent and mantissa move to where f32 has them; the sign, which stands in all bits above, stays in the first.
  const scaled = v128.and(i32x4.shl(halves, 13), v128.load(constants, KEEP));
  const finite = f32x4.mul(scaled, v128.load(constants, SCALE));
  const huge = f32x4.ge(f32x4.mul(finite, finite), v128.load(constants, LIMIT));
  return v128.or(finite, v128.and(huge, v128.load(constants, HUGE)));
}

/** Four elements of the array as f32; f16 are u16 here. */
// @ts-ignore: decorator
@inline
export function load4<E>(at: usize, constants: usize): v128 {
  return sizeof<E>() == 4 ? v128.load(at) : widen(v128.load_ext<i16>(at), constants);
}

// @ts-ignore: decorator
@inline
export function load1<E>(at: usize, constants: usize): f32 {
  return sizeof<E>() == 4 ? load<f32>(at) : f32x4.extract_lane(widen(i32x4.splat(load<i16>(at)), constants), 0);
}

/**
 * Four elements as f32, of blocks of sizeof<Z>() elements: the `quad`-th four of those whose addresses stand at `starts`,
 * `stride` bytes apart.
 */
// @ts-ignore: decorator
@inline
export function gather4<E, Z>(starts: usize, stride: usize, quad: usize, constants: usize): v128 {
  if (sizeof<Z>() >= 4) {
    const block = <usize>load<u32>(starts + (quad * 4 / sizeof<Z>()) * stride);
    return load4<E>(block + (quad * 4 % sizeof<Z>()) * sizeof<E>(), constants);
  }
  const first = starts + (quad * 4 / sizeof<Z>()) * stride;
  const a = <usize>load<u32>(first), b = <usize>load<u32>(first + stride);
  if (sizeof<Z>() == 2) {
    if (sizeof<E>() == 4) return v128.load_lane<u64>(b, v128.load_zero<u64>(a), 1);
    return widen(i32x4.extend_low_i16x8_s(v128.load_lane<u32>(b, v128.load_zero<u32>(a), 1)), constants);
  }
  const c = <usize>load<u32>(first + 2 * stride), d = <usize>load<u32>(first + 3 * stride);
  if (sizeof<E>() == 4) {
    const ab = v128.load_lane<u32>(b, v128.load_zero<u32>(a), 1), cd = v128.load_lane<u32>(d, v128.load_zero<u32>(c), 1);
    return v128.shuffle<u64>(ab, cd, 0, 2);
  }
  return widen(four(<i32>load<i16>(a), <i32>load<i16>(b), <i32>load<i16>(c), <i32>load<i16>(d)), constants);
}

// @ts-ignore: decorator
@inline
function four(a: i32, b: i32, c: i32, d: i32): v128 {
  return i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(a), 1, b), 2, c), 3, d);
}

/** Bit 28 + lane of each lane moves to its sign bit, so shifting this left by 28 - i puts bit i + lane there. */
// @ts-ignore: decorator
@inline
export function spread(word: u32, constants: usize): v128 {
  return i32x4.mul(i32x4.splat(word), v128.load(constants, LANES));
}

/** Negates the lanes whose bit, from bit `bit` of the word on, is set. */
// @ts-ignore: decorator
@inline
function negate(values: v128, spreadWord: v128, bit: i32, flip: v128): v128 {
  return v128.xor(values, v128.and(i32x4.shl(spreadWord, 28 - bit), flip));
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
function signed<S>(values: v128, word: v128, bit: i32, flip: v128): v128 {
  return isSigned<S>() ? negate(values, word, bit, flip) : values;
}

// @ts-ignore: decorator
@inline
export function put4<E, S, P>(to: usize, from: usize, word: v128, factor: v128, constants: usize): void {
  const a = signed<S>(load4<E>(from, constants), word, 0, v128.load(constants, FLIP));
  v128.store(to, isFloat<P>() ? f32x4.add(v128.load(to), f32x4.mul(factor, a)) : a);
}

/** Writes sixteen elements; offsets are constants of the instructions, which saves an addition each. */
// @ts-ignore: decorator
@inline
function store16<P>(to: usize, a: v128, b: v128, c: v128, d: v128, factor: v128): void {
  v128.store(to, isFloat<P>() ? f32x4.add(v128.load(to), f32x4.mul(factor, a)) : a);
  v128.store(to, isFloat<P>() ? f32x4.add(v128.load(to, 16), f32x4.mul(factor, b)) : b, 16);
  v128.store(to, isFloat<P>() ? f32x4.add(v128.load(to, 32), f32x4.mul(factor, c)) : c, 32);
  v128.store(to, isFloat<P>() ? f32x4.add(v128.load(to, 48), f32x4.mul(factor, d)) : d, 48);
}

/** Sixteen elements. */
// @ts-ignore: decorator
@inline
export function put16<E, S, P>(to: usize, from: usize, word: v128, bit: i32, factor: v128, constants: usize): void {
  const flip = v128.load(constants, FLIP), wide = sizeof<E>() == 4;
  const a = wide ? v128.load(from) : widen(v128.load_ext<i16>(from), constants);
  const b = wide ? v128.load(from, 16) : widen(v128.load_ext<i16>(from, 8), constants);
  const c = wide ? v128.load(from, 32) : widen(v128.load_ext<i16>(from, 16), constants);
  const d = wide ? v128.load(from, 48) : widen(v128.load_ext<i16>(from, 24), constants);
  store16<P>(
    to,
    signed<S>(a, word, bit, flip),
    signed<S>(b, word, bit + 4, flip),
    signed<S>(c, word, bit + 8, flip),
    signed<S>(d, word, bit + 12, flip),
    factor,
  );
}

/** Sixteen elements of blocks of sizeof<Z>() elements. */
// @ts-ignore: decorator
@inline
export function gather16<E, S, P, Z>(
  to: usize, starts: usize, stride: usize, word: v128, factor: v128, constants: usize,
): void {
  const flip = v128.load(constants, FLIP);
  store16<P>(
    to,
    signed<S>(gather4<E, Z>(starts, stride, 0, constants), word, 0, flip),
    signed<S>(gather4<E, Z>(starts, stride, 1, constants), word, 4, flip),
    signed<S>(gather4<E, Z>(starts, stride, 2, constants), word, 8, flip),
    signed<S>(gather4<E, Z>(starts, stride, 3, constants), word, 12, flip),
    factor,
  );
}
