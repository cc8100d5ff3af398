// Copies of the operands in the order in which the product reads them.
import { address, int, Slot } from "./_slots.as";

/** Rows of a panel of op(A). */
export const ROWS: i32 = 5;
/** Columns of a panel of op(B). */
export const COLUMNS: i32 = 8;

/**
 * Packs op(B), some panels per task: for each block of `depth` values of k, panel after panel, [k][8]. Columns past
 * the edge hold anything: their sums are not stored.
 */
export function pack(args: usize, task: i32): void {
  const n = int(args, Slot.n), k = int(args, Slot.k), depth = int(args, Slot.depth);
  const b = address(args, Slot.b), ldb = <usize> int(args, Slot.ldb), transposed = int(args, Slot.transposeB);
  const panels = (n + COLUMNS - 1) / COLUMNS;
  const first = task * int(args, Slot.panelsPerTask), end = min(first + int(args, Slot.panelsPerTask), panels);
  let block = address(args, Slot.packedB);
  for (let p = 0; p < k; p += depth) {
    const steps = min(depth, k - p);
    const to = block + ((<usize> steps * first * COLUMNS) << 2);
    if (transposed) {
      for (let panel = first; panel < end; panel++) {
        const column = panel * COLUMNS;
        const from = b + ((column * ldb + p) << 2);
        interleave8(from, ldb << 2, min(COLUMNS, n - column), steps, block + ((<usize> steps * column) << 2));
      }
    } else {
      const column = first * COLUMNS;
      cut<v128>(b + ((p * ldb + column) << 2), ldb << 2, min(end * COLUMNS, n) - column, steps, to);
    }
    block += (<usize> panels * COLUMNS * steps) << 2;
  }
}

/** Packs rows `row0` to `row1` of op(A), k from `p` on, into panels [k][5]; rows past the edge as above. */
// @ts-ignore: decorator
@inline
export function packRows(
  a: usize,
  lda: usize,
  transposed: i32,
  row0: i32,
  row1: i32,
  p: i32,
  steps: i32,
  to: usize,
): void {
  if (transposed) return cut<f32>(a + ((p * lda + row0) << 2), lda << 2, row1 - row0, steps, to);
  for (let i = row0; i < row1; i += ROWS, to += 20 * <usize> steps) {
    interleave5(a + ((i * lda + p) << 2), lda << 2, min(ROWS, row1 - i), steps, to);
  }
}

/**
 * Cuts `steps` lines of `width` neighbours into panels, line by line, so that each page is met once: panels of 4
 * elements and the `Rest`, which are 8 columns of B (v128) or 5 rows of A (f32).
 */
function cut<Rest>(from: usize, stride: usize, width: i32, steps: i32, to: usize): void {
  const bytes: usize = 16 + sizeof<Rest>(), panel = bytes * steps;
  const whole = <usize> width * 4 / bytes * bytes, rest = (<usize> width << 2) - whole;
  for (let p = 0; p < steps; p++, from += stride, to += bytes) {
    let at: usize = 0, t = to;
    for (; at < whole; at += bytes, t += panel) {
      v128.store(t, v128.load(from + at));
      if (sizeof<Rest>() == 16) v128.store(t, v128.load(from + at, 16), 16);
      else store<f32>(t, load<f32>(from + at, 16), 16);
    }
    for (let j: usize = 0; j < rest; j += 4) store<f32>(t + j, load<f32>(from + at + j));
  }
}

/** Interleaves 5 lines of `steps` neighbours into [steps][5]; lines from `height` on repeat the last. */
function interleave5(from: usize, stride: usize, height: i32, steps: i32, to: usize): void {
  const last = height - 1;
  const a0 = from;
  const a1 = from + stride * min(1, last);
  const a2 = from + stride * min(2, last);
  const a3 = from + stride * min(3, last);
  const a4 = from + stride * min(4, last);
  const bytes = <usize> steps << 2;
  let p: usize = 0;
  for (; p + 16 <= bytes; p += 16, to += 80) {
    transpose4(v128.load(a0 + p), v128.load(a1 + p), v128.load(a2 + p), v128.load(a3 + p), to, 20);
    const x = v128.load(a4 + p);
    v128.store_lane<f32>(to, x, 0, 16);
    v128.store_lane<f32>(to, x, 1, 36);
    v128.store_lane<f32>(to, x, 2, 56);
    v128.store_lane<f32>(to, x, 3, 76);
  }
  for (; p < bytes; p += 4, to += 20) {
    store<f32>(to, load<f32>(a0 + p));
    store<f32>(to, load<f32>(a1 + p), 4);
    store<f32>(to, load<f32>(a2 + p), 8);
    store<f32>(to, load<f32>(a3 + p), 12);
    store<f32>(to, load<f32>(a4 + p), 16);
  }
}

/** Interleaves 8 lines of `steps` neighbours into [steps][8]; lines from `width` on repeat the last. */
function interleave8(from: usize, stride: usize, width: i32, steps: i32, to: usize): void {
  const last = width - 1;
  const bytes = <usize> steps << 2;
  for (let half = 0; half < 8; half += 4, to += 16) {
    const b0 = from + stride * min(half, last);
    const b1 = from + stride * min(half + 1, last);
    const b2 = from + stride * min(half + 2, last);
    const b3 = from + stride * min(half + 3, last);
    let p: usize = 0, at = to;
    for (; p + 16 <= bytes; p += 16, at += 128) {
      transpose4(v128.load(b0 + p), v128.load(b1 + p), v128.load(b2 + p), v128.load(b3 + p), at, 32);
    }
    for (; p < bytes; p += 4, at += 32) {
      store<f32>(at, load<f32>(b0 + p));
      store<f32>(at, load<f32>(b1 + p), 4);
      store<f32>(at, load<f32>(b2 + p), 8);
      store<f32>(at, load<f32>(b3 + p), 12);
    }
  }
}

/** Stores the columns of a 4 x 4 block, `stride` bytes apart. */
// @ts-ignore: decorator
@inline
function transpose4(r0: v128, r1: v128, r2: v128, r3: v128, to: usize, stride: usize): void {
  const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), t1 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const t2 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7), t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f64>(t0, t1, 0, 2));
  v128.store(to + stride, v128.shuffle<f64>(t0, t1, 1, 3));
  v128.store(to + 2 * stride, v128.shuffle<f64>(t2, t3, 0, 2));
  v128.store(to + 3 * stride, v128.shuffle<f64>(t2, t3, 1, 3));
}
