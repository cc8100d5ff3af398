/**
 * The update of a ROBE array. The array is cut into tiles whose sums stay in the nearest caches: the blocks of all
 * occurrences are listed and sorted by tile; then each tile's gradients are added up and the rule is applied to what they
 * touch. A block that lies across tiles is listed in each, so that every slot gets its addends in the order of occurrences.
 */
import { addFloats, addSixteen } from "./_add.as";
import { FACTORS } from "./_records.as";
import { addFixed, toFloats } from "./_fixed.as";
import { applyRule } from "./_rules.as";
import { slot, word } from "./_slots.as";

export { placeBlocks, sortChunk } from "./_bins.as";
export { largestOf } from "./_fixed.as";
export { countIds, listBlocks } from "./_list.as";

/** Blocks, or lines of the array, that are read before they are worked on. */
const GROUP: usize = 64;

/**
 * Updates the tiles of a task.
 *
 * Slots: 0 first record of each tile `[tiles + 1]`, 1 records, 2 bytes of a record, 3 offset of signs (0: none), 4 factors
 * per record, 5 longest block, 6 size, 7 log2 of a tile's slots, 8 tiles per task, 9 tiles, 10 weights, 11 state 1,
 * 12 state 2, 13 kind, 14 rate, 15 epsilon, 16 blend 1, 17 blend 2, 18 whether the rule moves all slots, 19 scratch of
 * thread 0: see below, 20 bytes of scratch per thread, 21 units of fixed point (0: sums are floats), 22 poison (sums
 * become NaN).
 *
 * Scratch: a tile's sums, with fixed point of 8 bytes and then as floats; a byte per line of slots: whether it has addends;
 * the numbers of those that have.
 */
export function updateTiles(args: usize, task: i32, thread: i32): void {
  const firsts = slot(args, 0), records = slot(args, 1), bytes = slot(args, 2), longest = slot(args, 5);
  const size = slot(args, 6), shift = slot(args, 7), slots = <usize> 1 << shift, dense = slot(args, 18) != 0;
  const wide: usize = load<f64>(args, 21 * 8) != 0 ? 8 : 4;
  const sums = slot(args, 19) + <usize> thread * slot(args, 20), marks = sums + slots * (wide == 8 ? 12 : 4);
  // Lines of a cache, or of slots with a state in common.
  const lineShift: usize = slot(args, 13) == 3 ? 5 : 4, lines = slots >> lineShift, list = marks + lines;
  memory.fill(sums, 0, slots * wide);
  memory.fill(marks, 0, lines);
  let touched: u32 = 0;
  const first = <usize> task * slot(args, 8), end = min(first + slot(args, 8), slot(args, 9));
  for (let tile = first; tile < end; tile++) {
    const low = tile << shift, high = min(low + slots, size);
    const from = <usize> word(firsts, tile), to = <usize> word(firsts, tile + 1);
    // Where many lines have addends all are updated; slots without any stay as they are.
    const all = dense || (to - from) * longest >= (high - low) >> 1;
    if (from == to && !all) continue;
    touched ^= addBlocks(args, records + from * bytes, records + to * bytes, low, high, sums, all ? 0 : marks, lineShift);
    const count = all ? 1 : listLines(marks, lines, list);
    touched ^= updateSlots(args, low, high - low, all ? 0 : list, count, lineShift, sums);
  }
  // Kept, so that the loads are.
  store<u32>(list, touched);
}

/**
 * Adds blocks to a tile's sums; with marks, marks the lines that they touch. Returns what must be kept for loads to stay.
 *
 * Each group's gradients are read before any is added, as stores between leave the core's window too few loads that miss.
 * Measured with blocks of 32 in 27 MB of gradients, ns per block: 73 without, 85 where each is read a group ahead of its
 * addition, 42 as it is.
 */
