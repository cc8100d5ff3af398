// Pairwise dot products of the rows of each sample, and their gradient. A task is SAMPLES samples, so that the cut does
// not depend on the number of threads. Every sum has one fixed order: four interleaved partial sums along d, then
// (0 + 1) + (2 + 3). Whether multiply and add round once or twice is the host's, as in gemm: see `madd`.

import { madd } from "../gemm/_madd.as";
import { slot } from "../elementwise/_slot.as";

const SAMPLES: i32 = 16;

// Row r of a sample: the dense vector, then the embeddings.
// @ts-ignore: decorator
@inline
function rowOf(dense: usize, embeddings: usize, r: i32, rowBytes: usize): usize {
  return r == 0 ? dense : embeddings + <usize>(r - 1) * rowBytes;
}

// The last 1 to 3 floats of a row, then zeros; reads nothing behind the row.
function loadTail(p: usize, n: i32): v128 {
  if (n == 1) return v128.load_zero<f32>(p);
  const two = v128.load_zero<f64>(p);
  return n == 2 ? two : v128.load_lane<f32>(p, two, 2, 8);
}

function copyFloats(to: usize, from: usize, n: i32): void {
  let k: i32 = 0;
  for (; k + 4 <= n; k += 4) v128.store(to + (<usize>k << 2), v128.load(from + (<usize>k << 2)));
  for (; k < n; k++) store<f32>(to + (<usize>k << 2), load<f32>(from + (<usize>k << 2)));
}

// Lane i is the sum of the lanes of the i-th argument.
// @ts-ignore: decorator
@inline
function sumsOf(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 2, 4, 6), v128.shuffle<f32>(a, b, 1, 3, 5, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 2, 4, 6), v128.shuffle<f32>(c, d, 1, 3, 5, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 2, 4, 6), v128.shuffle<f32>(ab, cd, 1, 3, 5, 7));
}

// Stores the first n lanes.
// @ts-ignore: decorator
@inline
function storeFirst(p: usize, v: v128, n: i32): void {
  if (n >= 4) {
    v128.store(p, v);
    return;
  }
  if (n >= 2) v128.store_lane<f64>(p, v, 0);
  if (n == 1) v128.store_lane<f32>(p, v, 0);
  if (n == 3) v128.store_lane<f32>(p, v, 2, 8);
}

// Tiles of 2 rows by 4 partners: 8 running sums and 6 loads for 8 products, all in registers.
function forwardSample<Form>(dense: usize, embeddings: usize, pairs: usize, rows: i32, d: i32, self: i32): void {
  const rowBytes = <usize>d << 2;
  const whole = (<usize>(d >> 2)) << 4;
  const tail = d & 3;
  for (let i = 1 - self; i < rows; i += 2) {
    const second = i + 1 < rows;
    const n0 = i + self, n1 = second ? n0 + 1 : 0;
    const out0 = pairs + (<usize>(i * (i - 1 + 2 * self) / 2) << 2);
    const out1 = out0 + (<usize>n0 << 2);
    const x0 = rowOf(dense, embeddings, i, rowBytes);
    const x1 = second ? rowOf(dense, embeddings, i + 1, rowBytes) : x0;
    const partners = max(n0, n1);
    for (let j: i32 = 0; j < partners; j += 4) {
      const y0 = rowOf(dense, embeddings, j, rowBytes);
      const y1 = rowOf(dense, embeddings, min(j + 1, rows - 1), rowBytes);
      const y2 = rowOf(dense, embeddings, min(j + 2, rows - 1), rowBytes);
      const y3 = rowOf(dense, embeddings, min(j + 3, rows - 1), rowBytes);
      let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, c0 = a0, c1 = a0, c2 = a0, c3 = a0;
      for (let k: usize = 0; k < whole; k += 16) {
        const p = v128.load(x0 + k), q = v128.load(x1 + k);
        let y = v128.load(y0 + k);
        a0 = madd<Form>(p, y, a0);
        c0 = madd<Form>(q, y, c0);
        y = v128.load(y1 + k);
        a1 = madd<Form>(p, y, a1);
        c1 = madd<Form>(q, y, c1);
        y = v128.load(y2 + k);
        a2 = madd<Form>(p, y, a2);
        c2 = madd<Form>(q, y, c2);
        y = v128.load(y3 + k);
        a3 = madd<Form>(p, y, a3);
        c3 = madd<Form>(q, y, c3);
      }
      if (tail) {
        const p = loadTail(x0 + whole, tail), q = loadTail(x1 + whole, tail);
        let y = loadTail(y0 + whole, tail);
        a0 = madd<Form>(p, y, a0);
        c0 = madd<Form>(q, y, c0);
        y = loadTail(y1 + whole, tail);
        a1 = madd<Form>(p, y, a1);
        c1 = madd<Form>(q, y, c1);
        y = loadTail(y2 + whole, tail);
        a2 = madd<Form>(p, y, a2);
        c2 = madd<Form>(q, y, c2);
        y = loadTail(y3 + whole, tail);
        a3 = madd<Form>(p, y, a3);
        c3 = madd<Form>(q, y, c3);
      }
      const at = <usize>j << 2;
      storeFirst(out0 + at, sumsOf(a0, a1, a2, a3), n0 - j);
      storeFirst(out1 + at, sumsOf(c0, c1, c2, c3), n1 - j);
    }
  }
}

