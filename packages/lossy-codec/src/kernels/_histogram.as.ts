// Statistics of codes.

import { kept4 } from "./_constant.as";
import { BLOCK, scratch, writeClassed } from "./_tokens.as";

/** min(|q|, top) of four codes. */
@inline
function magnitudes4(codes: usize, top: v128): v128 {
  return i32x4.min_u(i32x4.abs(v128.load(codes)), top);
}

/** That of one code, in the first lane. */
function magnitude1(codes: usize, top: v128): v128 {
  return i32x4.min_u(i32x4.abs(v128.load32_zero(codes)), top);
}

/** Sum of min(|q|, 2^24) over a row. */
function magnitudes(codes: usize, d: u32): u64 {
  const top = kept4(1 << 24, d), end = codes + (<usize> d << 2);
  let sum: u64 = 0;
  while (codes < end) {
    // At most 128 times 2^24 in a lane: no overflow.
    const stop = codes + min<usize>(2048, end - codes);
    let four = i32x4.splat(0);
    for (; codes + 32 <= stop; codes += 32) {
      four = i32x4.add(four, i32x4.add(magnitudes4(codes, top), magnitudes4(codes + 16, top)));
    }
    for (; codes < stop; codes += 4) four = i32x4.add(four, magnitude1(codes, top));
    const two = i64x2.add(i64x2.extend_low_i32x4_u(four), i64x2.extend_high_i32x4_u(four));
    sum += i64x2.extract_lane(two, 0) + i64x2.extract_lane(two, 1);
  }
  return sum;
}

export function rowBuckets(codes: usize, rows: u32, d: u32, buckets: usize): void {
  for (let r: u32 = 0; r < rows; r++, codes += <usize> d << 2) {
    // A correctly rounded quotient of integers below 2^53 never reaches the next integer.
    const t = <u32> (<f64> (magnitudes(codes, d) << 4) / <f64> d), e = 31 - <i32> clz<u32>(t);
    const half = e > 0 ? (t >>> (e - 1)) & 1 : 0;
    store<u8>(buckets + r, t == 0 ? 0 : min(63, 1 + 2 * e + half));
  }
}

export function columnSums(codes: usize, rows: u32, d: u32, sums: usize): void {
  const top = kept4(65535, d), end = sums + (<usize> d << 2);
  memory.fill(sums, 0, end - sums);
  while (rows--) {
    let to = sums;
    for (; to + 32 <= end; to += 32, codes += 32) {
      v128.store(to, i32x4.add(v128.load(to), magnitudes4(codes, top)));
      v128.store(to, i32x4.add(v128.load(to, 16), magnitudes4(codes + 16, top)), 16);
    }
    for (; to < end; to += 4, codes += 4) {
      v128.store32_lane(to, i32x4.add(v128.load32_zero(to), magnitude1(codes, top)), 0);
    }
  }
}

@inline
function increment(counts: usize, index: usize): void {
  const at = counts + (<usize> load<u16>(index) << 2);
  store<u32>(at, load<u32>(at) + 1);
}

export function histogram(
  codes: usize, rows: u32, d: u32, classes: usize, columns: usize, classCount: u32, form: i32, counts: usize,
): void {
  const bytes = <usize> classCount << 10, indices = scratch(), count = rows * d;
  // Four counts taken in turn, so that the same token again does not wait for the store before.
  const c1 = indices + 2 * BLOCK, c2 = c1 + bytes, c3 = c2 + bytes;
  memory.fill(counts, 0, bytes);
  memory.fill(c1, 0, 3 * bytes);
  // Without classes the rows are one.
  const rowLength = classes || columns ? d : count;
  for (let first: u32 = 0; first < count; first += BLOCK) {
    const end = min(count, first + BLOCK), last = indices + (<usize> (end - first) << 1);
    writeClassed(codes, first, end, rowLength, classes, columns, form, 0, indices);
    let i = indices;
    for (; i + 8 <= last; i += 8) {
      increment(counts, i);
      increment(c1, i + 2);
      increment(c2, i + 4);
      increment(c3, i + 6);
    }
    for (; i < last; i += 2) increment(counts, i);
  }
  for (let i: usize = 0; i < bytes; i += 16) {
    const rest = i32x4.add(v128.load(c2 + i), v128.load(c3 + i));
    v128.store(counts + i, i32x4.add(i32x4.add(v128.load(counts + i), v128.load(c1 + i)), rest));
  }
}