function addBlocks(
  args: usize,
  from: usize,
  to: usize,
  low: usize,
  high: usize,
  sums: usize,
  marks: usize,
  lineShift: usize,
): u32 {
  const bytes = slot(args, 2), signOffset = slot(args, 3), factors = slot(args, 4), unit = load<f64>(args, 21 * 8);
  const poison = slot(args, 22) != 0, plain = unit == 0 && !factors;
  let touched: u32 = 0;
  for (let group = from; group < to; group += GROUP * bytes) {
    const end = min(group + GROUP * bytes, to);
    for (let record = group; record < end; record += bytes) {
      touched ^= readLines(<usize> load<u32>(record, 4), min<usize>(load<u32>(record, 8) << 2, 512));
    }
    for (let record = group; record < end; record += bytes) {
      const start = <i32> load<u32>(record), before = <i32> low - start, length = load<u32>(record, 8);
      const begin = <u32> max(before, 0), stop = min(length, <u32> (<i32> high - start));
      const at = <usize> max(-before, 0), gradient = <usize> load<u32>(record, 4);
      const signs = signOffset ? record + signOffset : 0;
      if (plain && stop - begin == length && !(length & 15)) {
        const sum = sums + (at << 2);
        for (let element: u32 = 0; element < length; element += 16) {
          const word = signs ? load<u32>(signs + (element >> 5 << 2)) >> (element & 16) : 0;
          addSixteen(sum + (element << 2), gradient + (element << 2), word);
        }
      } else if (unit != 0) {
        addFixed(sums + (at << 3), record, begin, stop, signs, unit, poison);
      } else {
        addFloats(sums + (at << 2), gradient, begin, stop, signs, factors ? load<f32>(record, FACTORS) : 1);
      }
      if (marks) {
        // As often for blocks of a length, wherever they lie: jumps that depend on the place are hard to foretell.
        const behind = at + stop - begin;
        for (let slot = at; slot < behind; slot += 1 << lineShift) store<u8>(marks + (slot >> lineShift), 1);
        store<u8>(marks + ((behind - 1) >> lineShift), 1);
      }
    }
  }
  return touched;
}

/** Lists the marked lines in ascending order and clears the marks; returns how many they are. */
function listLines(marks: usize, lines: usize, list: usize): usize {
  let at = list;
  for (let first: usize = 0; first < lines; first += 16) {
    let bits = i8x16.bitmask(i8x16.neg(v128.load(marks + first)));
    v128.store(marks + first, i32x4.splat(0));
    for (; bits; bits &= bits - 1) {
      store<u32>(at, <u32> first + ctz(bits));
      at += 4;
    }
  }
  return (at - list) >> 2;
}

/**
 * Applies the rule to the listed lines of a tile of `slots` slots, or without a list to all, and clears their sums.
 * Returns what must be kept for loads to stay.
 */
function updateSlots(
  args: usize,
  low: usize,
  slots: usize,
  list: usize,
  count: usize,
  lineShift: usize,
  sums: usize,
): u32 {
  const weights = slot(args, 10), state1 = slot(args, 11), state2 = slot(args, 12), kind = <i32> slot(args, 13);
  const rate = <f32> load<f64>(args, 14 * 8), epsilon = <f32> load<f64>(args, 15 * 8);
  const blend1 = <f32> load<f64>(args, 16 * 8), blend2 = <f32> load<f64>(args, 17 * 8);
  const unit = load<f64>(args, 21 * 8), isFixed = unit != 0, poison = slot(args, 22) != 0, wide: usize = isFixed ? 3 : 2;
  const floats = isFixed ? sums + (<usize> 8 << slot(args, 7)) : sums, perSlot = kind == 3 ? 0 : state1;
  let touched: u32 = 0;
  for (let i: usize = 0, read: usize = 0; i < count;) {
    let at: usize = 0, stop = slots;
    if (list) {
      if (i == read) {
        for (const end = min(i + GROUP, count); read < end; read++) {
          const at = <usize> word(list, read) << lineShift, bytes = min<usize>(1 << lineShift, slots - at) << 2;
          touched ^= readLines(weights + ((low + at) << 2), bytes);
          if (perSlot) touched ^= readLines(perSlot + ((low + at) << 2), bytes);
        }
      }
      // Neighbours at once.
      const first = <usize> word(list, i), run = i;
      do i++;
      while (i < read && <usize> word(list, i) == first + i - run);
      at = first << lineShift;
      stop = min(at + ((i - run) << lineShift), slots);
    } else {
      i++;
    }
    const g = floats + (at << 2);
    if (isFixed) toFloats(sums + (at << 3), stop - at, 1 / unit, poison, g);
    applyRule(kind, isFixed, weights, state1, state2, low + at, low + stop, g, rate, epsilon, blend1, blend2);
    clear(sums + (at << wide), sums + (stop << wide));
  }
  return touched;
}

/** Clears sums, up to the end of the last one's line. */
@inline
function clear(from: usize, to: usize): void {
  const zero = i32x4.splat(0);
  for (let at = from; at < to; at += 64) {
    v128.store(at, zero);
    v128.store(at, zero, 16);
    v128.store(at, zero, 32);
    v128.store(at, zero, 48);
  }
}

/**
 * Reads a byte of every cache line, so that the memory works on those of several blocks at once; WebAssembly has no
 * instruction for it.
 */
@inline
function readLines(from: usize, bytes: usize): u32 {
  let touched: u32 = load<u8>(from + bytes - 1);
  for (let at: usize = 0; at < bytes; at += 64) touched ^= load<u8>(from + at);
  return touched;
}
