// Statistics of codes.

import { kept4 } from "./_constant.as";
import { BLOCK, scratch, SCRATCH, writeClassed } from "./_tokens.as";

/** min(|q|, top) of four codes. */
@inline
function magnitudes4(codes: usize, top: v128): v128 {
  return i32x4.min_u(i32x4.abs(v128.load(codes)), top);
}

@inline
function magnitude(code: i32, top: u32): u32 {
  return min(<u32> (code < 0 ? -code : code), top);
}

/** Sum of min(|q|, 2^24) over a row. */
function magnitudes(codes: usize, d: u32): u64 {
  const top = kept4(1 << 24, d);
  const end = codes + (<usize> d << 2);
  let sum: u64 = 0;
  while (codes + 16 <= end) {
    // At most 64 times 2^24 in a lane: no overflow.
    const stop = codes + (min<usize>(1024, end - codes) & ~15);
    let four = i32x4.splat(0);
    for (; codes + 64 <= stop; codes += 64) {
      const a = i32x4.add(magnitudes4(codes, top), magnitudes4(codes + 16, top));
      four = i32x4.add(four, i32x4.add(a, i32x4.add(magnitudes4(codes + 32, top), magnitudes4(codes + 48, top))));
    }
    for (; codes < stop; codes += 16) four = i32x4.add(four, magnitudes4(codes, top));
    const two = i64x2.add(i64x2.extend_low_i32x4_u(four), i64x2.extend_high_i32x4_u(four));
    sum += i64x2.extract_lane(two, 0) + i64x2.extract_lane(two, 1);
  }
  for (; codes < end; codes += 4) sum += magnitude(load<i32>(codes), 1 << 24);
  return sum;
}

export function rowBuckets(codes: usize, rows: u32, d: u32, buckets: usize): void {
  for (let r: u32 = 0; r < rows; r++, codes += <usize> d << 2) {
    const sum = magnitudes(codes, d) << 4;
    // 64 bits take several times as long.
    const t = sum >>> 32 ? <u32> (sum / d) : <u32> sum / d, e = 31 - <i32> clz<u32>(t);
    const half = e > 0 ? (t >>> (e - 1)) & 1 : 0;
    store<u8>(buckets + r, t == 0 ? 0 : min(63, 1 + 2 * e + half));
  }
}

export function columnSums(codes: usize, rows: u32, d: u32, sums: usize): void {
  const stride = <usize> d << 2, top = kept4(65535, d);
  let j: usize = 0;
  // A line of the cache at a time.
  for (; j + 64 <= stride; j += 64) {
    let a = i32x4.splat(0), b = a, c = a, e = a;
    for (let r: u32 = 0, at = codes + j; r < rows; r++, at += stride) {
      a = i32x4.add(a, magnitudes4(at, top));
      b = i32x4.add(b, magnitudes4(at + 16, top));
      c = i32x4.add(c, magnitudes4(at + 32, top));
      e = i32x4.add(e, magnitudes4(at + 48, top));
    }
    v128.store(sums + j, a);
    v128.store(sums + j, b, 16);
    v128.store(sums + j, c, 32);
    v128.store(sums + j, e, 48);
  }
  for (; j < stride; j += 4) {
    let sum: u32 = 0;
    for (let r: u32 = 0, at = codes + j; r < rows; r++, at += stride) sum += magnitude(load<i32>(at), 65535);
    store<u32>(sums + j, sum);
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
  memory.fill(counts, 0, bytes);
  // Four counts taken in turn, if there is room, so that the same token again does not wait for the store before.
  let c1 = counts, c2 = counts, c3 = counts;
  const room = bytes * 3 + 2 * BLOCK <= SCRATCH;
  if (room) {
    c1 = indices + 2 * BLOCK;
    c2 = c1 + bytes;
    c3 = c2 + bytes;
    memory.fill(c1, 0, 3 * bytes);
  }
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
  for (let i: usize = 0; room && i < bytes; i += 16) {
    const rest = i32x4.add(v128.load(c2 + i), v128.load(c3 + i));
    v128.store(counts + i, i32x4.add(i32x4.add(v128.load(counts + i), v128.load(c1 + i)), rest));
  }
}
