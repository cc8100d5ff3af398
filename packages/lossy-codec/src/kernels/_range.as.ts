// Range of an array.

import { kept4 } from "./_constant.as";
import { F64 } from "./_dtype.as";

/** Adding +0 turns -0 into +0, which the order of the operands would decide otherwise. */
function write(result: usize, low: f64, high: f64, special: f64, magnitude: f64): void {
  store<f64>(result, low + 0);
  store<f64>(result + 8, high + 0);
  store<f64>(result + 16, special);
  store<f64>(result + 24, magnitude);
}

function rangeF64(src: usize, count: i32, result: usize): void {
  let low: f64 = Infinity, high: f64 = -Infinity, magnitude: f64 = 0, special = 0;
  for (const end = src + (<usize> count << 3); src < end; src += 8) {
    const x = load<f64>(src);
    if (abs(x) < Infinity) {
      low = min(low, x);
      high = max(high, x);
      magnitude = max(magnitude, abs(x));
    } else special++;
  }
  write(result, low, high, special, magnitude);
}

@inline
function leastOf(v: v128): f32 {
  const two = f32x4.pmin(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return min(f32x4.extract_lane(two, 0), f32x4.extract_lane(two, 1));
}

export function range(dtype: i32, src: usize, count: i32, result: usize): void {
  if (dtype == F64) return rangeF64(src, count, result);
  const infinity = kept4(0x7f800000, count), absolute = kept4(i32.MAX_VALUE, count);
  let low = f32x4.splat(Infinity), high = f32x4.splat(-Infinity);
  let magnitude = i32x4.splat(0), finite = i32x4.splat(0);
  let whole = 0; // values of blocks without infinities and NaN
  const end = src + (<usize> count << 2);
  while (src < end) {
    if (src + 64 <= end) {
      const a = v128.load(src), b = v128.load(src, 16), c = v128.load(src, 32), d = v128.load(src, 48);
      // Patterns of magnitudes are in the order of the magnitudes, with the special ones on top.
      const top = i32x4.max_s(
        i32x4.max_s(v128.and(a, absolute), v128.and(b, absolute)),
        i32x4.max_s(v128.and(c, absolute), v128.and(d, absolute)),
      );
      if (!v128.any_true(i32x4.ge_s(top, infinity))) {
        magnitude = i32x4.max_s(magnitude, top);
        low = f32x4.pmin(low, f32x4.pmin(f32x4.pmin(a, b), f32x4.pmin(c, d)));
        high = f32x4.pmax(high, f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d)));
        src += 64;
        whole += 16;
        continue;
      }
    }
    const full = src + 16 <= end;
    const x = full ? v128.load(src) : v128.load32_splat(src), pattern = v128.and(x, absolute);
    const good = i32x4.lt_s(pattern, infinity);
    low = f32x4.pmin(low, v128.bitselect(x, infinity, good));
    high = f32x4.pmax(high, v128.bitselect(x, f32x4.splat(-Infinity), good));
    magnitude = i32x4.max_s(magnitude, v128.and(pattern, good));
    finite = i32x4.sub(finite, full ? good : v128.and(good, i32x4(-1, 0, 0, 0)));
    src += full ? 16 : 4;
  }
  const known = whole + i32x4.extract_lane(finite, 0) + i32x4.extract_lane(finite, 1) +
    i32x4.extract_lane(finite, 2) + i32x4.extract_lane(finite, 3);
  write(result, leastOf(low), -leastOf(f32x4.neg(high)), count - known, -leastOf(f32x4.neg(magnitude)));
}
