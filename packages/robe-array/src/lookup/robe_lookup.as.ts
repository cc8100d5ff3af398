/**
 * Look-up in a ROBE array, in two phases per chunk of rows: hash all block addresses, then gather. Tasks are blocks of
 * samples; inside a task, tables are the outer loop, so that a chunk has one table's hash constants.
 *
 * Slots: see _slots.as.ts.
 */
import { load1, put16, put4, spread } from "./_blocks.as";
import { hashRows } from "./_hash_rows.as";
import {
  ARRAY, BAGS, BAGS_PER_TASK, BLOCK, BLOCKS, CHUNK, DIM, IDS, KNOWN_IDS, MEAN, OFFSETS, OUT, RECORDS, scratchOf, SIGN,
  signWords, SIZE, slot, TABLES, WEIGHTS,
} from "./_slots.as";

/** Elements `first` to `end` of a row, one by one: any block size, and blocks that go on at the array's start. */
function putSlowly<E>(
  args: usize, to: usize, from: usize, first: usize, end: usize, signs: usize, signStride: usize, pooled: bool,
  factor: f32,
): void {
  const array = slot(args, ARRAY), bytes = slot(args, SIZE) * sizeof<E>();
  let at = from - array;
  for (let e = first; e < end; e++) {
    if (at >= bytes) at -= bytes;
    let value = load1<E>(array + at);
    if (signStride && load<u32>(signs + (e >> 5) * signStride) >>> (<u32>e & 31) & 1) value = -value;
    const out = to + (e << 2);
    store<f32>(out, pooled ? load<f32>(out) + factor * value : value);
    at += sizeof<E>();
  }
}

/** One row from its blocks' addresses at `starts`, its sign words behind them. */
// @ts-ignore: decorator
@inline
function putRow<E>(
  args: usize, to: usize, starts: usize, signs: usize, stride: usize, dim: usize, run: usize, limit: usize, unit: i32,
  signed: bool, pooled: bool, factor: f32,
): void {
  const factors = f32x4.splat(factor);
  for (let first: usize = 0; first < dim; first += run) {
    let from = <usize>load<u32>(starts);
    starts += stride;
    const end = min(first + run, dim);
    if (unit == 1 || from > limit) {
      putSlowly<E>(args, to, from, first, end, signs, signed ? stride : 0, pooled, factor);
    } else if (unit == 32) {
      for (let e = first; e < end; e += 32) {
        const word = signed ? spread(load<u32>(signs + (e >> 5) * stride)) : i32x4.splat(0);
        put16<E>(to + (e << 2), from, signed, word, 0, pooled, factors);
        put16<E>(to + (e << 2) + 64, from + 16 * sizeof<E>(), signed, word, 16, pooled, factors);
        from += 32 * sizeof<E>();
      }
    } else if (unit == 16) {
      for (let e = first; e < end; e += 16) {
        const word = signed ? spread(load<u32>(signs + (e >> 5) * stride) >>> (<u32>e & 16)) : i32x4.splat(0);
        put16<E>(to + (e << 2), from, signed, word, 0, pooled, factors);
        from += 16 * sizeof<E>();
      }
    } else {
      for (let e = first; e < end; e += 4) {
        const word = signed ? spread(load<u32>(signs + (e >> 5) * stride) >>> (<u32>e & 28)) : i32x4.splat(0);
        put4<E>(to + (e << 2), from, signed, word, 0, pooled, factors);
        from += 4 * sizeof<E>();
      }
    }
  }
}

/** Elements that are handled at once: all blocks must be whole units. */
// @ts-ignore: decorator
@inline
function unitOf(run: usize, dim: usize): i32 {
  const both = run | dim;
  return (both & 31) == 0 ? 32 : (both & 15) == 0 ? 16 : (both & 3) == 0 ? 4 : 1;
}

