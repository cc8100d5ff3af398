/** Each table's ids sorted, stably: occurrences of a row side by side, in the order of the samples. */
import { slot, word } from "./_slots.as";

/** Counts the ids of a table's bags; task = table. Slots: 0 offsets, 1 batch, 2 tables, 3 known ids, 4 counts out. */
export function countIds(args: usize, task: i32): void {
  const offsets = slot(args, 0), batch = slot(args, 1), tables = slot(args, 2), known = slot(args, 3);
  let count: usize = 0;
  for (let bag = <usize> task; bag < batch * tables; bag += tables) {
    const to = min(<usize> word(offsets, bag + 1), known), from = min(<usize> word(offsets, bag), to);
    count += to - from;
  }
  store<u32>(slot(args, 4) + (<usize> task << 2), <u32> count);
}

/**
 * Sorts one table's occurrences by id and lists where each row's begin; task = table. Ids beyond the table and padding
 * are left out. A table's slice of the arrays starts at `bases[table]`; `starts` has one more element per table, for
 * the end of the last row.
 *
 * Slots: 0 ids, 1 offsets (0: one id per bag), 2 batch, 3 tables, 4 records, 5 bases, 6 keys, 7 order, 8 spare keys,
 * 9 spare order, 10 widest digit, 11 counts, 12 bagOf (0: occurrence = bag), 13 factors (0: all 1), 14 weights (0: all 1),
 * 15 mean, 16 known ids, 17 starts, 18 places (where a row's sum goes; none: its only gradient is its sum), 19 whether all
 * rows are summed, 20 row counts out, 21 sum counts out.
 */
export function sortTable(args: usize, task: i32): void {
  const table = <usize> task, base = <usize> word(slot(args, 5), table);
  const keys = slot(args, 6) + (base << 2), order = slot(args, 7) + (base << 2);
  const spareKeys = slot(args, 8) + (base << 2), spareOrder = slot(args, 9) + (base << 2);
  const lastId = load<u32>(slot(args, 4) + (table << 5), 8);
  const bits = <u32> (32 - clz(lastId)), widest = <u32> slot(args, 10);
  const passes = (bits + widest - 1) / widest, width = passes ? (bits + passes - 1) / passes : 1;
  const digits: u32 = 1 << width, counts = slot(args, 11) + ((table << widest) << 2);
  // An even number of passes ends where it began.
  let from = passes & 1 ? spareKeys : keys, fromOrder = passes & 1 ? spareOrder : order;
  const n = slot(args, 1) ? listBags(args, table, base, from, fromOrder) : listOneHot(args, table, from, fromOrder);
  for (let pass: u32 = 0; pass < passes; pass++) {
    const to = from == keys ? spareKeys : keys, toOrder = from == keys ? spareOrder : order;
    countingPass(from, fromOrder, n, pass * width, digits, counts, to, toOrder);
    from = to;
    fromOrder = toOrder;
  }
  listRows(args, table, base, n, keys);
}

function listOneHot(args: usize, table: usize, keys: usize, order: usize): usize {
  const tables = slot(args, 3), record = slot(args, 4) + (table << 5);
  const lastId = load<u32>(record, 8), padded = load<u32>(record, 12), padding = load<u32>(record, 16);
  const ids = slot(args, 0), bags = slot(args, 2) * tables;
  let n: usize = 0;
  for (let bag = table; bag < bags; bag += tables) {
    const id = word(ids, bag);
    store<u32>(keys + (n << 2), id);
    store<u32>(order + (n << 2), <u32> bag);
    n += <usize> (id <= lastId && !(padded && id == padding));
  }
  return n;
}

/** As {@linkcode listOneHot}, for bags with offsets; occurrences are numbered inside the table's slice. */
function listBags(args: usize, table: usize, base: usize, keys: usize, order: usize): usize {
  const tables = slot(args, 3), record = slot(args, 4) + (table << 5);
  const lastId = load<u32>(record, 8), padded = load<u32>(record, 12), padding = load<u32>(record, 16);
  const ids = slot(args, 0), offsets = slot(args, 1), bags = slot(args, 2) * tables, known = slot(args, 16);
  const bagOf = slot(args, 12), factors = slot(args, 13), weights = slot(args, 14), mean = slot(args, 15);
  let n: usize = 0;
  for (let bag = table; bag < bags; bag += tables) {
    const to = min(<usize> word(offsets, bag + 1), known), from = <usize> word(offsets, bag);
    const share = mean ? shareOf(ids, from, to, padded, padding) : 1;
    for (let at = from; at < to; at++) {
      const id = word(ids, at);
      if (id > lastId || (padded && id == padding)) continue;
      const occurrence = base + n;
      store<u32>(keys + (n << 2), id);
      store<u32>(order + (n << 2), <u32> occurrence);
      store<u32>(bagOf + (occurrence << 2), <u32> bag);
      if (factors) {
        store<f32>(factors + (occurrence << 2), (weights ? load<f32>(weights + (at << 2)) : <f32> 1) * share);
      }
      n++;
    }
  }
  return n;
}

/** One over the ids of a bag, padding not counted. */
export function shareOf(ids: usize, from: usize, to: usize, padded: u32, padding: u32): f32 {
  let count = <u32> (to - from);
  if (padded) { for (let at = from; at < to; at++) count -= <u32> (word(ids, at) == padding); }
  return <f32> 1 / <f32> max<u32>(count, 1);
}

/** One pass of a stable radix sort. */
function countingPass(
  keys: usize,
  values: usize,
  n: usize,
  shift: u32,
  digits: u32,
  counts: usize,
  outKeys: usize,
  outValues: usize,
): void {
  const mask = digits - 1;
  memory.fill(counts, 0, <usize> digits << 2);
  for (let at = keys, end = keys + (n << 2); at < end; at += 4) {
    const count = counts + (<usize> ((load<u32>(at) >> shift) & mask) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
  let sum: u32 = 0;
  for (let at = counts, end = counts + (<usize> digits << 2); at < end; at += 4) {
    const count = load<u32>(at);
    store<u32>(at, sum);
    sum += count;
  }
  for (let i: usize = 0; i < n; i++) {
    const key = word(keys, i), next = counts + (<usize> ((key >> shift) & mask) << 2);
    const place = load<u32>(next);
    store<u32>(next, place + 1);
    store<u32>(outKeys + (<usize> place << 2), key);
    store<u32>(outValues + (<usize> place << 2), word(values, i));
  }
}

function listRows(args: usize, table: usize, base: usize, n: usize, keys: usize): void {
  const starts = slot(args, 17) + ((base + table) << 2), places = slot(args, 18) + (base << 2), all = slot(args, 19);
  let rows: usize = 0, sums: u32 = 0;
  for (let i: usize = 0; i < n;) {
    const key = word(keys, i);
    let end = i + 1;
    while (end < n && word(keys, end) == key) end++;
    store<u32>(starts + (rows << 2), <u32> (base + i));
    store<u32>(places + (rows << 2), sums);
    sums += <u32> (all != 0 || end - i > 1);
    rows++;
    i = end;
  }
  store<u32>(starts + (rows << 2), <u32> (base + n));
  store<u32>(slot(args, 20) + (table << 2), <u32> rows);
  store<u32>(slot(args, 21) + (table << 2), sums);
}
