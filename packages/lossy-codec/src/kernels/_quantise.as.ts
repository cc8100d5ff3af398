// The bounded quantiser of f32, and of f16 as f32: spec in kernels.ts. See plain_quantise.ts for the definition in scalar form.

import { kept4 } from "./_constant.as";
import { expand4, shrink4 } from "./_half.as";

/** As in kernels.ts. */
@inline
const F16: i32 = 1;

/** 1.5 * 2^23: a float of this size has unit 1, so that adding it rounds to a whole number, ties to even. */
const ROUND: f32 = 12582912;
const ROUND_BITS: i32 = 0x4b400000;

/**
 * Codes of four values. Where |x / step| is 2^22 or more, NaN or infinite, the pattern of `shifted` is so far from that of
 * ROUND that the code comes out beyond 2^21 in magnitude, hence beyond every `maxCode`.
 */
@inline
function codes4(x: v128, reciprocal: v128, step: v128, half: v128): v128 {
  const shifted = f32x4.add(f32x4.mul(x, reciprocal), f32x4.splat(ROUND));
  const q = i32x4.sub(shifted, i32x4.splat(ROUND_BITS));
  const rest = f32x4.sub(x, f32x4.mul(f32x4.sub(shifted, f32x4.splat(ROUND)), step));
  // At a distance of exactly half a step an odd code moves on: for it the limit is the float below half a step.
  const limit = i32x4.sub(half, v128.and(q, i32x4.splat(1)));
  // A comparison gives -1 where it holds.
  return i32x4.add(i32x4.sub(q, f32x4.gt(rest, limit)), f32x4.gt(f32x4.neg(rest), limit));
}

@inline
function errors4(x: v128, q: v128, step: v128, f16: bool): v128 {
  let restored = f32x4.mul(f32x4.convert_i32x4_s(q), step);
  if (f16) restored = expand4(shrink4(restored));
  return f32x4.abs(f32x4.sub(x, restored));
}