/** Slots: 0 dense, 1 embeddings, 2 out, 3 batch, 4 rows per sample, 5 d, 6 self. */
// @ts-ignore: decorator
@inline
export function forwardSamples<Form>(args: usize, task: i32): void {
  const batch = <i32>slot(args, 3), rows = <i32>slot(args, 4), d = <i32>slot(args, 5), self = <i32>slot(args, 6);
  const rowBytes = <usize>d << 2;
  const width = rowBytes + (<usize>(rows * (rows - 1 + 2 * self) / 2) << 2);
  const end = min(batch, (task + 1) * SAMPLES);
  for (let s = task * SAMPLES; s < end; s++) {
    const dense = slot(args, 0) + <usize>s * rowBytes;
    const embeddings = slot(args, 1) + <usize>s * <usize>(rows - 1) * rowBytes;
    const out = slot(args, 2) + <usize>s * width;
    copyFloats(out, dense, d);
    forwardSample<Form>(dense, embeddings, out + rowBytes, rows, d, self);
  }
}

// Address of the gradient of the product of rows i and j.
// @ts-ignore: decorator
@inline
function pairAt(pairs: usize, i: i32, j: i32, self: i32): usize {
  const a = max(i, j), b = min(i, j);
  return pairs + (<usize>(a * (a - 1 + 2 * self) / 2 + b) << 2);
}

// What row i's own product adds to its gradient: d(x^2) = 2 x.
// @ts-ignore: decorator
@inline
function ownFactor(pairs: usize, i: i32, self: i32): f32 {
  return self ? <f32>2 * load<f32>(pairAt(pairs, i, i, 1)) : <f32>0;
}

// Sixteen columns of the gradients of rows i and i1 = i + 1 (or i, where that is the last): 8 running sums, 4 loads and 2
// broadcasts for 8 products. First the partners before i, whose factors lie along rows i and i1 of the triangle, then
// those after i1, down its columns i and i1, then the two among themselves.
// @ts-ignore: decorator
@inline
function backwardTile<Form>(
  dense: usize, embeddings: usize, pairs: usize, add: usize, rows: i32, rowBytes: usize, self: i32,
  i: i32, i1: i32, to0: usize, to1: usize, column: usize,
): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, c0 = a0, c1 = a0, c2 = a0, c3 = a0;
  if (i == 0) {
    a0 = v128.load(add + column);
    a1 = v128.load(add + column, 16);
    a2 = v128.load(add + column, 32);
    a3 = v128.load(add + column, 48);
  }
  let y = dense + column, next = embeddings + column;
  let g0 = pairAt(pairs, i, 0, self), g1 = pairAt(pairs, i1, 0, self);
  let step: usize = 4, grow: usize = 0;
  let count = i;
  for (let phase = 0; phase < 2; phase++) {
    for (; count > 0; count--) {
      const s0 = v128.load_splat<f32>(g0), s1 = v128.load_splat<f32>(g1);
      g0 += step;
      g1 += step;
      step += grow;
      const y0 = v128.load(y), y1 = v128.load(y, 16), y2 = v128.load(y, 32), y3 = v128.load(y, 48);
      y = next;
      next += rowBytes;
      a0 = madd<Form>(s0, y0, a0);
      a1 = madd<Form>(s0, y1, a1);
      a2 = madd<Form>(s0, y2, a2);
      a3 = madd<Form>(s0, y3, a3);
      c0 = madd<Form>(s1, y0, c0);
      c1 = madd<Form>(s1, y1, c1);
      c2 = madd<Form>(s1, y2, c2);
      c3 = madd<Form>(s1, y3, c3);
    }
    y = embeddings + <usize>(i + 1) * rowBytes + column;
    next = y + rowBytes;
    g0 = pairAt(pairs, i + 2, i, self);
    g1 = g0 + 4;
    step = <usize>(i + 2 + self) << 2;
    grow = 4;
    count = rows - i - 2;
  }
  const x = rowOf(dense, embeddings, i, rowBytes) + column;
  let s = f32x4.splat(ownFactor(pairs, i, self));
  if (self) {
    a0 = madd<Form>(s, v128.load(x), a0);
    a1 = madd<Form>(s, v128.load(x, 16), a1);
    a2 = madd<Form>(s, v128.load(x, 32), a2);
    a3 = madd<Form>(s, v128.load(x, 48), a3);
  }
  if (i1 != i) {
    y = rowOf(dense, embeddings, i1, rowBytes) + column;
    s = v128.load_splat<f32>(pairAt(pairs, i1, i, self));
    a0 = madd<Form>(s, v128.load(y), a0);
    a1 = madd<Form>(s, v128.load(y, 16), a1);
    a2 = madd<Form>(s, v128.load(y, 32), a2);
    a3 = madd<Form>(s, v128.load(y, 48), a3);
    c0 = madd<Form>(s, v128.load(x), c0);
    c1 = madd<Form>(s, v128.load(x, 16), c1);
    c2 = madd<Form>(s, v128.load(x, 32), c2);
    c3 = madd<Form>(s, v128.load(x, 48), c3);
    if (self) {
      s = f32x4.splat(ownFactor(pairs, i1, self));
      c0 = madd<Form>(s, v128.load(y), c0);
      c1 = madd<Form>(s, v128.load(y, 16), c1);
      c2 = madd<Form>(s, v128.load(y, 32), c2);
      c3 = madd<Form>(s, v128.load(y, 48), c3);
    }
    v128.store(to1 + column, c0);
    v128.store(to1 + column, c1, 16);
    v128.store(to1 + column, c2, 32);
    v128.store(to1 + column, c3, 48);
  }
  v128.store(to0 + column, a0);
  v128.store(to0 + column, a1, 16);
  v128.store(to0 + column, a2, 32);
  v128.store(to0 + column, a3, 48);
}

