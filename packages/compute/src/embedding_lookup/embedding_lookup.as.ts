/**
 * Embedding look-up. Tasks are blocks of samples; a block starts at a multiple of `tables`.
 *
 * Slots: 0 weights, 1 rowBase (0: one table at row 0), 2 ids, 3 out, 4 bags, 5 tables, 6 dim, 7 rows of all tables,
 * 8 bags per task, 9 offsets (0: one id per bag), 10 weights of ids (0: none), 11 mean, 12 number of ids.
 *
 * Random rows of a table larger than the caches cost a trip to memory each, and what counts is how many trips are under way
 * at once. Within a task, tables are the outer loop: rows of the large tables then follow one another, so that the
 * core's window is full of loads that miss, instead of one miss between many hits. Measured on Kaggle's tables (2.16 GB,
 * uniform ids, one core), against samples as the outer loop: 22 ns instead of 45 ns per row at dim 16, 97 instead of
 * 128 at dim 128.
 *
 * A row of several lines is copied by so many 16-byte stores that the few rows whose stores fit into the core's buffer are
 * all that its window ever sees. So groups of rows are read first, a byte per line and without a store between, and
 * copied from the first-level cache after: 1.7 times as fast at dim 128 in a table of 1.5 GB (uniform ids, one core).
 * Reading a row ahead between the copies gains little, as it waits for the same stores.
 */

/** Rows that are read before they are copied: 16 KiB at dim 128. */
const GROUP: usize = 32;

@inline
function slot(args: usize, index: i32): usize {
  return <usize>load<f64>(args + ((<usize>index) << 3));
}

/** Address of the row that `ids[at]` names in the table at `base`, or 0 where there is none. */
@inline
function rowAddress(weights: usize, base: u32, ids: usize, at: usize, rows: u32, stride: usize): usize {
  const row = base + load<u32>(ids + (at << 2));
  // A sum that wrapped around is smaller than its parts.
  return row < rows && row >= base ? weights + <usize>row * stride : 0;
}

/**
 * Copies one row of 16 elements (a cache line) per bag. The ids are checked beforehand, which leaves the copying loop
 * without branches: more of its loads fit into the core's window. Returns false where an id is out of range.
 */
@inline
function copyLines(
  weights: usize,
  base: u32,
  ids: usize,
  out: usize,
  first: usize,
  end: usize,
  tables: usize,
  rows: u32,
): bool {
  let inside = true;
  for (let bag = first; bag < end; bag += tables) {
    const row = base + load<u32>(ids + (bag << 2));
    inside = inside & (row < rows) & (row >= base);
  }
  if (!inside) return false;
  for (let bag = first; bag < end; bag += tables) {
    const row = weights + (<usize>(base + load<u32>(ids + (bag << 2))) << 6), to = out + (bag << 6);
    v128.store(to, v128.load(row));
    v128.store(to, v128.load(row, 16), 16);
    v128.store(to, v128.load(row, 32), 32);
    v128.store(to, v128.load(row, 48), 48);
  }
  return true;
}

@inline
function copyRow(row: usize, out: usize, stride: usize): void {
  if (row) copyPresentRow(row, out, stride);
  else memory.fill(out, 0, stride);
}

@inline
function copyPresentRow(row: usize, out: usize, stride: usize): void {
  let at: usize = 0;
  for (; at + 64 <= stride; at += 64) {
    v128.store(out + at, v128.load(row + at));
    v128.store(out + at, v128.load(row + at, 16), 16);
    v128.store(out + at, v128.load(row + at, 32), 32);
    v128.store(out + at, v128.load(row + at, 48), 48);
  }
  for (; at + 16 <= stride; at += 16) v128.store(out + at, v128.load(row + at));
  for (; at < stride; at += 4) store<u32>(out + at, load<u32>(row + at));
}

@inline
function divideRow(out: usize, by: f32, stride: usize): void {
  const divisor = f32x4.splat(by);
  let at: usize = 0;
  for (; at + 16 <= stride; at += 16) v128.store(out + at, f32x4.div(v128.load(out + at), divisor));
  for (; at < stride; at += 4) store<f32>(out + at, load<f32>(out + at) / by);
}

