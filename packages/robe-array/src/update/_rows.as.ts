/** Sums of a row's gradients, and the blocks of rows. */
import { blockHash, rowHash, signWord } from "../hash/_hash.as";
import { LAYOUT, listBlocks, SIGNS } from "./_blocks.as";
import { slot, word } from "./_slots.as";

/**
 * Occurrences of a row that are added one by one; longer lists are cut into chunks of so many, whose sums are added in
 * order. Kernels on GPUs have the same cut.
 */
const CHUNK: usize = 64;
/** Gradients that are fetched together. */
const FETCHED: usize = 8;

@inline
function gradientOf(position: usize, order: usize, bagOf: usize, grads: usize, stride: usize): usize {
  const occurrence = <usize> word(order, position);
  return grads + (bagOf ? <usize> word(bagOf, occurrence) : occurrence) * stride;
}

@inline
function factorOf(position: usize, order: usize, factors: usize): f32 {
  return load<f32>(factors + (<usize> word(order, position) << 2));
}

/**
 * `out = sum of gradients` over the positions `first` to `end - 1`, in that order. Four rows at a time, from left to right:
 * so many streams the hardware fetches ahead. Returns what must be kept for loads to stay.
 */
function sumChunk(
  first: usize,
  end: usize,
  order: usize,
  bagOf: usize,
  factors: usize,
  grads: usize,
  stride: usize,
  out: usize,
): u32 {
  for (let at: usize = 0; at < stride; at += 4) store<f32>(out + at, 0);
  let i = first, fetched = first, touched: u32 = 0;
  if (!factors) {
    for (; i + 4 <= end; i += 4) {
      if (i == fetched) {
        fetched += FETCHED;
        touched ^= fetchRows(i, min(fetched, end), order, bagOf, grads, stride);
      }
      const r = gradientOf(i, order, bagOf, grads, stride), s = gradientOf(i + 1, order, bagOf, grads, stride);
      const t = gradientOf(i + 2, order, bagOf, grads, stride), u = gradientOf(i + 3, order, bagOf, grads, stride);
      let at: usize = 0;
      for (; at + 16 <= stride; at += 16) {
        let sum = f32x4.add(v128.load(out + at), v128.load(r + at));
        sum = f32x4.add(sum, v128.load(s + at));
        sum = f32x4.add(sum, v128.load(t + at));
        v128.store(out + at, f32x4.add(sum, v128.load(u + at)));
      }
      for (; at < stride; at += 4) {
        let sum = load<f32>(out + at) + load<f32>(r + at);
        sum += load<f32>(s + at);
        sum += load<f32>(t + at);
        store<f32>(out + at, sum + load<f32>(u + at));
      }
    }
  }
  for (; i < end; i++) {
    const row = gradientOf(i, order, bagOf, grads, stride);
    const factor: f32 = factors ? factorOf(i, order, factors) : 1, four = f32x4.splat(factor);
    let at: usize = 0;
    for (; at + 16 <= stride; at += 16) {
      v128.store(out + at, f32x4.add(v128.load(out + at), f32x4.mul(four, v128.load(row + at))));
    }
    for (; at < stride; at += 4) store<f32>(out + at, load<f32>(out + at) + factor * load<f32>(row + at));
  }
  return touched;
}

/** Reads a word of every cache line of some gradients, so that the memory works on all of them at once. */
@inline
function fetchRows(first: usize, end: usize, order: usize, bagOf: usize, grads: usize, stride: usize): u32 {
  let touched: u32 = 0;
  for (let i = first; i < end; i++) {
    const row = gradientOf(i, order, bagOf, grads, stride);
    for (let at: usize = 0; at < stride; at += 64) touched ^= load<u32>(row + at);
  }
  return touched;
}

/** `out = scale * sum of factor * gradient`; `spare` = room for a row. Returns what must be kept for loads to stay. */
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
  spare: usize,
): u32 {
  let touched = sumChunk(first, min(first + CHUNK, end), order, bagOf, factors, grads, stride, out);
  for (let chunk = first + CHUNK; chunk < end; chunk += CHUNK) {
    touched ^= sumChunk(chunk, min(chunk + CHUNK, end), order, bagOf, factors, grads, stride, spare);
    let at: usize = 0;
    for (; at + 16 <= stride; at += 16) v128.store(out + at, f32x4.add(v128.load(out + at), v128.load(spare + at)));
    for (; at < stride; at += 4) store<f32>(out + at, load<f32>(out + at) + load<f32>(spare + at));
  }
  if (scale != 1) { for (let at: usize = 0; at < stride; at += 4) store<f32>(out + at, load<f32>(out + at) * scale); }
  return touched;
}