/** Copies the rows of a chunk to `to`, `step` bytes apart. */
// @ts-ignore: decorator
@inline
function copyRows<E>(
  args: usize, scratch: usize, rows: usize, to: usize, step: usize, unit: i32, signed: bool,
): void {
  const dim = slot(args, DIM), run = min(slot(args, BLOCK), dim), stride = slot(args, CHUNK) << 2;
  const limit = slot(args, ARRAY) + (slot(args, SIZE) - run) * sizeof<E>();
  const signs = scratch + slot(args, BLOCKS) * stride;
  for (let i: usize = 0; i < rows; i++) {
    const starts = scratch + (i << 2);
    if (load<u32>(starts)) putRow<E>(args, to, starts, signs + (i << 2), stride, dim, run, limit, unit, signed, false, 1);
    else memory.fill(to, 0, dim << 2);
    to += step;
  }
}

// @ts-ignore: decorator
@inline
function lookupOneHot<E>(args: usize, task: i32, thread: i32): void {
  const scratch = scratchOf(args, thread), ids = slot(args, IDS), out = slot(args, OUT);
  const bags = slot(args, BAGS), tables = slot(args, TABLES), rowBytes = slot(args, DIM) << 2, chunk = slot(args, CHUNK);
  const unit = unitOf(min(slot(args, BLOCK), slot(args, DIM)), slot(args, DIM)), signed = slot(args, SIGN) != 0;
  const first = <usize>task * slot(args, BAGS_PER_TASK), end = min(first + slot(args, BAGS_PER_TASK), bags);
  const step = tables * rowBytes;
  for (let table: usize = 0; table < tables; table++) {
    for (let bag = first + table; bag < end; bag += chunk * tables) {
      const rows = min(chunk, (end - bag + tables - 1) / tables), to = out + bag * rowBytes;
      hashRows(args, scratch, ids + (bag << 2), tables << 2, rows, table);
      if (unit == 32) {
        if (signed) copyRows<E>(args, scratch, rows, to, step, 32, true);
        else copyRows<E>(args, scratch, rows, to, step, 32, false);
      } else if (unit == 16) {
        if (signed) copyRows<E>(args, scratch, rows, to, step, 16, true);
        else copyRows<E>(args, scratch, rows, to, step, 16, false);
      } else if (unit == 4) {
        if (signed) copyRows<E>(args, scratch, rows, to, step, 4, true);
        else copyRows<E>(args, scratch, rows, to, step, 4, false);
      } else if (signed) copyRows<E>(args, scratch, rows, to, step, 1, true);
      else copyRows<E>(args, scratch, rows, to, step, 1, false);
    }
  }
}

/** Adds the rows of a chunk, times their factors, to the bags they belong to. */
// @ts-ignore: decorator
@inline
function addRows<E>(
  args: usize, scratch: usize, rows: usize, factors: usize, targets: usize, unit: i32, signed: bool,
): void {
  const dim = slot(args, DIM), run = min(slot(args, BLOCK), dim), stride = slot(args, CHUNK) << 2;
  const limit = slot(args, ARRAY) + (slot(args, SIZE) - run) * sizeof<E>();
  const signs = scratch + slot(args, BLOCKS) * stride;
  for (let i: usize = 0; i < rows; i++) {
    const starts = scratch + (i << 2), to = <usize>load<u32>(targets + (i << 2));
    const factor = load<f32>(factors + (i << 2));
    if (load<u32>(starts)) {
      putRow<E>(args, to, starts, signs + (i << 2), stride, dim, run, limit, unit, signed, true, factor);
    }
  }
}

/** Divides a mean by the ids that are not padding, then multiplies by the table's scale. */
function finishBag(args: usize, out: usize, record: usize, from: usize, to: usize): void {
  const dim = slot(args, DIM), ids = slot(args, IDS), scale = load<f32>(record, 20);
  let count: f32 = 1;
  if (slot(args, MEAN)) {
    let found: u32 = 0;
    for (let at = from; at < to; at++) {
      found += u32(!load<u32>(record, 12) || load<u32>(ids + (at << 2)) != load<u32>(record, 16));
    }
    count = <f32>max(found, 1);
  }
  if (count == 1 && scale == 1) return;
  for (let e: usize = 0; e < dim; e++) {
    const at = out + (e << 2);
    store<f32>(at, load<f32>(at) / count * scale);
  }
}