function leastLane(v: v128): i32 {
  const two = i32x4.min_s(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return min(i32x4.extract_lane(two, 0), i32x4.extract_lane(two, 1));
}

/** Complements are in the opposite order. */
function greatestLane(v: v128): i32 {
  return ~leastLane(v128.not(v));
}

export function quantise(
  dtype: i32, src: usize, uniqueRows: usize, n: i32, d: usize, wideStep: f64, maxCode: f64, errorBound: f64, codes: usize,
  escapes: usize, result: usize,
): void {
  const f16 = dtype == F16, step = <f32> wideStep;
  // Nothing overflows below, so that infinity never stands for a product next to it.
  const top = i32x4.splat(<i32> min(maxCode, floor(<f64> f32.MAX_VALUE / wideStep) - 1)), bottom = i32x4.neg(top);
  const steps = f32x4.splat(step), reciprocal = f32x4.splat(1 / step), half = f32x4.splat(step / 2);
  const bound = f32x4.splat(<f32> errorBound);
  const lowest = i32x4.splat(i32.MAX_VALUE), highest = v128.not(lowest);
  let least = lowest, greatest = highest, error = f32x4.splat(0);
  const round = kept4(ROUND_BITS, n), absolute = kept4(i32.MAX_VALUE, n);
  let escaped = 0;
  const rowBytes = d << 2;
  for (let i = 0; i < n; i++, codes += rowBytes) {
    const row = src + <usize> load<u32>(uniqueRows + (<usize> i << 2)) * rowBytes;
    let rowLeast = lowest, rowGreatest = highest, rowError = f32x4.splat(0);
    let at: usize = 0;
    if (!f16) {
      // Without the correction, which hardly ever changes anything: then all distances are below half a step, and the errors.
      for (; at + 32 <= rowBytes; at += 32) {
        const x = v128.load(row + at), y = v128.load(row + at, 16);
        const shiftedX = f32x4.add(f32x4.mul(x, reciprocal), round), shiftedY = f32x4.add(f32x4.mul(y, reciprocal), round);
        const restX = f32x4.sub(x, f32x4.mul(f32x4.sub(shiftedX, round), steps));
        const restY = f32x4.sub(y, f32x4.mul(f32x4.sub(shiftedY, round), steps));
        const p = i32x4.sub(shiftedX, round), q = i32x4.sub(shiftedY, round);
        rowError = f32x4.pmax(rowError, f32x4.pmax(v128.and(restX, absolute), v128.and(restY, absolute)));
        rowLeast = i32x4.min_s(rowLeast, i32x4.min_s(p, q));
        rowGreatest = i32x4.max_s(rowGreatest, i32x4.max_s(p, q));
        v128.store(codes + at, p);
        v128.store(codes + at, q, 16);
      }
      if (v128.any_true(f32x4.ge(rowError, half))) {
        at = 0;
        rowLeast = lowest;
        rowGreatest = highest;
        rowError = f32x4.splat(0);
      }
    }
    while (at < rowBytes) {
      // The last one to three are done as vectors of one value each.
      const full = at + 16 <= rowBytes, x = full ? v128.load(row + at) : v128.load32_splat(row + at);
      const q = codes4(x, reciprocal, steps, half);
      if (full) v128.store(codes + at, q);
      else v128.store32_lane(codes + at, q, 0);
      // pmax passes over NaN, but its code is out of range.
      rowError = f32x4.pmax(rowError, errors4(x, q, steps, f16));
      rowLeast = i32x4.min_s(rowLeast, q);
      rowGreatest = i32x4.max_s(rowGreatest, q);
      at += full ? 16 : 4;
    }
    const bad = v128.or(
      v128.or(i32x4.gt_s(rowGreatest, top), i32x4.lt_s(rowLeast, bottom)),
      f32x4.gt(rowError, bound),
    );
    const escape = v128.any_true(bad);
    store<u8>(escapes + i, escape);
    if (escape) {
      escaped++;
      memory.fill(codes, 0, rowBytes);
    } else {
      error = f32x4.pmax(error, rowError);
      least = i32x4.min_s(least, rowLeast);
      greatest = i32x4.max_s(greatest, rowGreatest);
    }
  }
  const none = escaped == n;
  // Patterns of floats that are not negative are in their order.
  store<f64>(result, reinterpret<f32>(greatestLane(error)));
  store<f64>(result, escaped, 8);
  store<f64>(result, none ? 0 : leastLane(least), 16);
  store<f64>(result, none ? 0 : greatestLane(greatest), 24);
}

export function dequantise(dtype: i32, codes: usize, count: i32, step: f64, maxCode: i32, dst: usize): i32 {
  const end = codes + (<usize> count << 2), steps = f32x4.splat(<f32> step), size: usize = dtype == F16 ? 2 : 4;
  let least = i32x4.splat(0), greatest = least;
  // The common case apart: loops cost a check for interrupts each time.
  for (; dtype != F16 && codes + 64 <= end; codes += 64, dst += 64) {
    const a = v128.load(codes), b = v128.load(codes, 16), c = v128.load(codes, 32), d = v128.load(codes, 48);
    least = i32x4.min_s(least, i32x4.min_s(i32x4.min_s(a, b), i32x4.min_s(c, d)));
    greatest = i32x4.max_s(greatest, i32x4.max_s(i32x4.max_s(a, b), i32x4.max_s(c, d)));
    v128.store(dst, f32x4.mul(f32x4.convert_i32x4_s(a), steps));
    v128.store(dst, f32x4.mul(f32x4.convert_i32x4_s(b), steps), 16);
    v128.store(dst, f32x4.mul(f32x4.convert_i32x4_s(c), steps), 32);
    v128.store(dst, f32x4.mul(f32x4.convert_i32x4_s(d), steps), 48);
  }
  while (codes < end) {
    const full = codes + 16 <= end, q = full ? v128.load(codes) : v128.load32_splat(codes);
    least = i32x4.min_s(least, q);
    greatest = i32x4.max_s(greatest, q);
    let x = f32x4.mul(f32x4.convert_i32x4_s(q), steps);
    if (dtype == F16) {
      x = shrink4(x);
      x = i16x8.narrow_i32x4_u(x, x);
      if (full) v128.store64_lane(dst, x, 0);
      else v128.store16_lane(dst, x, 0);
    } else if (full) v128.store(dst, x);
    else v128.store32_lane(dst, x, 0);
    codes += full ? 16 : 4;
    dst += full ? size << 2 : size;
  }
  return greatestLane(greatest) > maxCode || leastLane(least) < -maxCode ? 1 : 0;
}
