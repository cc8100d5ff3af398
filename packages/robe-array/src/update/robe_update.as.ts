/**
 * The update of a ROBE array: ids are sorted and rows summed per table, their blocks listed and sorted by start; then the
 * array is cut among tasks, each of which adds up what falls on its own slots and applies the rule.
 */
import { addFloats } from "./_add.as";
import { SIGNS } from "./_blocks.as";
import { addFixed, toFloats } from "./_fixed.as";
import { applyRule } from "./_rules.as";
import { lowerBound, slot, word } from "./_slots.as";

export { largestOf, listOccurrenceBlocks } from "./_fixed.as";
export { listRowBlocks } from "./_rows.as";
export { countIds, sortTable } from "./_sort.as";

/** Slots whose sums lie in the nearest cache. */
const TILE: usize = 4096;
/** Blocks that are fetched together. */
const FETCHED: usize = 32;

/**
 * Updates the slots of a task, tile by tile. Blocks come in ascending order, so slots that overlapping or adjoining blocks
 * touch form spans; a span is summed, then updated at once.
 *
 * A slot gets what falls on it in this order: blocks that wrap around the array's end, by start; then the others, by
 * start; equal starts by row.
 *
 * Slots: 0 keys, 1 order, 2 pairs, 3 records, 4 bytes of a record, 5 shift of keys, 6 longest block, 7 size,
 * 8 slots per task, 9 sums (16 bytes per slot of a tile and task), 10 weights, 11 state 1, 12 state 2, 13 kind, 14 rate,
 * 15 epsilon, 16 blend 1, 17 blend 2, 18 whether the rule moves all slots, 19 signs, 20 units of fixed point
 * (0: sums are floats), 21 poison (sums become NaN).
 */
export function updateSlots(args: usize, task: i32): void {
  const keys = slot(args, 0), order = slot(args, 1), n = slot(args, 2), records = slot(args, 3);
  const recordBytes = slot(args, 4), shift = slot(args, 5), longest = slot(args, 6), size = slot(args, 7);
  const sums = slot(args, 9) + <usize> task * (TILE << 4), kind = <i32> slot(args, 13), dense = slot(args, 18) != 0;
  const signed = slot(args, 19) != 0, unit = load<f64>(args, 20 * 8), poison = slot(args, 21) != 0;
  const weights = slot(args, 10), state1 = slot(args, 11), state2 = slot(args, 12);
  const rate = <f32> load<f64>(args, 14 * 8), epsilon = <f32> load<f64>(args, 15 * 8);
  const blend1 = <f32> load<f64>(args, 16 * 8), blend2 = <f32> load<f64>(args, 17 * 8);
  const wide: usize = unit != 0 ? 3 : 2, grain: usize = kind == 3 ? 32 : 1;
  const mark = <u32> (size >> shift);
  let touched: u32 = 0, fetched: usize = 0;
  const first = <usize> task * slot(args, 8), end = min(first + slot(args, 8), size);

  // Keys are starts without their low zeros, so the least key of starts above x is that of x, plus one.
  let next: usize = first + 1 > longest ? lowerBound(keys, n, <u32> ((first - longest) >> shift) + 1) : 0;
  for (let low = first; low < end; low += TILE) {
    const high = min(low + TILE, end);
    let wrapping = low + 1 < longest;
    if (!wrapping) while (next < n && (<usize> word(keys, next) << shift) + longest <= low) next++;
    let i = wrapping ? lowerBound(keys, n, <u32> ((size - longest + low) >> shift) + 1) : next;
    let spanLow = low, spanHigh = low, active = false;
    const crowded = dense || isCrowded(keys, n, next, <u32> (high >> shift), longest, high - low);
    if (crowded) {
      memory.fill(sums, 0, (high - low) << wide);
      spanHigh = high;
      active = true;
    }
    while (true) {
      const start = i < n ? <usize> word(keys, i) << shift : size;
      const done = start >= (wrapping ? size : high);
      if (done && wrapping) {
        wrapping = false;
        i = next;
        continue;
      }
      // Of the block's elements, those from `from` to `to - 1` fall on the tile, from slot `at` on.
      let record: usize = 0, from: usize = 0, to: usize = 0, at = high + grain;
      if (!done) {
        if (i >= fetched || i + FETCHED < fetched) {
          fetched = min(i + FETCHED, n);
          touched ^= fetch(keys, order, i, fetched, records, recordBytes, mark, crowded ? 0 : weights, shift, longest, size);
        }
        record = records + <usize> word(order, i++) * recordBytes;
        from = wrapping ? size - start + low : low > start ? low - start : 0;
        to = min(<usize> load<u32>(record, 4), wrapping ? size - start + high : high - start);
        if (from >= to) continue;
        at = wrapping ? low : max(start, low);
      }
      if (active && at > ((spanHigh + grain - 1) & ~(grain - 1))) {
        const stop = min((spanHigh + grain - 1) & ~(grain - 1), high);
        if (stop > spanHigh) clear(sums + ((spanHigh - low) << wide), sums + ((stop - low) << wide));
        let gradients = sums + ((spanLow - low) << wide);
        if (unit != 0) {
          toFloats(gradients, stop - spanLow, 1 / unit, poison, sums + (TILE << 3));
          gradients = sums + (TILE << 3);
        }
        applyRule(
          kind, unit != 0, weights, state1, state2, spanLow, stop, gradients, rate, epsilon, blend1, blend2,
        );
        active = false;
      }
      if (done) break;
      if (!active) {
        spanLow = spanHigh = at & ~(grain - 1);
        active = true;
      }
      const stop = at + (to - from);
      if (stop > spanHigh) {
        clear(sums + ((spanHigh - low) << wide), sums + ((stop - low) << wide));
        spanHigh = stop;
      }
      if (unit != 0) {
        addFixed(sums + ((at - low) << 3), record, <u32> from, <u32> to, signed, unit, poison);
      } else {
        addFloats(sums + ((at - low) << 2), <usize> load<u32>(record), <u32> from, <u32> to, signed ? record + SIGNS : 0);
      }
    }
  }
  // Kept, so that the loads are.
  store<u32>(sums, touched);
}

