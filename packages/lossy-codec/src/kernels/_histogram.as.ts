// Statistics of codes.

import { BLOCK, scratch, writeTokens } from "./_tokens.as";

/** Sum of min(|q|, 2^24) over a row. */
function magnitudes(codes: usize, d: u32): u64 {
  const top = i32x4.splat(1 << 24);
  const end = codes + (<usize> d << 2);
  let sum: u64 = 0;
  while (codes + 16 <= end) {
    // At most 64 times 2^24 in a lane: no overflow.
    const stop = codes + (min<usize>(1024, end - codes) & ~15);
    let four = i32x4.splat(0);
    for (; codes < stop; codes += 16) four = i32x4.add(four, i32x4.min_u(i32x4.abs(v128.load(codes)), top));
    const two = i64x2.add(i64x2.extend_low_i32x4_u(four), i64x2.extend_high_i32x4_u(four));
    sum += i64x2.extract_lane(two, 0) + i64x2.extract_lane(two, 1);
  }
  for (; codes < end; codes += 4) {
    const q = load<i32>(codes);
    sum += min(<u32> (q < 0 ? -q : q), 1 << 24);
  }
  return sum;
}

export function rowBuckets(codes: usize, rows: u32, d: u32, buckets: usize): void {
  for (let r: u32 = 0; r < rows; r++, codes += <usize> d << 2) {
    const t = <u32> ((magnitudes(codes, d) << 4) / d), e = 31 - <i32> clz<u32>(t);
    const half = e > 0 ? (t >>> (e - 1)) & 1 : 0;
    store<u8>(buckets + r, t == 0 ? 0 : min(63, 1 + 2 * e + half));
  }
}

/** Adds the magnitudes in one column of vectors to `sums`. */
@inline
function addColumn(codes: usize, rows: u32, stride: usize, sums: usize): void {
  const top = i32x4.splat(65535);
  let sum = i32x4.splat(0);
  for (; rows > 0; rows--, codes += stride) sum = i32x4.add(sum, i32x4.min_u(i32x4.abs(v128.load(codes)), top));
  v128.store(sums, sum);
}

export function columnSums(codes: usize, rows: u32, d: u32, sums: usize): void {
  const stride = <usize> d << 2;
  let j: usize = 0;
  for (; j + 16 <= stride; j += 16) addColumn(codes + j, rows, stride, sums + j);
  for (; j < stride; j += 4) {
    let sum: u32 = 0;
    for (let r: u32 = 0, at = codes + j; r < rows; r++, at += stride) {
      const q = load<i32>(at);
      sum += min<u32>(q < 0 ? -q : q, 65535);
    }
    store<u32>(sums + j, sum);
  }
}

/** Where in `four` a token of a column is counted. */
@inline
function counterOf(four: usize, tokens: usize, columns: usize): usize {
  return four + (<usize> load<u8>(tokens) << 4) + (columns ? <usize> load<u8>(columns) << 12 : 0);
}

@inline
function increment(counter: usize, lane: usize): void {
  store<u32>(counter + lane, load<u32>(counter + lane) + 1);
}

/**
 * Counts the tokens of codes[count]; columns[count] or 0. Each counter is four side by side, taken in turn, so that the same
 * token again does not wait for the store before.
 */
@inline
function countBlock(codes: usize, count: i32, columns: usize, form: i32, four: usize): void {
  const tokens = scratch();
  writeTokens(codes, count, form, tokens);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at = tokens + i, column = columns ? columns + i : 0;
    increment(counterOf(four, at, column), 0);
    increment(counterOf(four, at + 1, columns ? column + 1 : 0), 4);
    increment(counterOf(four, at + 2, columns ? column + 2 : 0), 8);
    increment(counterOf(four, at + 3, columns ? column + 3 : 0), 12);
  }
  for (; i < count; i++) increment(counterOf(four, tokens + i, columns ? columns + i : 0), 0);
}

/** Counts the tokens of `rows` rows. */
function countRows(codes: usize, rows: u32, d: u32, columns: usize, form: i32, four: usize): void {
  // Without columns the rows are one.
  const length = columns ? d : rows * d;
  for (let r = columns ? rows : u32(rows != 0); r > 0; r--) {
    for (let j: u32 = 0; j < length;) {
      const n = min(length - j, <u32> BLOCK);
      if (columns) countBlock(codes, n, columns + j, form, four);
      else countBlock(codes, n, 0, form, four);
      codes += <usize> n << 2;
      j += n;
    }
  }
}

/** Writes the sums of four counters each. */
function mergeCounts(four: usize, counts: usize, count: i32): void {
  for (const end = counts + (<usize> count << 2); counts < end; counts += 16, four += 64) {
    const a = v128.load(four), b = v128.load(four, 16), c = v128.load(four, 32), d = v128.load(four, 48);
    const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 2, 4, 6), v128.shuffle<i32>(a, b, 1, 3, 5, 7));
    const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 2, 4, 6), v128.shuffle<i32>(c, d, 1, 3, 5, 7));
    const sums = i32x4.add(v128.shuffle<i32>(ab, cd, 0, 2, 4, 6), v128.shuffle<i32>(ab, cd, 1, 3, 5, 7));
    v128.store(counts, i32x4.add(v128.load(counts), sums));
  }
}

/** The greatest class of columns that scratch() has room for. */
const MOST_LEVELS: i32 = 12;

export function histogram(
  codes: usize, rows: i32, d: u32, classes: usize, columns: usize, classCount: i32, form: i32, counts: usize,
): void {
  const four = scratch() + BLOCK;
  memory.fill(counts, 0, <usize> classCount << 10);
  let levels = 1;
  if (columns) { for (let j: u32 = 0; j < d; j++) levels = max(levels, load<u8>(columns + j) + 1); }
  let present: u64 = 0; // classes of rows modulo 64
  if (classes) { for (let r = 0; r < rows; r++) present |= <u64> 1 << load<u8>(classes + r); }
  for (let k = 0; k < classCount; k++) {
    if (classes ? !(present >>> k & 1) : k > 0) continue;
    memory.fill(four, 0, <usize> levels << 12);
    for (let r = 0; r < rows;) {
      // The next run of rows of this class.
      while (classes && r < rows && load<u8>(classes + r) != k) r++;
      const first = r;
      while (r < rows && (!classes || load<u8>(classes + r) == k)) r++;
      countRows(codes + <usize> first * (<usize> d << 2), r - first, d, columns, form, four);
    }
    mergeCounts(four, counts + (<usize> k << 10), min(levels, classCount - k) << 8);
  }
}
