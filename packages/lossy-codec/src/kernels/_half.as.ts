// Half precision in vectors of four. See plain_range.ts.

/** f16 bit patterns in u32 lanes to f32, one to one; upper halves do not count. */
export function expand4(half: v128): v128 {
  const magnitude = v128.and(half, i32x4.splat(0x7fff)), moved = i32x4.shl(magnitude, 13);
  // The multiplication mends the bias of the exponent, of subnormals too; infinities and NaN keep their payload instead.
  const finite = f32x4.mul(moved, f32x4.splat(5.192296858534828e33)); // 2^112
  const special = v128.or(moved, i32x4.splat(0x7f800000));
  const value = v128.bitselect(special, finite, i32x4.ge_s(magnitude, i32x4.splat(0x7c00)));
  return v128.or(value, i32x4.shl(v128.andnot(half, i32x4.splat(0x7fff)), 16));
}

/** f32 (no NaN) to f16 bit patterns in u32 lanes, to nearest, ties to even. */
export function shrink4(value: v128): v128 {
  const magnitude = v128.and(value, i32x4.splat(0x7fffffff));
  // Rounds the 13 bits off by a carry, which may run up to infinity; what is larger is infinity as well.
  const odd = v128.and(i32x4.shr_u(magnitude, 13), i32x4.splat(1));
  const rounded = i32x4.shr_u(i32x4.add(i32x4.add(magnitude, odd), i32x4.splat(0xfff - (112 << 23))), 13);
  const normal = i32x4.min_u(rounded, i32x4.splat(0x7c00));
  // Below 2^-14 the unit is 2^-24, which is the unit of f32 at 0.5: the addition rounds.
  const subnormal = v128.xor(f32x4.add(magnitude, f32x4.splat(0.5)), i32x4.splat(0x3f000000));
  const result = v128.bitselect(subnormal, normal, i32x4.lt_s(magnitude, i32x4.splat(0x38800000)));
  return v128.or(result, v128.and(i32x4.shr_u(value, 16), i32x4.splat(0x8000)));
}

export function expandF16(src: usize, count: i32, dst: usize): void {
  const end = dst + (<usize> count << 2);
  for (; dst + 16 <= end; dst += 16, src += 8) v128.store(dst, expand4(v128.load16x4_u(src)));
  for (; dst < end; dst += 4, src += 2) v128.store32_lane(dst, expand4(v128.load16_splat(src)), 0);
}