// The columns of row i's gradient from byte `from` on: four at once, the last three one by one. Partners in the order of
// backwardTile.
function backwardRest<Form>(
  dense: usize, embeddings: usize, pairs: usize, add: usize, rows: i32, rowBytes: usize, self: i32,
  i: i32, to: usize, from: usize,
): void {
  for (let column = from; column < rowBytes;) {
    const four = column + 16 <= rowBytes;
    let sums = f32x4.splat(0);
    if (i == 0) sums = four ? v128.load(add + column) : v128.load_zero<f32>(add + column);
    const first = i & ~1, own = min(2, rows - first);
    for (let t: i32 = 0; t < rows; t++) {
      let j = t;
      if (t >= first) j += own;
      if (j >= rows) j -= rows - first;
      if (j == i && !self) continue;
      const y = rowOf(dense, embeddings, j, rowBytes) + column;
      const s = f32x4.splat(j == i ? ownFactor(pairs, i, self) : load<f32>(pairAt(pairs, i, j, self)));
      sums = madd<Form>(s, four ? v128.load(y) : v128.load_zero<f32>(y), sums);
    }
    if (four) v128.store(to + column, sums);
    else v128.store_lane<f32>(to + column, sums, 0);
    column += four ? 16 : 4;
  }
}

/** Slots: 0 dense, 1 embeddings, 2 gradOut, 3 batch, 4 rows per sample, 5 d, 6 self, 7 gradDense, 8 gradEmbeddings. */
// @ts-ignore: decorator
@inline
export function backwardSamples<Form>(args: usize, task: i32): void {
  const batch = <i32>slot(args, 3), rows = <i32>slot(args, 4), d = <i32>slot(args, 5), self = <i32>slot(args, 6);
  const rowBytes = <usize>d << 2;
  const width = rowBytes + (<usize>(rows * (rows - 1 + 2 * self) / 2) << 2);
  const end = min(batch, (task + 1) * SAMPLES);
  const tiles = (<usize>(d >> 4)) << 6;
  for (let s = task * SAMPLES; s < end; s++) {
    const dense = slot(args, 0) + <usize>s * rowBytes, gradDense = slot(args, 7) + <usize>s * rowBytes;
    const skip = <usize>s * <usize>(rows - 1) * rowBytes;
    const embeddings = slot(args, 1) + skip, gradEmbeddings = slot(args, 8) + skip;
    const add = slot(args, 2) + <usize>s * width;
    const pairs = add + rowBytes;
    for (let i: i32 = 0; i < rows; i += 2) {
      const i1 = min(i + 1, rows - 1);
      const to0 = rowOf(gradDense, gradEmbeddings, i, rowBytes), to1 = rowOf(gradDense, gradEmbeddings, i1, rowBytes);
      for (let column: usize = 0; column < tiles; column += 64) {
        backwardTile<Form>(dense, embeddings, pairs, add, rows, rowBytes, self, i, i1, to0, to1, column);
      }
    }
    for (let i: i32 = 0; i < rows && tiles < rowBytes; i++) {
      backwardRest<Form>(dense, embeddings, pairs, add, rows, rowBytes, self, i, rowOf(gradDense, gradEmbeddings, i, rowBytes), tiles);
    }
  }
}
