/** Sums of a row's gradients, and the blocks of rows. */
import { listBlocks } from "./_blocks.as";
import { slot, word } from "./_slots.as";

/**
 * Occurrences of a row that are added one by one; longer lists are cut into chunks of so many, whose sums are added in
 * order. Kernels on GPUs have the same cut.
 */
const CHUNK: usize = 64;

@inline
function gradientOf(position: usize, order: usize, bagOf: usize, grads: usize, stride: usize): usize {
  const occurrence = <usize> word(order, position);
  return grads + (bagOf ? <usize> word(bagOf, occurrence) : occurrence) * stride;
}

@inline
function factorOf(position: usize, order: usize, factors: usize): f32 {
  return load<f32>(factors + (<usize> word(order, position) << 2));
}

/** `out = scale * sum of factor * gradient` over the positions `first` to `end - 1`. */
function sumRow(
  first: usize,
  end: usize,
  order: usize,
  bagOf: usize,
  factors: usize,
  grads: usize,
  stride: usize,
  scale: f32,
  out: usize,
): void {
  const scales = f32x4.splat(scale), zero = f32x4.splat(0);
  let at: usize = 0;
  for (; at + 64 <= stride; at += 64) {
    let a = zero, b = zero, c = zero, d = zero;
    for (let chunk = first; chunk < end; chunk += CHUNK) {
      let e = zero, f = zero, g = zero, h = zero;
      const stop = min(chunk + CHUNK, end);
      for (let i = chunk; i < stop; i++) {
        const row = gradientOf(i, order, bagOf, grads, stride) + at;
        if (factors) {
          const factor = f32x4.splat(factorOf(i, order, factors));
          e = f32x4.add(e, f32x4.mul(factor, v128.load(row)));
          f = f32x4.add(f, f32x4.mul(factor, v128.load(row, 16)));
          g = f32x4.add(g, f32x4.mul(factor, v128.load(row, 32)));
          h = f32x4.add(h, f32x4.mul(factor, v128.load(row, 48)));
        } else {
          e = f32x4.add(e, v128.load(row));
          f = f32x4.add(f, v128.load(row, 16));
          g = f32x4.add(g, v128.load(row, 32));
          h = f32x4.add(h, v128.load(row, 48));
        }
      }
      a = f32x4.add(a, e);
      b = f32x4.add(b, f);
      c = f32x4.add(c, g);
      d = f32x4.add(d, h);
    }
    v128.store(out + at, f32x4.mul(a, scales));
    v128.store(out + at, f32x4.mul(b, scales), 16);
    v128.store(out + at, f32x4.mul(c, scales), 32);
    v128.store(out + at, f32x4.mul(d, scales), 48);
  }
  for (; at < stride; at += 4) {
    let a: f32 = 0;
    for (let chunk = first; chunk < end; chunk += CHUNK) {
      let e: f32 = 0;
      const stop = min(chunk + CHUNK, end);
      for (let i = chunk; i < stop; i++) {
        const x = load<f32>(gradientOf(i, order, bagOf, grads, stride) + at);
        e += factors ? factorOf(i, order, factors) * x : x;
      }
      a += e;
    }
    store<f32>(out + at, a * scale);
  }
}

/**
 * Sums and lists rows; tasks are blocks of rows. Rows with one gradient and no factor are listed where they lie.
 *
 * Slots: 0 first row of each table `[tables + 1]`, 1 records, 2 starts, 3 bases, 4 keys, 5 order, 6 bagOf, 7 factors,
 * 8 gradients, 9 sums, 10 first sum of each table, 11 places, 12 rows per task, 13 first pair, 14 whether all rows are
 * summed, 15 rows; from 32 on the layout.
 */
export function listRowBlocks(args: usize, task: i32): void {
  const rowBase = slot(args, 0), records = slot(args, 1), starts = slot(args, 2), bases = slot(args, 3);
  const keys = slot(args, 4), order = slot(args, 5), bagOf = slot(args, 6), factors = slot(args, 7);
  const grads = slot(args, 8), sums = slot(args, 9), sumBase = slot(args, 10), places = slot(args, 11);
  const firstPair = slot(args, 13), all = slot(args, 14) != 0;
  const stride = slot(args, 32) << 2, blocks = slot(args, 34);
  const first = <usize> task * slot(args, 12), stop = min(first + slot(args, 12), slot(args, 15));
  let table: usize = 0;
  for (let row = first; row < stop; row++) {
    while (<usize> word(rowBase, table + 1) <= row) table++;
    const record = records + (table << 5), base = <usize> word(bases, table), inTable = row - <usize> word(rowBase, table);
    const runs = starts + ((base + table + inTable) << 2);
    const from = <usize> load<u32>(runs), end = <usize> load<u32>(runs, 4);
    let gradient: usize;
    if (all || end - from > 1) {
      gradient = sums + <usize> (word(sumBase, table) + word(places, base + inTable)) * stride;
      sumRow(from, end, order, bagOf, factors, grads, stride, load<f32>(record, 20), gradient);
    } else {
      gradient = gradientOf(from, order, bagOf, grads, stride);
    }
    listBlocks(args, table, word(keys, from), gradient, firstPair + row * blocks, load<u32>(record), load<u32>(record, 4));
  }
}
