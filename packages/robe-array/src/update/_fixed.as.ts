/** Sums as integers of 64 bits, a fixed number of which make one: exact, so that their order does not matter. */
import { listBlocks, SIGNS } from "./_blocks.as";
import { slot, word } from "./_slots.as";
import { signOf } from "./_add.as";
import { shareOf } from "./_sort.as";

/** The largest magnitude of `n` floats, as bits; tasks are blocks. Slots: 0 values, 1 n, 2 per task, 3 out `[tasks]`. */
export function largestOf(args: usize, task: i32): void {
  const per = slot(args, 2), first = <usize> task * per, end = min(slot(args, 1), first + per);
  const values = slot(args, 0), magnitude = i32x4.splat(0x7fffffff);
  let most = i32x4.splat(0), i = first;
  for (; i + 4 <= end; i += 4) most = i32x4.max_u(most, v128.and(v128.load(values + (i << 2)), magnitude));
  let best = max<u32>(
    max<u32>(i32x4.extract_lane(most, 0), i32x4.extract_lane(most, 1)),
    max<u32>(i32x4.extract_lane(most, 2), i32x4.extract_lane(most, 3)),
  );
  for (; i < end; i++) best = max<u32>(best, word(values, i) & 0x7fffffff);
  store<u32>(slot(args, 3) + (<usize> task << 2), best);
}

/**
 * Lists the blocks of every occurrence; tasks are blocks of bags. Ids in no bag, beyond their table or padding get the
 * mark that sorts behind all.
 *
 * Slots: 0 ids, 1 offsets (0: one id per bag), 2 bags, 3 tables, 4 records, 5 weights (0: all 1), 6 mean, 7 known ids,
 * 8 gradients, 9 first pair, 10 bags per task, 11 mark; from 32 on the layout.
 */
export function listOccurrenceBlocks(args: usize, task: i32): void {
  const ids = slot(args, 0), offsets = slot(args, 1), bags = slot(args, 2), tables = slot(args, 3);
  const records = slot(args, 4), weights = slot(args, 5), mean = slot(args, 6), known = slot(args, 7);
  const grads = slot(args, 8), firstPair = slot(args, 9), mark = <u32> slot(args, 11);
  const stride = slot(args, 32) << 2, blocks = slot(args, 34), recordBytes = slot(args, 49);
  const first = <usize> task * slot(args, 10), end = min(first + slot(args, 10), bags);
  let table = first % tables;
  for (let bag = first; bag < end; bag++) {
    const record = records + (table << 5);
    const lastId = load<u32>(record, 8), padded = load<u32>(record, 12), padding = load<u32>(record, 16);
    const from = offsets ? min(<usize> word(offsets, bag), known) : bag;
    const to = offsets ? min(<usize> word(offsets, bag + 1), known) : bag + 1;
    const share = mean ? shareOf(ids, from, to, padded, padding) : 1;
    for (let at = from; at < to; at++) {
      const id = word(ids, at), pair = firstPair + at * blocks;
      if (id > lastId || (padded && id == padding)) {
        markPairs(slot(args, 47), pair, blocks, mark);
        continue;
      }
      listBlocks(args, table, id, grads + bag * stride, pair, load<u32>(record), load<u32>(record, 4));
      const factor = weights ? load<f32>(weights + (at << 2)) * share : share;
      for (let k: usize = 0; k < blocks; k++) {
        const out = slot(args, 48) + (pair + k) * recordBytes;
        store<f32>(out, factor, 8);
        store<f32>(out, load<f32>(record, 20), 12);
      }
    }
    if (++table == tables) table = 0;
  }
  if (offsets && end == bags) {
    const before = min(<usize> word(offsets, 0), known), behind = min(<usize> word(offsets, bags), known);
    markPairs(slot(args, 47), firstPair, before * blocks, mark);
    markPairs(slot(args, 47), firstPair + behind * blocks, (known - behind) * blocks, mark);
  }
}

function markPairs(keys: usize, first: usize, count: usize, mark: u32): void {
  for (let i = first; i < first + count; i++) store<u32>(keys + (i << 2), mark);
}

/** Zero for subnormal numbers. */
@inline
function flush(x: f32): f32 {
  return reinterpret<u32>(x) & 0x7f800000 ? x : 0;
}

/** As addFloats(), in units of 1 / `unit`; the exact product is rounded to the nearest integer, ties to even. */
export function addFixed(
  sum: usize,
  record: usize,
  from: u32,
  to: u32,
  signed: bool,
  unit: f64,
  poison: bool,
): void {
  const gradient = load<u32>(record), factor = load<f32>(record, 8), scale = load<f32>(record, 12);
  const signs = signed ? record + SIGNS : 0;
  const plain = factor == 1 && scale == 1;
  for (; from < to; from++, sum += 8) {
    let x = flush(load<f32>(gradient + (from << 2)));
    if (!plain) x = flush(flush(factor * x) * scale);
    x = reinterpret<f32>(reinterpret<u32>(x) ^ signOf(signs, from));
    // Poison marks slots that are looked up.
    const units: i64 = poison ? 1 : <i64> nearest<f64>(<f64> x * unit);
    store<i64>(sum, load<i64>(sum) + units);
  }
}

/** Sums as floats, rounded once; subnormal ones become zero. With poison, all sums but zeros become NaN. */
export function toFloats(sums: usize, count: usize, unit: f64, poison: bool, out: usize): void {
  for (let i: usize = 0; i < count; i++) {
    const sum = load<i64>(sums + (i << 3)), x = <f64> <f32> sum * unit;
    store<f32>(out + (i << 2), poison && sum != 0 ? <f32> NaN : abs<f64>(x) < 1.1754943508222875e-38 ? 0 : <f32> x);
  }
}
