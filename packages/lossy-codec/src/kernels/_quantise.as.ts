// The bounded quantiser: spec in kernels.ts. See plain_quantise.ts for the definition in scalar form.

import { kept4 } from "./_constant.as";
import { F16, F32, F64 } from "./_dtype.as";
import { expand4, shrink4 } from "./_half.as";

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

@inline
function leastLane(v: v128): i32 {
  const two = i32x4.min_s(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return min(i32x4.extract_lane(two, 0), i32x4.extract_lane(two, 1));
}

@inline
function greatestLane(v: v128): i32 {
  const two = i32x4.max_s(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return max(i32x4.extract_lane(two, 0), i32x4.extract_lane(two, 1));
}

/** Writes the result of `quantise` and `roundMantissa`. */
export function report(result: usize, error: f64, escaped: i32, least: i32, greatest: i32, rows: i32): void {
  const none = escaped == rows;
  store<f64>(result, error);
  store<f64>(result + 8, escaped);
  store<f64>(result + 16, none ? 0 : least);
  store<f64>(result + 24, none ? 0 : greatest);
}

function quantiseF32(
  f16: bool, src: usize, uniqueRows: usize, n: i32, d: usize, step: f32, maxCode: i32, errorBound: f32, codes: usize,
  escapes: usize, result: usize,
): void {
  const steps = f32x4.splat(step), reciprocal = f32x4.splat(1 / step), half = f32x4.splat(step / 2);
  const top = i32x4.splat(maxCode), bottom = i32x4.splat(-maxCode), bound = f32x4.splat(errorBound);
  let least = i32x4.splat(i32.MAX_VALUE), greatest = i32x4.splat(i32.MIN_VALUE), error = f32x4.splat(0);
  const round = kept4(ROUND_BITS, n), absolute = kept4(i32.MAX_VALUE, n);
  const highestGood = i32x4.add(top, round), lowestGood = i32x4.add(bottom, round);
  let escaped = 0;
  const rowBytes = d << 2;
  for (let i = 0; i < n; i++, codes += rowBytes) {
    const row = src + <usize> load<u32>(uniqueRows + (<usize> i << 2)) * rowBytes;
    let rowLeast = i32x4.splat(i32.MAX_VALUE), rowGreatest = i32x4.splat(i32.MIN_VALUE), rowError = f32x4.splat(0);
    let at: usize = 0;
    if (!f16) {
      // Without the correction, which hardly ever changes anything: then all distances are below half a step, and the errors.
      // Least and greatest are patterns of floats here, in their order as long as they are near ROUND.
      let lowest = i32x4.splat(i32.MAX_VALUE), highest = i32x4.splat(0);
      for (; at + 32 <= rowBytes; at += 32) {
        const x = v128.load(row + at), y = v128.load(row + at, 16);
        const shiftedX = f32x4.add(f32x4.mul(x, reciprocal), round), shiftedY = f32x4.add(f32x4.mul(y, reciprocal), round);
        const restX = f32x4.sub(x, f32x4.mul(f32x4.sub(shiftedX, round), steps));
        const restY = f32x4.sub(y, f32x4.mul(f32x4.sub(shiftedY, round), steps));
        rowError = f32x4.pmax(rowError, f32x4.pmax(v128.and(restX, absolute), v128.and(restY, absolute)));
        lowest = i32x4.min_s(lowest, i32x4.min_s(shiftedX, shiftedY));
        highest = i32x4.max_s(highest, i32x4.max_s(shiftedX, shiftedY));
        v128.store(codes + at, i32x4.sub(shiftedX, round));
        v128.store(codes + at, i32x4.sub(shiftedY, round), 16);
      }
      const far = v128.or(i32x4.gt_s(highest, highestGood), i32x4.lt_s(lowest, lowestGood));
      if (v128.any_true(v128.or(far, f32x4.ge(rowError, half)))) {
        at = 0;
        rowError = f32x4.splat(0);
      } else {
        rowLeast = i32x4.sub(lowest, round);
        rowGreatest = i32x4.sub(highest, round);
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
  // Patterns of floats that are not negative are in their order.
  const worst = reinterpret<f32>(greatestLane(error));
  report(result, worst, escaped, leastLane(least), greatestLane(greatest), n);
}

function quantiseF64(
  src: usize, uniqueRows: usize, n: i32, d: usize, step: f64, maxCode: i32, errorBound: f64, codes: usize,
  escapes: usize, result: usize,
): void {
  const reciprocal = 1 / step, half = step / 2, top: f64 = maxCode;
  let least = i32.MAX_VALUE, greatest = i32.MIN_VALUE, error: f64 = 0, escaped = 0;
  for (let i = 0; i < n; i++, codes += d << 2) {
    const row = src + <usize> load<u32>(uniqueRows + (<usize> i << 2)) * (d << 3);
    let rowLeast: f64 = 0, rowGreatest: f64 = 0, rowError: f64 = 0, escape = false;
    rowLeast = Infinity;
    rowGreatest = -Infinity;
    for (let j: usize = 0; j < d; j++) {
      const x = load<f64>(row + (j << 3)), q0 = nearest(x * reciprocal), rest = x - q0 * step, distance = abs(rest);
      const odd = q0 * 0.5 != floor(q0 * 0.5);
      let q = q0;
      if (distance > half || (distance == half && odd)) q += copysign(1, rest);
      const e = abs(x - q * step);
      if (!(abs(q) <= top && e <= errorBound)) {
        escape = true;
        break;
      }
      store<i32>(codes + (j << 2), <i32> q);
      rowError = max(rowError, e);
      rowLeast = min(rowLeast, q);
      rowGreatest = max(rowGreatest, q);
    }
    store<u8>(escapes + i, escape);
    if (escape) {
      escaped++;
      memory.fill(codes, 0, d << 2);
    } else {
      error = max(error, rowError);
      least = min(least, <i32> rowLeast);
      greatest = max(greatest, <i32> rowGreatest);
    }
  }
  report(result, error, escaped, least, greatest, n);
}

export function quantise(
  dtype: i32, src: usize, uniqueRows: usize, n: i32, d: i32, step: f64, maxCode: i32, errorBound: f64, codes: usize,
  escapes: usize, result: usize,
): void {
  // Nothing overflows below, so that infinity never stands for a product next to it.
  maxCode = <i32> min<f64>(maxCode, floor((dtype == F64 ? f64.MAX_VALUE : <f64> f32.MAX_VALUE) / step) - 1);
  if (dtype == F64) quantiseF64(src, uniqueRows, n, d, step, maxCode, errorBound, codes, escapes, result);
  else {
    quantiseF32(
      dtype == F16, src, uniqueRows, n, d, <f32> step, maxCode, <f32> errorBound, codes, escapes, result,
    );
  }
}

export function dequantise(dtype: i32, codes: usize, count: i32, step: f64, maxCode: i32, dst: usize): i32 {
  const end = codes + (<usize> count << 2), steps = f32x4.splat(<f32> step), wide = f64x2.splat(step);
  let least = i32x4.splat(0), greatest = least;
  // The common case apart: loops cost a check for interrupts each time.
  for (; dtype == F32 && codes + 64 <= end; codes += 64, dst += 64) {
    const a = v128.load(codes), b = v128.load(codes, 16), c = v128.load(codes, 32), d = v128.load(codes, 48);
    least = i32x4.min_s(least, i32x4.min_s(i32x4.min_s(a, b), i32x4.min_s(c, d)));
    greatest = i32x4.max_s(greatest, i32x4.max_s(i32x4.max_s(a, b), i32x4.max_s(c, d)));
    v128.store(dst, f32x4.mul(f32x4.convert_i32x4_s(a), steps));
    v128.store(dst, f32x4.mul(f32x4.convert_i32x4_s(b), steps), 16);
    v128.store(dst, f32x4.mul(f32x4.convert_i32x4_s(c), steps), 32);
    v128.store(dst, f32x4.mul(f32x4.convert_i32x4_s(d), steps), 48);
  }
  for (let full = true; codes < end;) {
    full = codes + 16 <= end;
    const q = full ? v128.load(codes) : v128.load32_splat(codes);
    codes += full ? 16 : 4;
    least = i32x4.min_s(least, q);
    greatest = i32x4.max_s(greatest, q);
    if (dtype == F64) {
      const low = f64x2.mul(f64x2.convert_low_i32x4_s(q), wide);
      if (full) {
        v128.store(dst, low);
        v128.store(dst, f64x2.mul(f64x2.convert_low_i32x4_s(v128.shuffle<i32>(q, q, 2, 3, 0, 1)), wide), 16);
        dst += 32;
      } else {
        v128.store64_lane(dst, low, 0);
        dst += 8;
      }
      continue;
    }
    const x = f32x4.mul(f32x4.convert_i32x4_s(q), steps);
    if (dtype == F16) {
      const halves = shrink4(x), packed = i16x8.narrow_i32x4_u(halves, halves);
      if (full) v128.store64_lane(dst, packed, 0);
      else v128.store16_lane(dst, packed, 0);
      dst += full ? 8 : 2;
    } else if (full) {
      v128.store(dst, x);
      dst += 16;
    } else {
      v128.store32_lane(dst, x, 0);
      dst += 4;
    }
  }
  return greatestLane(greatest) > maxCode || leastLane(least) < -maxCode ? 1 : 0;
}
