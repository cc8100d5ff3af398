/**
 * Embedding look-up. Tasks are blocks of bags; a block starts at a multiple of `tables`.
 *
 * Slots: 0 weights, 1 rowBase (0: one table at row 0), 2 ids, 3 out, 4 bags, 5 tables, 6 dim, 7 rows of all tables,
 * 8 bags per task, 9 offsets (0: one id per bag), 10 weights of ids (0: none), 11 mean, 12 number of ids.
 *
 * Random rows of a table larger than the caches cost a trip to memory each. WebAssembly has no prefetch, so each group
 * of rows is first touched by plain loads: these depend on nothing, so the core has many of them under way at once.
 */

/** Rows that are touched ahead of use. */
const GROUP: i32 = 32;
const LINE: usize = 64;

@inline
function slot(args: usize, index: i32): usize {
  return <usize>load<f64>(args + ((<usize>index) << 3));
}

/** Address of a row, or 0 where there is none. */
@inline
function rowAddress(weights: usize, rowBase: usize, ids: usize, table: usize, at: usize, rows: u32, stride: usize): usize {
  const id = load<u32>(ids + (at << 2));
  const row = rowBase ? load<u32>(rowBase + (table << 2)) + id : id;
  // A sum that wrapped around is smaller than the id.
  return row < rows && row >= id ? weights + <usize>row * stride : 0;
}

@inline
function touch(row: usize, stride: usize): void {
  for (let at: usize = 0; at < stride; at += LINE) load<u32>(row + at);
}

@inline
function copyRow(row: usize, out: usize, stride: usize): void {
  let at: usize = 0;
  if (!row) {
    memory.fill(out, 0, stride);
    return;
  }
  for (; at + 64 <= stride; at += 64) {
    v128.store(out + at, v128.load(row + at));
    v128.store(out + at, v128.load(row + at, 16), 16);
    v128.store(out + at, v128.load(row + at, 32), 32);
    v128.store(out + at, v128.load(row + at, 48), 48);
  }
  for (; at + 16 <= stride; at += 16) v128.store(out + at, v128.load(row + at));
  for (; at < stride; at += 4) store<u32>(out + at, load<u32>(row + at));
}

/** `out += factor * row` */
@inline
function addRow(row: usize, factor: f32, out: usize, stride: usize): void {
  const factors = f32x4.splat(factor);
  let at: usize = 0;
  for (; at + 16 <= stride; at += 16) {
    v128.store(out + at, f32x4.add(v128.load(out + at), f32x4.mul(factors, v128.load(row + at))));
  }
  for (; at < stride; at += 4) store<f32>(out + at, load<f32>(out + at) + factor * load<f32>(row + at));
}

@inline
function divideRow(out: usize, by: f32, stride: usize): void {
  const divisor = f32x4.splat(by);
  let at: usize = 0;
  for (; at + 16 <= stride; at += 16) v128.store(out + at, f32x4.div(v128.load(out + at), divisor));
  for (; at < stride; at += 4) store<f32>(out + at, load<f32>(out + at) / by);
}

/** One row per bag, unweighted: copies. */
export function lookupRows(args: usize, task: i32): void {
  const weights = slot(args, 0), rowBase = slot(args, 1), ids = slot(args, 2), out = slot(args, 3);
  const bags = slot(args, 4), tables = slot(args, 5), stride = slot(args, 6) << 2, rows = <u32>slot(args, 7);
  const first = <usize>task * slot(args, 8);
  const end = min(first + slot(args, 8), bags);
  let table: usize = 0;
  for (let bag = first; bag < end;) {
    const stop = min(bag + GROUP, end);
    let ahead = table;
    for (let at = bag; at < stop; at++) {
      touch(rowAddress(weights, rowBase, ids, ahead, at, rows, stride), stride);
      if (++ahead == tables) ahead = 0;
    }
    for (; bag < stop; bag++) {
      copyRow(rowAddress(weights, rowBase, ids, table, bag, rows, stride), out + bag * stride, stride);
      if (++table == tables) table = 0;
    }
  }
}

/** Bags of any length, sum or mean, weighted or not. */
export function lookupBags(args: usize, task: i32): void {
  const weights = slot(args, 0), rowBase = slot(args, 1), ids = slot(args, 2), out = slot(args, 3);
  const bags = slot(args, 4), tables = slot(args, 5), stride = slot(args, 6) << 2, rows = <u32>slot(args, 7);
  const offsets = slot(args, 9), factors = slot(args, 10), mean = slot(args, 11), known = slot(args, 12);
  const first = <usize>task * slot(args, 8);
  const end = min(first + slot(args, 8), bags);
  let table: usize = 0, ahead: usize = 0;
  let touched = first; // bags whose rows were touched
  for (let bag = first; bag < end; bag++) {
    if (bag == touched) {
      // Whole bags, until a group is full; long bags touch more, which is as well.
      for (let left: i32 = GROUP; touched < end && left > 0; touched++) {
        const from = offsets ? <usize>load<u32>(offsets + (touched << 2)) : touched;
        const to = offsets ? min(<usize>load<u32>(offsets + (touched << 2), 4), known) : touched + 1;
        for (let at = from; at < to; at++) {
          touch(rowAddress(weights, rowBase, ids, ahead, at, rows, stride), stride);
          left--;
        }
        if (++ahead == tables) ahead = 0;
      }
    }
    const from = offsets ? <usize>load<u32>(offsets + (bag << 2)) : bag;
    const to = offsets ? min(<usize>load<u32>(offsets + (bag << 2), 4), known) : bag + 1;
    const pooled = out + bag * stride;
    memory.fill(pooled, 0, stride);
    for (let at = from; at < to; at++) {
      const row = rowAddress(weights, rowBase, ids, table, at, rows, stride);
      if (row) addRow(row, factors ? load<f32>(factors + (at << 2)) : 1, pooled, stride);
    }
    if (mean && to > from + 1) divideRow(pooled, <f32>(to - from), stride);
    if (++table == tables) table = 0;
  }
}
