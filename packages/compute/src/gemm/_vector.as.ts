// Products in which one operand is a vector: bound by memory, so nothing is packed.
import { finishRow } from "./_epilogue.as";
import { madd } from "./_madd.as";
import { address, float, int, Slot } from "./_slots.as";

// The matrix is in the slots of A, the vector in those of B, whichever of them it was; results are neighbours.

/**
 * Block `task` of out[i] = sum over k of matrix[i, k] vector[k], i < M: rows that lie in memory as such. The sum of a
 * row does not depend on its place, so a sample's prediction does not depend on the batch around it.
 */
// @ts-ignore: decorator
@inline
export function dotRows<Form>(args: usize, task: i32): void {
  const k = int(args, Slot.k), lda = <usize> int(args, Slot.lda) << 2;
  const row0 = task * int(args, Slot.rowsPerTask), row1 = min(row0 + int(args, Slot.rowsPerTask), int(args, Slot.m));
  const x = address(args, Slot.b), vectors = <usize> (k & ~3) << 2, end = <usize> k << 2;
  for (let i = row0; i < row1; i += 4) {
    const last = row1 - 1 - i;
    const a0 = address(args, Slot.a) + i * lda;
    const a1 = a0 + min(1, last) * lda, a2 = a0 + min(2, last) * lda, a3 = a0 + min(3, last) * lda;
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let p: usize = 0;
    for (; p < vectors; p += 16) {
      const v = v128.load(x + p);
      s0 = madd<Form>(v, v128.load(a0 + p), s0);
      s1 = madd<Form>(v, v128.load(a1 + p), s1);
      s2 = madd<Form>(v, v128.load(a2 + p), s2);
      s3 = madd<Form>(v, v128.load(a3 + p), s3);
    }
    // Lane r becomes the sum of row r.
    const t0 = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), v128.shuffle<f32>(s0, s1, 2, 6, 3, 7));
    const t1 = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), v128.shuffle<f32>(s2, s3, 2, 6, 3, 7));
    let sum = f32x4.add(v128.shuffle<f64>(t0, t1, 0, 2), v128.shuffle<f64>(t0, t1, 1, 3));
    for (; p < end; p += 4) {
      const column = f32x4(load<f32>(a0 + p), load<f32>(a1 + p), load<f32>(a2 + p), load<f32>(a3 + p));
      sum = madd<Form>(column, v128.load_splat<f32>(x + p), sum);
    }
    storeSums(args, i, min(4, row1 - i), sum);
  }
  finish(args, row0, row1 - row0);
}

/** Block `task` of out[i] = sum over k of matrix[k, i] vector[k], i < M: sums run across the rows of memory. */
// @ts-ignore: decorator
@inline
export function sumColumns<Form>(args: usize, task: i32): void {
  const k = int(args, Slot.k), lda = <usize> int(args, Slot.lda) << 2;
  const row0 = task * int(args, Slot.rowsPerTask), row1 = min(row0 + int(args, Slot.rowsPerTask), int(args, Slot.m));
  const x = address(args, Slot.b);
  let i = row0;
  for (; i + 16 <= row1; i += 16) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let a = address(args, Slot.a) + (<usize> i << 2);
    for (let p: usize = 0; p < <usize> k << 2; p += 4, a += lda) {
      const v = v128.load_splat<f32>(x + p);
      s0 = madd<Form>(v, v128.load(a), s0);
      s1 = madd<Form>(v, v128.load(a, 16), s1);
      s2 = madd<Form>(v, v128.load(a, 32), s2);
      s3 = madd<Form>(v, v128.load(a, 48), s3);
    }
    storeSums(args, i, 4, s0);
    storeSums(args, i + 4, 4, s1);
    storeSums(args, i + 8, 4, s2);
    storeSums(args, i + 12, 4, s3);
  }
  for (; i < row1; i++) {
    let sum = f32x4.splat(0);
    let a = address(args, Slot.a) + (<usize> i << 2);
    for (let p: usize = 0; p < <usize> k << 2; p += 4, a += lda) {
      sum = madd<Form>(v128.load_splat<f32>(x + p), v128.load_splat<f32>(a), sum);
    }
    storeSums(args, i, 1, sum);
  }
  finish(args, row0, row1 - row0);
}

/** Block `task` of out[i, j] = a[i] b[j]. */
export function outer(args: usize, task: i32): void {
  const n = int(args, Slot.n), alpha = float(args, Slot.alpha), beta = float(args, Slot.beta);
  const row0 = task * int(args, Slot.rowsPerTask), row1 = min(row0 + int(args, Slot.rowsPerTask), int(args, Slot.m));
  const a = address(args, Slot.a), b = address(args, Slot.b), rowBytes = <usize> n << 2;
  const bias = address(args, Slot.bias), mask = address(args, Slot.mask), activation = int(args, Slot.activation);
  for (let i = row0; i < row1; i++) {
    const at = <usize> i * rowBytes, row = address(args, Slot.c) + at;
    const x = alpha * load<f32>(a + (<usize> i << 2)), xs = f32x4.splat(x);
    let j: usize = 0;
    for (; j + 16 <= rowBytes; j += 16) {
      let v = f32x4.mul(xs, v128.load(b + j));
      if (beta != 0) v = f32x4.add(v, f32x4.mul(v128.load(row + j), f32x4.splat(beta)));
      v128.store(row + j, v);
    }
    for (; j < rowBytes; j += 4) {
      let v = x * load<f32>(b + j);
      if (beta != 0) v += beta * load<f32>(row + j);
      store<f32>(row + j, v);
    }
    if (bias || mask || activation) finishRow(row, n, bias, activation, mask ? mask + at : 0);
  }
}

/** out[i ..] = alpha * the first `count` sums + beta * out[i ..], plus the bias where it is one for all. */
// @ts-ignore: decorator
@inline
function storeSums(args: usize, i: i32, count: i32, sums: v128): void {
  const c = address(args, Slot.c) + (<usize> i << 2), beta = float(args, Slot.beta);
  let rest = f32x4.mul(sums, f32x4.splat(float(args, Slot.alpha)));
  const bias = address(args, Slot.sharedBias);
  for (let r: usize = 0; r < <usize> count << 2; r += 4) {
    let v = f32x4.extract_lane(rest, 0);
    if (beta != 0) v += beta * load<f32>(c + r);
    if (bias) v += load<f32>(bias);
    store<f32>(c + r, v);
    rest = v128.shuffle<f32>(rest, rest, 1, 2, 3, 0);
  }
}

/** The rest of the epilogue, on the neighbours `first` to `first + count`. */
// @ts-ignore: decorator
@inline
function finish(args: usize, first: i32, count: i32): void {
  const at = <usize> first << 2;
  const bias = address(args, Slot.bias), mask = address(args, Slot.mask), activation = int(args, Slot.activation);
  if (!bias && !mask && !activation) return;
  finishRow(address(args, Slot.c) + at, count, bias ? bias + at : 0, activation, mask ? mask + at : 0);
}