/**
 * Reads a word of every cache line that the next blocks need, so that the memory works on all of them at once; WebAssembly
 * has no instruction for it. Blocks that are marked as void have no gradient.
 */
function fetch(
  keys: usize,
  order: usize,
  first: usize,
  end: usize,
  records: usize,
  recordBytes: usize,
  mark: u32,
  weights: usize,
  shift: usize,
  longest: usize,
  size: usize,
): u32 {
  const bytes = min<usize>(longest << 2, 512), limit = weights + (size << 2);
  let touched: u32 = 0;
  for (let i = first; i < end; i++) {
    const key = word(keys, i);
    if (key >= mark) break;
    const record = records + <usize> word(order, i) * recordBytes, gradient = <usize> load<u32>(record);
    const length = <usize> load<u32>(record, 4) << 2;
    for (let at: usize = 0; at < length && at < bytes; at += 64) touched ^= load<u32>(gradient + at);
    if (weights) {
      const w = weights + (<usize> key << shift << 2);
      for (let at = w; at < w + length && at < limit; at += 64) touched ^= load<u32>(at);
      touched ^= load<u32>(min(w + length, limit) - 4);
    }
  }
  return touched;
}

/** Clears sums; up to 60 bytes more, where nothing is kept yet. */
@inline
function clear(from: usize, to: usize): void {
  const zero = i32x4.splat(0);
  for (; from < to; from += 64) {
    v128.store(from, zero);
    v128.store(from, zero, 16);
    v128.store(from, zero, 32);
    v128.store(from, zero, 48);
  }
}

/** Whether the blocks that start from the one at `next` to the key `high` could cover a quarter of a tile's slots. */
@inline
function isCrowded(keys: usize, n: usize, next: usize, high: u32, longest: usize, slots: usize): bool {
  const probe = next + slots / longest / 4;
  return probe < n && word(keys, probe) < high;
}