// @ts-ignore: decorator
@inline
function firstOf(offsets: usize, bag: usize): usize {
  return offsets ? <usize>load<u32>(offsets + (bag << 2)) : bag;
}

// @ts-ignore: decorator
@inline
function endOf(offsets: usize, bag: usize, known: usize): usize {
  return offsets ? min(<usize>load<u32>(offsets + (bag << 2), 4), known) : bag + 1;
}

// @ts-ignore: decorator
@inline
function lookupPooled<E>(args: usize, task: i32, thread: i32): void {
  const scratch = scratchOf(args, thread), ids = slot(args, IDS), out = slot(args, OUT), tables = slot(args, TABLES);
  const offsets = slot(args, OFFSETS), weights = slot(args, WEIGHTS), known = slot(args, KNOWN_IDS);
  const rowBytes = slot(args, DIM) << 2, chunk = slot(args, CHUNK), signed = slot(args, SIGN) != 0;
  const unit = unitOf(min(slot(args, BLOCK), slot(args, DIM)), slot(args, DIM));
  const first = <usize>task * slot(args, BAGS_PER_TASK), end = min(first + slot(args, BAGS_PER_TASK), slot(args, BAGS));
  // Behind addresses and signs: ids, factors and bags of the chunk's rows.
  const chosen = scratch + (slot(args, BLOCKS) + signWords(args)) * (chunk << 2);
  const factors = chosen + (chunk << 2), targets = factors + (chunk << 2);
  for (let table: usize = 0; table < tables; table++) {
    let rows: usize = 0;
    for (let bag = first + table; bag < end; bag += tables) {
      const to = out + bag * rowBytes;
      memory.fill(to, 0, rowBytes);
      const last = endOf(offsets, bag, known);
      for (let at = firstOf(offsets, bag); at < last; at++) {
        store<u32>(chosen + (rows << 2), load<u32>(ids + (at << 2)));
        store<f32>(factors + (rows << 2), weights ? load<f32>(weights + (at << 2)) : 1);
        store<u32>(targets + (rows << 2), <u32>to);
        if (++rows == chunk) {
          addChunk<E>(args, scratch, rows, chosen, factors, targets, table, unit, signed);
          rows = 0;
        }
      }
    }
    if (rows) addChunk<E>(args, scratch, rows, chosen, factors, targets, table, unit, signed);
    const record = slot(args, RECORDS) + (table << 5);
    if (!slot(args, MEAN) && load<f32>(record, 20) == 1) continue;
    for (let bag = first + table; bag < end; bag += tables) {
      finishBag(args, out + bag * rowBytes, record, firstOf(offsets, bag), endOf(offsets, bag, known));
    }
  }
}

function addChunk<E>(
  args: usize, scratch: usize, rows: usize, ids: usize, factors: usize, targets: usize, table: usize, unit: i32,
  signed: bool,
): void {
  hashRows(args, scratch, ids, 4, rows, table);
  if (unit >= 16) {
    if (signed) addRows<E>(args, scratch, rows, factors, targets, 16, true);
    else addRows<E>(args, scratch, rows, factors, targets, 16, false);
  } else if (unit == 4) {
    if (signed) addRows<E>(args, scratch, rows, factors, targets, 4, true);
    else addRows<E>(args, scratch, rows, factors, targets, 4, false);
  } else addRows<E>(args, scratch, rows, factors, targets, 1, signed);
}

/** One id per bag, neither factors nor scales: copies. */
export function lookupRows(args: usize, task: i32, thread: i32): void {
  lookupOneHot<f32>(args, task, thread);
}

/** As lookupRows, from an array of f16. */
export function lookupRowsHalf(args: usize, task: i32, thread: i32): void {
  lookupOneHot<u16>(args, task, thread);
}

/** Bags of any length, sum or mean, with factors and scales. */
export function lookupBags(args: usize, task: i32, thread: i32): void {
  lookupPooled<f32>(args, task, thread);
}

/** As lookupBags, from an array of f16. */
export function lookupBagsHalf(args: usize, task: i32, thread: i32): void {
  lookupPooled<u16>(args, task, thread);
}
