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
  const keys = slot(args, 0), n = slot(args, 2), shift = <u32> slot(args, 5), longest = slot(args, 6);
  const size = slot(args, 7), first = <usize> task * slot(args, 8), end = min(first + slot(args, 8), size);
  const sums = slot(args, 9) + <usize> task * (TILE << 4);
  // Keys are starts without their low zeros, so the least key of starts above x is that of x, plus one.
  let next: usize = first + 1 > longest ? lowerBound(keys, n, <u32> ((first - longest) >> shift) + 1) : 0;
  for (let low = first; low < end; low += TILE) {
    const high = min(low + TILE, end);
    const wraps = low + 1 < longest;
    if (!wraps) while (next < n && (<usize> word(keys, next) << shift) + longest <= low) next++;
    updateTile(args, low, high, wraps, next, sums);
  }
}

function updateTile(args: usize, low: usize, high: usize, wraps: bool, next: usize, sums: usize): void {
  const keys = slot(args, 0), order = slot(args, 1), n = slot(args, 2), records = slot(args, 3);
  const recordBytes = slot(args, 4), shift = slot(args, 5), longest = slot(args, 6), size = slot(args, 7);
  const kind = <i32> slot(args, 13), signed = slot(args, 19) != 0, unit = load<f64>(args, 20 * 8), poison = slot(args, 21) != 0;
  const wide: usize = unit != 0 ? 3 : 2, grain: usize = kind == 3 ? 32 : 1;
  let spanLow = low, spanHigh = low, active = false;
  if (slot(args, 18)) {
    memory.fill(sums, 0, (high - low) << wide);
    spanHigh = high;
    active = true;
  }
  // Wrapping blocks first, then from `next` on.
  let i = wraps ? lowerBound(keys, n, <u32> ((size - longest + low) >> shift) + 1) : next;
  let wrapping = wraps;
  while (true) {
    const start = i < n ? <usize> word(keys, i) << shift : size;
    if (start >= (wrapping ? size : high)) {
      if (!wrapping) break;
      wrapping = false;
      i = next;
      continue;
    }
    const record = records + <usize> word(order, i++) * recordBytes;
    const length = <usize> load<u32>(record, 4);
    // Of the block's elements, those from `from` to `to - 1` fall on the tile, from slot `at` on.
    const before = wrapping ? size - start + low : low > start ? low - start : 0;
    const to = min(length, wrapping ? size - start + high : high - start);
    if (before >= to) continue;
    let from = before, at = wrapping ? low : max(start, low);
    if (active && at <= ((spanHigh + grain - 1) & ~(grain - 1))) {
      if (at > spanHigh) {
        memory.fill(sums + ((spanHigh - low) << wide), 0, (at - spanHigh) << wide);
        spanHigh = at;
      }
    } else {
      if (active) finishSpan(args, low, high, spanLow, spanHigh, grain, sums);
      spanLow = at & ~(grain - 1);
      if (spanLow < at) memory.fill(sums + ((spanLow - low) << wide), 0, (at - spanLow) << wide);
      spanHigh = at;
      active = true;
    }
    const known = min(to, from + (spanHigh - at));
    if (wide == 3) {
      addFixed(sums + ((at - low) << 3), record, <u32> from, <u32> known, signed, unit, poison, false);
      addFixed(sums + ((at + (known - from) - low) << 3), record, <u32> known, <u32> to, signed, unit, poison, true);
    } else {
      const gradient = <usize> load<u32>(record), signs = signed ? record + SIGNS : 0;
      if (known > from) addFloats(sums + ((at - low) << 2), gradient, <u32> from, <u32> known, signs, false);
      if (to > known) {
        addFloats(sums + ((at + (known - from) - low) << 2), gradient, <u32> known, <u32> to, signs, true);
      }
    }
    spanHigh = max(spanHigh, at + (to - from));
  }
  if (active) finishSpan(args, low, high, spanLow, spanHigh, grain, sums);
}

/** Applies the rule to the slots of a span, widened to whole grains. */
function finishSpan(
  args: usize,
  low: usize,
  high: usize,
  spanLow: usize,
  spanHigh: usize,
  grain: usize,
  sums: usize,
): void {
  const unit = load<f64>(args, 20 * 8), wide: usize = unit != 0 ? 3 : 2;
  const end = min((spanHigh + grain - 1) & ~(grain - 1), high);
  if (end > spanHigh) memory.fill(sums + ((spanHigh - low) << wide), 0, (end - spanHigh) << wide);
  let gradients = sums + ((spanLow - low) << wide);
  if (unit != 0) {
    const floats = sums + (TILE << 3);
    toFloats(gradients, end - spanLow, 1 / unit, slot(args, 21) != 0, floats);
    gradients = floats;
  }
  applyRule(
    <i32> slot(args, 13),
    unit != 0,
    slot(args, 10),
    slot(args, 11),
    slot(args, 12),
    spanLow,
    end,
    gradients,
    <f32> load<f64>(args, 14 * 8),
    <f32> load<f64>(args, 15 * 8),
    <f32> load<f64>(args, 16 * 8),
    <f32> load<f64>(args, 17 * 8),
  );
}
