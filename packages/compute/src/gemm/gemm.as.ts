// CPU kernels of gemm: packed, register-blocked product in f32x4, and the epilogue that follows a BLAS product.
//
// op(B) is packed first, by all threads, into panels of 8 columns: for each block of `depth` values of k, panel after
// panel, [k][8]. Then each task takes a block of C, packs its rows of op(A) into panels of 6 rows, [k][6], in the
// thread's scratch, and sweeps them: one panel of B (8 x depth, in L1) against all panels of A (in L2). The 6 x 8 tile
// of C is 12 accumulators; with 2 vectors of B and one broadcast of A they fill the 15 vector registers that V8 hands out
// on x86-64.
//
// Products are summed by relaxed_madd: fused where the host has FMA, else rounded twice.
import { address, epilogueRow, float, int, Slot } from "./_epilogue.as";

const ROWS: i32 = 6;
const COLUMNS: i32 = 8;

/** Packs panel `task` of op(B). */
export function pack(args: usize, task: i32): void {
  const n = int(args, Slot.n), k = int(args, Slot.k), depth = int(args, Slot.depth);
  const b = address(args, Slot.b), ldb = <usize> int(args, Slot.ldb);
  const first = task * COLUMNS, width = min(COLUMNS, n - first);
  const padded = <usize> (n + COLUMNS - 1) / COLUMNS * COLUMNS;
  let block = address(args, Slot.packedB);
  for (let p = 0; p < k; p += depth) {
    const steps = min(depth, k - p);
    const to = block + ((<usize> steps * first) << 2);
    if (int(args, Slot.transposeB)) interleave8(b + ((first * ldb + p) << 2), ldb << 2, width, steps, to);
    else copyPanel(b + ((p * ldb + first) << 2), ldb << 2, width, COLUMNS, steps, to);
    block += (padded * steps) << 2;
  }
}

/** Computes block `task` of C. */
export function multiply(args: usize, task: i32, thread: i32): void {
  const m = int(args, Slot.m), n = int(args, Slot.n), k = int(args, Slot.k), depth = int(args, Slot.depth);
  const rows = int(args, Slot.rowsPerTask), columns = int(args, Slot.columnsPerTask);
  const across = (n + columns - 1) / columns;
  const row0 = task / across * rows, row1 = min(row0 + rows, m);
  const column0 = task % across * columns, column1 = min(column0 + columns, n);
  const a = address(args, Slot.a), lda = <usize> int(args, Slot.lda), transposed = int(args, Slot.transposeA);
  const c = address(args, Slot.c), ldc = <usize> int(args, Slot.ldc);
  const alpha = float(args, Slot.alpha), beta = float(args, Slot.beta);
  const bias = address(args, Slot.bias), activation = int(args, Slot.activation), mask = address(args, Slot.mask);
  const plain = !bias && !activation && !mask;
  const padded = <usize> (n + COLUMNS - 1) / COLUMNS * COLUMNS;
  // The scratch starts with one tile.
  const tile = address(args, Slot.scratch) + <usize> thread * address(args, Slot.scratchBytes);
  const packedA = tile + 4 * ROWS * COLUMNS;
  let packedB = address(args, Slot.packedB);
  for (let p = 0, more = true; more; p += depth) {
    const steps = min(depth, k - p);
    more = p + depth < k;
    for (let i = row0; i < row1; i += ROWS) {
      const to = packedA + ((<usize> (i - row0) * steps) << 2), height = min(ROWS, row1 - i);
      if (transposed) copyPanel(a + ((p * lda + i) << 2), lda << 2, height, ROWS, steps, to);
      else interleave6(a + ((i * lda + p) << 2), lda << 2, height, steps, to);
    }
    const scale: f32 = p == 0 ? beta : 1;
    for (let j = column0; j < column1; j += COLUMNS) {
      const panel = packedB + ((<usize> steps * j) << 2), width = min(COLUMNS, column1 - j);
      for (let i = row0; i < row1; i += ROWS) {
        product(packedA + ((<usize> (i - row0) * steps) << 2), panel, steps, tile);
        const height = min(ROWS, row1 - i);
        for (let r = 0; r < height; r++) {
          const at = (<usize> (i + r) * ldc + j) << 2;
          addRow(tile + (COLUMNS * r << 2), c + at, width, alpha, scale);
          if (!more && !plain) {
            epilogueRow(c + at, mask ? mask + at : 0, bias ? bias + (j << 2) : 0, activation, 0, width);
          }
        }
      }
    }
    packedB += (padded * steps) << 2;
  }
}

/** Bias, activation and mask on block `task` of C. */
export function epilogue(args: usize, task: i32): void {
  const m = int(args, Slot.m), n = int(args, Slot.n);
  const rows = int(args, Slot.rowsPerTask), columns = int(args, Slot.columnsPerTask);
  const across = (n + columns - 1) / columns;
  const row0 = task / across * rows, row1 = min(row0 + rows, m);
  const column0 = task % across * columns, column1 = min(column0 + columns, n);
  const c = address(args, Slot.c), ldc = <usize> int(args, Slot.ldc), mask = address(args, Slot.mask);
  for (let i = row0; i < row1; i++) {
    const at = (<usize> i * ldc) << 2;
    epilogueRow(c + at, mask ? mask + at : 0, address(args, Slot.bias), int(args, Slot.activation), column0, column1);
  }
}

