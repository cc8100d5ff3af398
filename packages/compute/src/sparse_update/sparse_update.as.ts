/**
 * Sparse update of embedding rows. The list of occurrences is first sorted by row; then the update is cut into blocks of
 * consecutive positions, and the block in which a row's list starts owns the row. Lists longer than CHUNK are
 * cut into chunks counted from their start, summed by `sumChunks` beforehand: at most two chunks start in a block, so
 * chunk sums have fixed places and no list of them is needed.
 */
import { countDigits, scanCounts, scatterByDigit } from "../radix_sort/_radix.as";
import { gradientOf, sumRows } from "./_row_sum.as";
import { applyRule } from "./_rules.as";

@inline
function slot(args: usize, index: i32): usize {
  return <usize>load<f64>(args + ((<usize>index) << 3));
}

@inline
function keyAt(keys: usize, position: usize): u32 {
  return load<u32>(keys + (position << 2));
}

/**
 * Sorts one table's one-hot ids; task = table. Writes rows among all rows (ids beyond the table: `rows`) and positions in
 * ids.
 *
 * Slots: 0 ids, 1 rowBase, 2 batch, 3 tables, 4 rows, 5 keys, 6 order, 7 spare keys, 8 spare order, 9 digit width,
 * 10 counts.
 */
export function sortTable(args: usize, task: i32): void {
  const batch = slot(args, 2), tables = slot(args, 3), rows = <u32>slot(args, 4), table = <usize>task;
  const ids = slot(args, 0) + (table << 2), base = load<u32>(slot(args, 1) + (table << 2));
  // Rows of the next table belong to another task. Ids beyond this one's sort behind its rows.
  const own = max(table + 1 < tables ? load<u32>(slot(args, 1) + (table << 2), 4) : rows, base) - base;
  const width = <u32>slot(args, 9), digits: u32 = 1 << width, counts = slot(args, 10) + ((table << width) << 2);
  const block = (table * batch) << 2;
  const keys = slot(args, 5) + block, order = slot(args, 6) + block;
  const spareKeys = slot(args, 7) + block, spareOrder = slot(args, 8) + block;
  const passes = (<u32>(32 - clz(own)) + width - 1) / width;
  // An even number of passes ends where it began.
  let from = passes & 1 ? spareKeys : keys, fromOrder: usize = 0;
  for (let sample: usize = 0; sample < batch; sample++) {
    store<u32>(from + (sample << 2), min(load<u32>(ids + ((sample * tables) << 2)), own));
  }
  for (let pass: u32 = 0; pass < passes; pass++) {
    const shift = pass * width;
    const to = from == keys ? spareKeys : keys, toOrder = from == keys ? spareOrder : order;
    memory.fill(counts, 0, digits << 2);
    countDigits(from, <u32>batch, shift, digits - 1, counts);
    scanCounts(counts, digits);
    scatterByDigit(from, fromOrder, 0, <u32>batch, shift, digits - 1, counts, to, toOrder);
    from = to;
    fromOrder = toOrder;
  }
  for (let i: usize = 0; i < batch; i++) {
    const id = load<u32>(keys + (i << 2));
    const sample = passes ? <usize>load<u32>(order + (i << 2)) : i;
    store<u32>(keys + (i << 2), id < own ? base + id : rows);
    store<u32>(order + (i << 2), <u32>(sample * tables + table));
  }
}

/**
 * Lists the occurrences of bags; tasks are blocks of bags. Ids in no bag get row `rows`, which none has.
 *
 * Slots: 0 ids, 1 rowBase, 2 bags, 3 tables, 4 rows, 5 keys, 6 bagOf (0: one id per bag), 7 scales (0: all 1),
 * 8 offsets (0: one id per bag), 9 weights of ids (0: all 1), 10 mean, 11 number of ids, 12 bags per task.
 */
export function listOccurrences(args: usize, task: i32): void {
  const ids = slot(args, 0), rowBase = slot(args, 1), bags = slot(args, 2), tables = slot(args, 3);
  const rows = <u32>slot(args, 4), keys = slot(args, 5), bagOf = slot(args, 6), scales = slot(args, 7);
  const offsets = slot(args, 8), weights = slot(args, 9), mean = slot(args, 10), known = slot(args, 11);
  const first = <usize>task * slot(args, 12), end = min(first + slot(args, 12), bags);
  let table = first % tables;
  for (let bag = first; bag < end; bag++) {
    const base = load<u32>(rowBase + (table << 2));
    const from = offsets ? <usize>load<u32>(offsets + (bag << 2)) : bag;
    const to = offsets ? min(<usize>load<u32>(offsets + (bag << 2), 4), known) : bag + 1;
    for (let at = from; at < to; at++) {
      const row = base + load<u32>(ids + (at << 2));
      store<u32>(keys + (at << 2), row < rows && row >= base ? row : rows);
      if (bagOf) store<u32>(bagOf + (at << 2), <u32>bag);
      if (scales) {
        const weight = weights ? load<f32>(weights + (at << 2)) : <f32>1;
        store<f32>(scales + (at << 2), mean ? weight / <f32>(to - from) : weight);
      }
    }
    if (++table == tables) table = 0;
  }
  if (offsets && end == bags) {
    const from = <usize>load<u32>(offsets), to = min(<usize>load<u32>(offsets + (bags << 2)), known);
    for (let at: usize = 0; at < from && at < known; at++) store<u32>(keys + (at << 2), rows);
    for (let at = to; at < known; at++) store<u32>(keys + (at << 2), rows);
  }
}

