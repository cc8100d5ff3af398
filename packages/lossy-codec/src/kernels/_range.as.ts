// Range of an array of f32.

import { kept4 } from "./_constant.as";

@inline
function leastOf(v: v128): f32 {
  const two = f32x4.pmin(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return min(f32x4.extract_lane(two, 0), f32x4.extract_lane(two, 1));
}

export function range(_dtype: i32, src: usize, count: i32, result: usize): void {
  const infinity = kept4(0x7f800000, count), absolute = kept4(i32.MAX_VALUE, count);
  let lows = f32x4.splat(Infinity), downs = lows; // least values, and least ones of opposite sign
  let low: f32 = Infinity, down = low, special = 0;
  for (const end = src + (<usize> count << 2); src < end;) {
    let stop = end;
    if (src + 64 <= end) {
      const a = v128.load(src), b = v128.load(src, 16), c = v128.load(src, 32), d = v128.load(src, 48);
      // Patterns of magnitudes are in the order of the magnitudes, with the special ones on top.
      const top = i32x4.max_s(
        i32x4.max_s(v128.and(a, absolute), v128.and(b, absolute)),
        i32x4.max_s(v128.and(c, absolute), v128.and(d, absolute)),
      );
      stop = src + 64;
      if (!v128.any_true(i32x4.ge_s(top, infinity))) {
        lows = f32x4.pmin(lows, f32x4.pmin(f32x4.pmin(a, b), f32x4.pmin(c, d)));
        downs = f32x4.pmin(downs, f32x4.neg(f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d))));
        src = stop;
        continue;
      }
    }
    for (; src < stop; src += 4) {
      const x = load<f32>(src);
      if (abs(x) < Infinity) {
        low = min(low, x);
        down = min(down, -x);
      } else special++;
    }
  }
  low = min(low, leastOf(lows));
  down = min(down, leastOf(downs));
  // Adding +0 turns -0 into +0, which the order of the operands would decide otherwise.
  store<f64>(result, <f64> low + 0);
  store<f64>(result, <f64> -down + 0, 8);
  store<f64>(result, special, 16);
  store<f64>(result, special == count ? 0 : max(abs(low), abs(down)), 24);
}