/** C row = scale * C row + alpha * tile row; scale 0 does not read C. */
function addRow(from: usize, c: usize, width: i32, alpha: f32, scale: f32): void {
  if (width == COLUMNS) {
    let low = f32x4.mul(v128.load(from), f32x4.splat(alpha));
    let high = f32x4.mul(v128.load(from, 16), f32x4.splat(alpha));
    if (scale != 0) {
      low = f32x4.add(low, f32x4.mul(v128.load(c), f32x4.splat(scale)));
      high = f32x4.add(high, f32x4.mul(v128.load(c, 16), f32x4.splat(scale)));
    }
    v128.store(c, low);
    v128.store(c, high, 16);
    return;
  }
  for (let j: usize = 0; j < <usize> width; j++) {
    let v = alpha * load<f32>(from + (j << 2));
    if (scale != 0) v += scale * load<f32>(c + (j << 2));
    store<f32>(c + (j << 2), v);
  }
}

/** Copies `steps` rows of `width` neighbours into a panel [steps][panelWidth], the rest zero. */
function copyPanel(from: usize, stride: usize, width: i32, panelWidth: i32, steps: i32, to: usize): void {
  if (width == 8) {
    for (let p = 0; p < steps; p++, from += stride, to += 32) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
    }
    return;
  }
  if (width == 6 && panelWidth == 6) {
    for (let p = 0; p < steps; p++, from += stride, to += 24) {
      v128.store(to, v128.load(from));
      store<u64>(to, load<u64>(from, 16), 16);
    }
    return;
  }
  for (let p = 0; p < steps; p++, from += stride) {
    for (let j = 0; j < panelWidth; j++, to += 4) {
      store<f32>(to, j < width ? load<f32>(from + ((<usize> j) << 2)) : 0);
    }
  }
}

/** Interleaves 6 lines of `steps` neighbours into a panel [steps][6]; lines from `height` on repeat the last. */
function interleave6(from: usize, stride: usize, height: i32, steps: i32, to: usize): void {
  const a0 = from;
  const a1 = from + stride * min(1, height - 1);
  const a2 = from + stride * min(2, height - 1);
  const a3 = from + stride * min(3, height - 1);
  const a4 = from + stride * min(4, height - 1);
  const a5 = from + stride * min(5, height - 1);
  let p: usize = 0;
  const bytes = <usize> steps << 2;
  for (; p + 16 <= bytes; p += 16, to += 96) {
    transpose4(v128.load(a0 + p), v128.load(a1 + p), v128.load(a2 + p), v128.load(a3 + p), to, 24);
    const x = v128.load(a4 + p), y = v128.load(a5 + p);
    const low = v128.shuffle<f32>(x, y, 0, 4, 1, 5), high = v128.shuffle<f32>(x, y, 2, 6, 3, 7);
    v128.store_lane<u64>(to, low, 0, 16);
    v128.store_lane<u64>(to, low, 1, 40);
    v128.store_lane<u64>(to, high, 0, 64);
    v128.store_lane<u64>(to, high, 1, 88);
  }
  for (; p < bytes; p += 4, to += 24) {
    store<f32>(to, load<f32>(a0 + p));
    store<f32>(to, load<f32>(a1 + p), 4);
    store<f32>(to, load<f32>(a2 + p), 8);
    store<f32>(to, load<f32>(a3 + p), 12);
    store<f32>(to, load<f32>(a4 + p), 16);
    store<f32>(to, load<f32>(a5 + p), 20);
  }
}

/** Interleaves 8 lines of `steps` neighbours into a panel [steps][8]; lines from `width` on repeat the last. */
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

/** tile [6][8] = panel of A [steps][6], transposed, times panel of B [steps][8]. */
function product(a: usize, b: usize, steps: i32, tile: usize): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00;
  let c30 = c00, c31 = c00, c40 = c00, c41 = c00, c50 = c00, c51 = c00;
  for (const end = a + 24 * <usize> steps; a < end; a += 24, b += 32) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load_splat<f32>(a);
    c00 = f32x4.relaxed_madd(x, b0, c00);
    c01 = f32x4.relaxed_madd(x, b1, c01);
    x = v128.load_splat<f32>(a, 4);
    c10 = f32x4.relaxed_madd(x, b0, c10);
    c11 = f32x4.relaxed_madd(x, b1, c11);
    x = v128.load_splat<f32>(a, 8);
    c20 = f32x4.relaxed_madd(x, b0, c20);
    c21 = f32x4.relaxed_madd(x, b1, c21);
    x = v128.load_splat<f32>(a, 12);
    c30 = f32x4.relaxed_madd(x, b0, c30);
    c31 = f32x4.relaxed_madd(x, b1, c31);
    x = v128.load_splat<f32>(a, 16);
    c40 = f32x4.relaxed_madd(x, b0, c40);
    c41 = f32x4.relaxed_madd(x, b1, c41);
    x = v128.load_splat<f32>(a, 20);
    c50 = f32x4.relaxed_madd(x, b0, c50);
    c51 = f32x4.relaxed_madd(x, b1, c51);
  }
  v128.store(tile, c00);
  v128.store(tile, c01, 16);
  v128.store(tile, c10, 32);
  v128.store(tile, c11, 48);
  v128.store(tile, c20, 64);
  v128.store(tile, c21, 80);
  v128.store(tile, c30, 96);
  v128.store(tile, c31, 112);
  v128.store(tile, c40, 128);
  v128.store(tile, c41, 144);
  v128.store(tile, c50, 160);
  v128.store(tile, c51, 176);
}