/** Reads a byte of every line of a row. The result has no meaning. */
@inline
function touchRow(row: usize, stride: usize): u32 {
  let bytes: u32 = 0, at: usize = 0;
  for (; at + 512 <= stride; at += 512) {
    const line = row + at;
    bytes |= load<u8>(line) | load<u8>(line, 64) | load<u8>(line, 128) | load<u8>(line, 192);
    bytes |= load<u8>(line, 256) | load<u8>(line, 320) | load<u8>(line, 384) | load<u8>(line, 448);
  }
  for (; at < stride; at += 64) bytes |= load<u8>(row + at);
  return bytes;
}

/** Copies the rows of a group of bags. As in copyLines(), ids are checked beforehand. */
@inline
function copyGroup(
  weights: usize,
  base: u32,
  ids: usize,
  out: usize,
  first: usize,
  end: usize,
  tables: usize,
  rows: u32,
  stride: usize,
): void {
  let inside = true;
  for (let bag = first; bag < end; bag += tables) {
    const row = base + load<u32>(ids + (bag << 2));
    inside = inside & (row < rows) & (row >= base);
  }
  if (!inside || stride <= 64) {
    for (let bag = first; bag < end; bag += tables) {
      copyRow(rowAddress(weights, base, ids, bag, rows, stride), out + bag * stride, stride);
    }
    return;
  }
  let bytes: u32 = 0;
  for (let bag = first; bag < end; bag += tables) {
    bytes |= touchRow(weights + <usize>(base + load<u32>(ids + (bag << 2))) * stride, stride);
  }
  store<u8>(out + first * stride, bytes); // so that the reads count as used; the copy overwrites it
  for (let bag = first; bag < end; bag += tables) {
    copyPresentRow(weights + <usize>(base + load<u32>(ids + (bag << 2))) * stride, out + bag * stride, stride);
  }
}

/** One row per bag, unweighted: copies. */
export function lookupRows(args: usize, task: i32): void {
  const weights = slot(args, 0), rowBase = slot(args, 1), ids = slot(args, 2), out = slot(args, 3);
  const bags = slot(args, 4), tables = slot(args, 5), stride = slot(args, 6) << 2, rows = <u32>slot(args, 7);
  const first = <usize>task * slot(args, 8);
  const end = min(first + slot(args, 8), bags);
  for (let table: usize = 0; table < tables; table++) {
    const base = rowBase ? load<u32>(rowBase + (table << 2)) : 0;
    if (stride == 64 && copyLines(weights, base, ids, out, first + table, end, tables, rows)) continue;
    for (let group = first + table; group < end; group += GROUP * tables) {
      const groupEnd = min(group + GROUP * tables, end);
      // A width that the compiler knows.
      if (stride == 512) copyGroup(weights, base, ids, out, group, groupEnd, tables, rows, 512);
      else copyGroup(weights, base, ids, out, group, groupEnd, tables, rows, stride);
    }
  }
}

/** Sums of 32 columns of a bag, from byte `column` of its rows on, kept in registers over all its rows. */
@inline
function poolTwoLines(
  weights: usize,
  base: u32,
  ids: usize,
  factors: usize,
  from: usize,
  to: usize,
  rows: u32,
  stride: usize,
  column: usize,
  out: usize,
): void {
  let a = f32x4.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
  for (let at = from; at < to; at++) {
    let row = rowAddress(weights, base, ids, at, rows, stride);
    if (!row) continue;
    row += column;
    if (factors) {
      const factor = f32x4.splat(load<f32>(factors + (at << 2)));
      a = f32x4.add(a, f32x4.mul(factor, v128.load(row)));
      b = f32x4.add(b, f32x4.mul(factor, v128.load(row, 16)));
      c = f32x4.add(c, f32x4.mul(factor, v128.load(row, 32)));
      d = f32x4.add(d, f32x4.mul(factor, v128.load(row, 48)));
      e = f32x4.add(e, f32x4.mul(factor, v128.load(row, 64)));
      f = f32x4.add(f, f32x4.mul(factor, v128.load(row, 80)));
      g = f32x4.add(g, f32x4.mul(factor, v128.load(row, 96)));
      h = f32x4.add(h, f32x4.mul(factor, v128.load(row, 112)));
    } else {
      a = f32x4.add(a, v128.load(row));
      b = f32x4.add(b, v128.load(row, 16));
      c = f32x4.add(c, v128.load(row, 32));
      d = f32x4.add(d, v128.load(row, 48));
      e = f32x4.add(e, v128.load(row, 64));
      f = f32x4.add(f, v128.load(row, 80));
      g = f32x4.add(g, v128.load(row, 96));
      h = f32x4.add(h, v128.load(row, 112));
    }
  }
  v128.store(out, a);
  v128.store(out, b, 16);
  v128.store(out, c, 32);
  v128.store(out, d, 48);
  v128.store(out, e, 64);
  v128.store(out, f, 80);
  v128.store(out, g, 96);
  v128.store(out, h, 112);
}

