// The product proper: op(B) packed by all threads, then each task packs its rows of op(A) and sweeps them, one panel of
// B (8 x depth, in L1) against all panels of A (in L2), one 5 x 8 tile of C at a time.
//
// 5 x 8 suits V8 on x86-64, which hands out 15 vector registers (10 sums, 2 of B, 2 of A, 1 broadcast) and, under Deno,
// checks the bounds of every load: A is loaded four rows at once and broadcast by shuffles, so that 10 products cost 4
// loads. Share of the FMA peak (K 480, one Xeon core) under Deno 2.9.6 / Node 20, which catches faults instead of
// checking: 6 x 8 with a broadcasting load per row 75 % / 100 %, 4 x 12 likewise 79 %, 6 x 8 with shuffles (spills)
// 68 %, this 90 % / 96 %.
import { finishRow, RELU, SIGMOID } from "./_epilogue.as";
import { madd } from "./_madd.as";
import { COLUMNS, packRows, ROWS } from "./_pack.as";
import { address, float, int, Slot } from "./_slots.as";

/** Computes block `task` of C: some rows, all columns. */
// @ts-ignore: decorator
@inline
export function multiplyBlock<Form>(args: usize, task: i32, thread: i32): void {
  const n = int(args, Slot.n), k = int(args, Slot.k), depth = int(args, Slot.depth);
  const row0 = task * int(args, Slot.rowsPerTask), row1 = min(row0 + int(args, Slot.rowsPerTask), int(args, Slot.m));
  const a = address(args, Slot.a), lda = <usize> int(args, Slot.lda), transposed = int(args, Slot.transposeA);
  const c = address(args, Slot.c), rowBytes = <usize> int(args, Slot.ldc) << 2;
  const alpha = float(args, Slot.alpha), beta = float(args, Slot.beta);
  const bias = address(args, Slot.bias), activation = int(args, Slot.activation), mask = address(args, Slot.mask);
  const paddedColumns = <usize> ((n + COLUMNS - 1) / COLUMNS * COLUMNS);
  // The scratch starts with a tile, for the edges of C.
  const tile = address(args, Slot.scratch) + <usize> thread * address(args, Slot.scratchBytes);
  const packedA = tile + 4 * ROWS * COLUMNS;
  let packedB = address(args, Slot.packedB);
  for (let p = 0, last = false; !last; p += depth) {
    const steps = min(depth, k - p);
    last = p + depth >= k;
    packRows(a, lda, transposed, row0, row1, p, steps, packedA);
    const scale: f32 = p == 0 ? beta : 1;
    for (let j = 0; j < n; j += COLUMNS) {
      const panel = packedB + ((<usize> steps * j) << 2), width = min(COLUMNS, n - j);
      const biasHere = last && bias ? bias + (j << 2) : 0;
      for (let i = row0; i < row1; i += ROWS) {
        const at = <usize> i * rowBytes + (j << 2), height = min(ROWS, row1 - i);
        const maskHere = last && mask ? mask + at : 0;
        const panelA = packedA + ((<usize> (i - row0) * steps) << 2);
        if (width == COLUMNS && height == ROWS && activation != SIGMOID) {
          multiplyTile<Form>(
            panelA,
            panel,
            steps,
            c + at,
            rowBytes,
            alpha,
            scale,
            biasHere,
            last && activation == RELU,
            maskHere,
          );
        } else {
          multiplyTile<Form>(panelA, panel, steps, tile, 4 * COLUMNS, alpha, 0, 0, false, 0);
          for (let r = 0; r < height; r++) {
            const row = c + at + r * rowBytes;
            addRow(tile + (r * COLUMNS << 2), row, width, scale);
            if (last) finishRow(row, width, biasHere, activation, maskHere ? maskHere + r * rowBytes : 0);
          }
        }
      }
    }
    packedB += (paddedColumns * steps) << 2;
  }
}

/** C row = scale * C row + tile row; scale 0 does not read C. */
function addRow(from: usize, c: usize, width: i32, scale: f32): void {
  for (let j: usize = 0; j < <usize> width << 2; j += 4) {
    let v = load<f32>(from + j);
    if (scale != 0) v += scale * load<f32>(c + j);
    store<f32>(c + j, v);
  }
}

/** C tile [5][8] = mask(relu(alpha * A panel^T [steps][5] * B panel [steps][8] + scale * C tile + bias)). */
function multiplyTile<Form>(
  a: usize,
  b: usize,
  steps: i32,
  c: usize,
  rowBytes: usize,
  alpha: f32,
  scale: f32,
  bias: usize,
  relu: bool,
  mask: usize,
): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00;
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00;
  for (const end = a + 20 * <usize> steps; a < end; a += 20, b += 32) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    // The second load reaches 12 bytes into the next step; the scratch ends after the last.
    const x = v128.load(a), y = v128.load(a, 16);
    let r = v128.shuffle<f32>(x, x, 0, 0, 0, 0);
    c00 = madd<Form>(r, b0, c00);
    c01 = madd<Form>(r, b1, c01);
    r = v128.shuffle<f32>(x, x, 1, 1, 1, 1);
    c10 = madd<Form>(r, b0, c10);
    c11 = madd<Form>(r, b1, c11);
    r = v128.shuffle<f32>(x, x, 2, 2, 2, 2);
    c20 = madd<Form>(r, b0, c20);
    c21 = madd<Form>(r, b1, c21);
    r = v128.shuffle<f32>(x, x, 3, 3, 3, 3);
    c30 = madd<Form>(r, b0, c30);
    c31 = madd<Form>(r, b1, c31);
    r = v128.shuffle<f32>(y, y, 0, 0, 0, 0);
    c40 = madd<Form>(r, b0, c40);
    c41 = madd<Form>(r, b1, c41);
  }
  storeRow(c00, c01, c, alpha, scale, bias, relu, mask);
  c += rowBytes;
  if (mask) mask += rowBytes;
  storeRow(c10, c11, c, alpha, scale, bias, relu, mask);
  c += rowBytes;
  if (mask) mask += rowBytes;
  storeRow(c20, c21, c, alpha, scale, bias, relu, mask);
  c += rowBytes;
  if (mask) mask += rowBytes;
  storeRow(c30, c31, c, alpha, scale, bias, relu, mask);
  c += rowBytes;
  if (mask) mask += rowBytes;
  storeRow(c40, c41, c, alpha, scale, bias, relu, mask);
}

// @ts-ignore: decorator
@inline
function storeRow(
  low: v128,
  high: v128,
  c: usize,
  alpha: f32,
  scale: f32,
  bias: usize,
  relu: bool,
  mask: usize,
): void {
  const zero = f32x4.splat(0);
  let v = low, w = high;
  if (alpha != 1) {
    v = f32x4.mul(v, f32x4.splat(alpha));
    w = f32x4.mul(w, f32x4.splat(alpha));
  }
  if (scale != 0) {
    v = f32x4.add(v, f32x4.mul(v128.load(c), f32x4.splat(scale)));
    w = f32x4.add(w, f32x4.mul(v128.load(c, 16), f32x4.splat(scale)));
  }
  if (bias) {
    v = f32x4.add(v, v128.load(bias));
    w = f32x4.add(w, v128.load(bias, 16));
  }
  if (relu) {
    v = f32x4.max(v, zero);
    w = f32x4.max(w, zero);
  }
  if (mask) {
    v = v128.and(v, f32x4.gt(v128.load(mask), zero));
    w = v128.and(w, f32x4.gt(v128.load(mask, 16), zero));
  }
  v128.store(c, v);
  v128.store(c, w, 16);
}