/**
 * Sums and lists rows; tasks are blocks of rows. Rows with one gradient and no factor are listed where they lie.
 *
 * Slots: 0 first row of each table `[tables + 1]`, 1 records, 2 starts, 3 bases, 4 keys, 5 order, 6 bagOf, 7 factors,
 * 8 gradients, 9 sums, 10 first sum of each table, 11 places, 12 rows per task, 13 first pair, 14 whether all rows are
 * summed, 15 rows, 16 spare rows `[tasks, dim]`; from 32 on the layout.
 */
export function listRowBlocks(args: usize, task: i32): void {
  const rowBase = slot(args, 0), records = slot(args, 1), starts = slot(args, 2), bases = slot(args, 3);
  const keys = slot(args, 4), order = slot(args, 5), bagOf = slot(args, 6), factors = slot(args, 7);
  const grads = slot(args, 8), sums = slot(args, 9), sumBase = slot(args, 10), places = slot(args, 11);
  const firstPair = slot(args, 13), all = slot(args, 14) != 0;
  const stride = slot(args, LAYOUT) << 2, blocks = slot(args, LAYOUT + 2);
  const spare = slot(args, 16) + <usize> task * stride;
  const first = <usize> task * slot(args, 12), stop = min(first + slot(args, 12), slot(args, 15));
  const z = <u32> slot(args, LAYOUT + 1), perBlock = <u32> slot(args, LAYOUT + 3), size = <u32> slot(args, LAYOUT + 4);
  const dim = <u32> slot(args, LAYOUT), signed = slot(args, LAYOUT + 7) != 0;
  // Where the signs of a block lie in one word there is no need for a call per row.
  const inWord = !signed || (z <= 32 && 32 % (perBlock > 1 ? dim : blocks > 1 ? z : 1) == 0);
  const quick = !slot(args, LAYOUT + 8) && inWord;
  const modulus = <u32> slot(args, LAYOUT + 5), align = <u32> slot(args, LAYOUT + 6), shift = <u32> slot(args, LAYOUT + 14);
  const outKeys = slot(args, LAYOUT + 15), outRecords = slot(args, LAYOUT + 16), bytes = slot(args, LAYOUT + 17);
  let table: usize = 0, tableEnd: usize = 0, record: usize = 0, base: usize = 0, runs: usize = 0, a: u32 = 0, b: u32 = 0;
  let touched: u32 = 0;
  while (<usize> word(rowBase, table + 1) <= first) table++;
  for (let row = first; row < stop; row++) {
    if (row >= tableEnd) {
      while (<usize> word(rowBase, table + 1) <= row) table++;
      tableEnd = <usize> word(rowBase, table + 1);
      record = records + (table << 5);
      base = <usize> word(bases, table) - <usize> word(rowBase, table);
      runs = starts + ((base + table) << 2);
      a = load<u32>(record);
      b = load<u32>(record, 4);
    }
    const run = <usize> load<u32>(runs + (row << 2)), end = <usize> load<u32>(runs + (row << 2), 4);
    let gradient: usize;
    if (all || end - run > 1) {
      gradient = sums + <usize> (word(sumBase, table) + word(places, base + row)) * stride;
      touched ^= sumRow(run, end, order, bagOf, factors, grads, stride, load<f32>(record, 20), gradient, spare);
    } else {
      gradient = gradientOf(run, order, bagOf, grads, stride);
    }
    const id = word(keys, run), pair = firstPair + row * blocks;
    if (quick) {
      const x = perBlock == 1 ? id : id / perBlock, inBlock = perBlock == 1 ? 0 : (id - x * perBlock) * dim;
      const hash = rowHash(x, a, b);
      let out = outRecords + pair * bytes, key = outKeys + (pair << 2);
      for (let k: u32 = 0, element: u32 = 0; k < <u32> blocks; k++, element += z) {
        let start = align * (blockHash(hash, k) % modulus) + inBlock;
        start = start >= size ? start - size : start;
        store<u32>(key, start >> shift);
        store<u32>(out, <u32> gradient + (element << 2));
        store<u32>(out, min(z, dim - element), 4);
        const first = inBlock + element;
        if (signed) store<u32>(out, signWord(hash, first >> 5) >> (first & 31), SIGNS);
        key += 4;
        out += bytes;
      }
    } else {
      listBlocks(args, table, id, gradient, pair, a, b);
    }
  }
  // Kept, so that the loads are.
  if (stop > first) store<u32>(spare, touched);
}