/** As above, 16 columns. */
@inline
function poolLine(
  weights: usize,
  base: u32,
  ids: usize,
  factors: usize,
  from: usize,
  to: usize,
  rows: u32,
  stride: usize,
  column: usize,
  out: usize,
): void {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (let at = from; at < to; at++) {
    let row = rowAddress(weights, base, ids, at, rows, stride);
    if (!row) continue;
    row += column;
    if (factors) {
      const factor = f32x4.splat(load<f32>(factors + (at << 2)));
      a = f32x4.add(a, f32x4.mul(factor, v128.load(row)));
      b = f32x4.add(b, f32x4.mul(factor, v128.load(row, 16)));
      c = f32x4.add(c, f32x4.mul(factor, v128.load(row, 32)));
      d = f32x4.add(d, f32x4.mul(factor, v128.load(row, 48)));
    } else {
      a = f32x4.add(a, v128.load(row));
      b = f32x4.add(b, v128.load(row, 16));
      c = f32x4.add(c, v128.load(row, 32));
      d = f32x4.add(d, v128.load(row, 48));
    }
  }
  v128.store(out, a);
  v128.store(out, b, 16);
  v128.store(out, c, 32);
  v128.store(out, d, 48);
}

/** As above, one column. */
@inline
function poolColumn(
  weights: usize,
  base: u32,
  ids: usize,
  factors: usize,
  from: usize,
  to: usize,
  rows: u32,
  stride: usize,
  column: usize,
  out: usize,
): void {
  let sum: f32 = 0;
  for (let at = from; at < to; at++) {
    const row = rowAddress(weights, base, ids, at, rows, stride);
    if (row) sum += (factors ? load<f32>(factors + (at << 2)) : 1) * load<f32>(row + column);
  }
  store<f32>(out, sum);
}

/** Bags of any length, sum or mean, weighted or not. */
export function lookupBags(args: usize, task: i32): void {
  const weights = slot(args, 0), rowBase = slot(args, 1), ids = slot(args, 2), out = slot(args, 3);
  const bags = slot(args, 4), tables = slot(args, 5), stride = slot(args, 6) << 2, rows = <u32>slot(args, 7);
  const offsets = slot(args, 9), factors = slot(args, 10), mean = slot(args, 11), known = slot(args, 12);
  const first = <usize>task * slot(args, 8);
  const end = min(first + slot(args, 8), bags);
  for (let table: usize = 0; table < tables; table++) {
    const base = load<u32>(rowBase + (table << 2));
    for (let bag = first + table; bag < end; bag += tables) {
      const from = offsets ? <usize>load<u32>(offsets + (bag << 2)) : bag;
      const to = offsets ? min(<usize>load<u32>(offsets + (bag << 2), 4), known) : bag + 1;
      const pooled = out + bag * stride;
      let at: usize = 0;
      for (; at + 128 <= stride; at += 128) {
        poolTwoLines(weights, base, ids, factors, from, to, rows, stride, at, pooled + at);
      }
      for (; at + 64 <= stride; at += 64) {
        poolLine(weights, base, ids, factors, from, to, rows, stride, at, pooled + at);
      }
      for (; at < stride; at += 4) poolColumn(weights, base, ids, factors, from, to, rows, stride, at, pooled + at);
      if (mean && to > from + 1) divideRow(pooled, <f32>(to - from), stride);
    }
  }
}
