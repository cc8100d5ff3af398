// The quantiser of bit patterns. See plain_mantissa.ts.

import { F16, F64 } from "./_dtype.as";
import { expand4, shrink4 } from "./_half.as";
import { report } from "./_quantise.as";

@inline
function valueOf(wide: bool, pattern: u64): f64 {
  return wide ? reinterpret<f64>(pattern) : <f64> reinterpret<f32>(<u32> pattern);
}

export function roundMantissa(
  dtype: i32, src: usize, uniqueRows: usize, n: i32, d: u32, keepBits: i32, top: f64, codes: usize, escapes: usize,
  result: usize,
): void {
  const wide = dtype == F64, shift: u64 = (wide ? 52 : 23) - keepBits, least: u64 = <u64> 1 << (wide ? 52 : 23);
  const last = <i64> top, rounding = shift ? <u64> 1 << (shift - 1) : 0, size = wide ? 3 : 2;
  let worst: f64 = 0, escaped = 0, low = i32.MAX_VALUE, high = i32.MIN_VALUE;
  for (let i = 0; i < n; i++, codes += <usize> d << 2) {
    const row = src + (<usize> load<u32>(uniqueRows + (<usize> i << 2)) * d << size);
    let rowWorst: f64 = 0, rowLow = i32.MAX_VALUE, rowHigh = i32.MIN_VALUE, good = true;
    for (let j: usize = 0; j < d && good; j++) {
      const signed = wide ? load<u64>(row + (j << 3)) : <u64> load<u32>(row + (j << 2));
      const pattern = signed & (wide ? <u64> i64.MAX_VALUE : <u64> i32.MAX_VALUE);
      let q = 0;
      if (pattern) {
        const magnitude = (pattern + rounding) >>> shift, restored = magnitude << shift;
        const value = valueOf(wide, restored), error = abs(valueOf(wide, pattern) - value);
        const code = last + 1 - <i64> magnitude;
        good = error < Infinity && code > 0 && code <= i32.MAX_VALUE && (pattern >= least || error == 0);
        if (dtype == F16) {
          const half = expand4(shrink4(i32x4.splat(<u32> restored)));
          good = good && i32x4.extract_lane(half, 0) == <u32> restored;
        }
        q = <i32> (signed == pattern ? code : -code);
        rowWorst = max(rowWorst, error);
      }
      store<i32>(codes + (j << 2), q);
      rowLow = min(rowLow, q);
      rowHigh = max(rowHigh, q);
    }
    store<u8>(escapes + i, !good);
    if (good) {
      worst = max(worst, rowWorst);
      low = min(low, rowLow);
      high = max(high, rowHigh);
    } else {
      escaped++;
      memory.fill(codes, 0, <usize> d << 2);
    }
  }
  report(result, worst, escaped, low, high, n);
}

export function restoreMantissa(dtype: i32, codes: usize, count: i32, keepBits: i32, top: f64, dst: usize): i32 {
  const wide = dtype == F64, shift: u64 = (wide ? 52 : 23) - keepBits, last = <i64> top;
  for (const end = codes + (<usize> count << 2); codes < end; codes += 4) {
    const q = <i64> load<i32>(codes), magnitude = last + 1 - abs(q);
    if (magnitude < 1) return 1;
    let pattern: u64 = q == 0 ? 0 : <u64> magnitude << shift;
    if (q < 0) pattern |= <u64> 1 << (wide ? 63 : 31);
    if (wide) {
      store<u64>(dst, pattern);
      dst += 8;
    } else if (dtype == F16) {
      store<u16>(dst, i32x4.extract_lane(shrink4(i32x4.splat(<u32> pattern)), 0));
      dst += 2;
    } else {
      store<u32>(dst, <u32> pattern);
      dst += 4;
    }
  }
  return 0;
}