/** First position of the run of equal keys that `position` lies in; searched no further back than `low`. */
function runStart(keys: usize, position: usize, low: usize): usize {
  const key = keyAt(keys, position);
  let inside = position, step: usize = 1;
  while (inside - low >= step && keyAt(keys, inside - step) == key) {
    inside -= step;
    step <<= 1;
  }
  let first = inside - low >= step ? inside - step + 1 : low;
  while (first < inside) {
    const middle = (first + inside) >> 1;
    if (keyAt(keys, middle) == key) inside = middle;
    else first = middle + 1;
  }
  return inside;
}

/**
 * Slots of the update, both kernels: 0 keys, 1 order, 2 number of positions, 3 gradients, 4 bagOf (0: the same), 5 scales
 * (0: all 1), 6 dim, 7 rows, 8 chunk (also the positions per task), 9 chunk sums `[2 * tasks, dim]`, 10 weights,
 * 11 state 1, 12 state 2, 13 kind, 14 rate, 15 epsilon, 16 blend 1, 17 blend 2, 18 scratch `[tasks, dim]`.
 */
export function sumChunks(args: usize, task: i32): void {
  const keys = slot(args, 0), order = slot(args, 1), n = slot(args, 2), grads = slot(args, 3);
  const bagOf = slot(args, 4), scales = slot(args, 5), stride = slot(args, 6) << 2, rows = <u32>slot(args, 7);
  const chunk = slot(args, 8), block = <usize>task * chunk, next = block + chunk;
  const sums = slot(args, 9) + 2 * <usize>task * stride;
  if (keyAt(keys, block) < rows) {
    const start = runStart(keys, block, 0);
    const behind = (block - start) % chunk;
    const at = behind ? block + chunk - behind : block;
    if (start + chunk < n && keyAt(keys, start + chunk) == keyAt(keys, block)) {
      sumRun(keys, at, n, chunk, keyAt(keys, block), order, bagOf, scales, grads, stride, sums);
    }
  }
  if (next < n && keyAt(keys, next) < rows && keyAt(keys, block) != keyAt(keys, next)) {
    const start = runStart(keys, next, block);
    if (start < next && start + chunk < n && keyAt(keys, start + chunk) == keyAt(keys, next)) {
      sumRun(keys, start, n, chunk, keyAt(keys, next), order, bagOf, scales, grads, stride, sums + stride);
    }
  }
}

/** Sums the chunk that starts at `first`, as far as it holds `key`. */
function sumRun(
  keys: usize,
  first: usize,
  n: usize,
  chunk: usize,
  key: u32,
  order: usize,
  bagOf: usize,
  scales: usize,
  grads: usize,
  stride: usize,
  out: usize,
): void {
  let end = min(first + chunk, n);
  while (end > first && keyAt(keys, end - 1) != key) end--;
  if (end > first) sumRows(first, end, order, bagOf, scales, grads, stride, out);
}

/** Updates the rows whose lists start in the task's block. */
export function updateRows(args: usize, task: i32): void {
  const keys = slot(args, 0), order = slot(args, 1), n = slot(args, 2), grads = slot(args, 3);
  const bagOf = slot(args, 4), scales = slot(args, 5), stride = slot(args, 6) << 2, rows = <u32>slot(args, 7);
  const chunk = slot(args, 8), sums = slot(args, 9), weights = slot(args, 10);
  const state1 = slot(args, 11), state2 = slot(args, 12), kind = <i32>slot(args, 13);
  const rate = <f32>load<f64>(args, 14 * 8), epsilon = <f32>load<f64>(args, 15 * 8);
  const blend1 = <f32>load<f64>(args, 16 * 8), blend2 = <f32>load<f64>(args, 17 * 8);
  const scratch = slot(args, 18) + <usize>task * stride;
  let at = <usize>task * chunk;
  const end = min(at + chunk, n);
  if (at) while (at < end && keyAt(keys, at) == keyAt(keys, at - 1)) at++;
  while (at < end) {
    const row = keyAt(keys, at);
    if (row >= rows) {
      at++;
      continue;
    }
    let gradient = scratch, stop = at + 1;
    if (at + chunk < n && keyAt(keys, at + chunk) == row) {
      addChunks(keys, at, n, chunk, row, sums, stride, scratch);
      stop = end; // longer than a block
    } else {
      while (stop < n && keyAt(keys, stop) == row) stop++;
      if (stop == at + 1 && !scales) gradient = gradientOf(at, order, bagOf, grads, stride);
      else sumRows(at, stop, order, bagOf, scales, grads, stride, scratch);
    }
    applyRule(kind, weights, state1, state2, row, gradient, stride, rate, epsilon, blend1, blend2);
    at = stop;
  }
}

/** `out` = the sums of the chunks of the run that starts at `first`, added in order. */
function addChunks(
  keys: usize,
  first: usize,
  n: usize,
  chunk: usize,
  key: u32,
  sums: usize,
  stride: usize,
  out: usize,
): void {
  memory.fill(out, 0, stride);
  for (let start = first; start < n && keyAt(keys, start) == key; start += chunk) {
    const block = start / chunk;
    const sum = sums + (2 * block + (start == first && start != block * chunk ? 1 : 0)) * stride;
    let at: usize = 0;
    for (; at + 16 <= stride; at += 16) v128.store(out + at, f32x4.add(v128.load(out + at), v128.load(sum + at)));
    for (; at < stride; at += 4) store<f32>(out + at, load<f32>(out + at) + load<f32>(sum + at));
  }
}
