/**
 * Lists the blocks of all occurrences of ids and counts how many fall on each tile. Tasks are chunks of samples; inside a
 * chunk tables are the outer loop, as rows of one table are hashed together.
 *
 * Slots: those of the look-up, see ../lookup/_slots.as.ts; in place of the array's address 1, so that what stands for an
 * address is a start plus 1; OUT = records. Then see below.
 */
import { hashFour, prepareHash, startShift } from "../lookup/_hash_rows.as";
import {
  BAGS, BAGS_PER_TASK, BLOCK, BLOCKS, CHUNK, DIM, IDS, KNOWN_IDS, MEAN, OFFSETS, OUT, PRIME, RECORDS, ROWS_PER_BLOCK,
  scratchOf, SIGN, signWords, SIZE, slot, TABLES, WEIGHTS,
} from "../lookup/_slots.as";
import { countBlock, increment } from "./_bins.as";

const GRADIENTS = 28;
/** Per record. */
const FACTOR_COUNT = 29;
/** `[chunks, 2]`: first and, out, number of a chunk's blocks. */
const PAIRS = 30;
/** Out, `[chunks, tiles]`. */
const COUNTS = 31;
const TILES = 32, TILE_SHIFT = 33, RECORD_BYTES = 34;

// @ts-ignore: decorator
@inline
function word(array: usize, index: usize): u32 {
  return load<u32>(array + (index << 2));
}

/** Counts the ids of a chunk's bags; task = chunk. Slots: 0 offsets, 1 bags, 2 bags per chunk, 3 known ids, 4 counts out. */
export function countIds(args: usize, task: i32): void {
  const offsets = slot(args, 0), per = slot(args, 2), known = slot(args, 3);
  const first = <usize>task * per, end = min(first + per, slot(args, 1));
  let count: usize = 0;
  for (let bag = first; bag < end; bag++) {
    const to = min(<usize>word(offsets, bag + 1), known), from = min(<usize>word(offsets, bag), to);
    count += to - from;
  }
  store<u32>(slot(args, 4) + (<usize>task << 2), <u32>count);
}

/** One over the ids of a bag, padding not counted. */
function shareOf(ids: usize, from: usize, to: usize, padded: u32, padding: u32): f32 {
  let count = <u32>(to - from);
  if (padded) { for (let at = from; at < to; at++) count -= <u32>(word(ids, at) == padding); }
  return <f32>1 / <f32>max<u32>(count, 1);
}

/** Four rows' signs from element `bit` on; none from element `end` on. */
// @ts-ignore: decorator
@inline
function signsFrom<S>(signs: usize, stride: usize, words: usize, bit: usize, end: usize): v128 {
  if (!isSigned<S>() || bit >= end) return i32x4.splat(0);
  const at = signs + (bit >> 5) * stride, move = <i32>bit & 31;
  const bits = i32x4.shr_u(v128.load(at), move);
  if (!move || (bit >> 5) + 1 == words) return bits;
  return v128.or(bits, i32x4.shl(v128.load(at + stride), 32 - move));
}

/** Stores word `i` of a, b, c and d at `to + i step`. */
// @ts-ignore: decorator
@inline
function putTransposed(to: usize, step: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
  v128.store(to + step, v128.shuffle<i64>(ab, cd, 1, 3));
  const rest = v128.shuffle<i32>(a, b, 2, 6, 3, 7), more = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to + 2 * step, v128.shuffle<i64>(rest, more, 0, 2));
  v128.store(to + 3 * step, v128.shuffle<i64>(rest, more, 1, 3));
}

/**
 * Lists the blocks of some rows of a table, those of rows that read as zeros without length; returns where the next go.
 * May write three rows more. Ids stand `idStep` bytes apart. Gradients lie `gradientStep` bytes apart, from `gradients`
 * on; 0: their addresses stand there, and factors at `factors`.
 */
// @ts-ignore: decorator
@inline
function listRows<S>(
  args: usize, scratch: usize, ids: usize, idStep: usize, rows: usize, table: usize, gradients: usize,
  gradientStep: usize, factors: usize, counts: usize, out: usize,
): usize {
  prepareHash(args, scratch, table);
  const dim = slot(args, DIM), z = min(slot(args, BLOCK), dim), blocks = slot(args, BLOCKS), stride = slot(args, CHUNK) << 2;
  const words = signWords(args), shift = startShift(args), prime = <u32>slot(args, PRIME);
  const shared = <u32>slot(args, ROWS_PER_BLOCK), size = <u32>slot(args, SIZE), tileShift = <u32>slot(args, TILE_SHIFT);
  const bytes = slot(args, RECORD_BYTES), rowBytes = blocks * bytes, factorCount = slot(args, FACTOR_COUNT);
  const scale = v128.load_splat<f32>(slot(args, RECORDS) + (table << 5) + 20), one = i32x4.splat(1);
  const steps = i32x4.mul(i32x4.splat(<u32>gradientStep), i32x4(0, 1, 2, 3));
  for (let i: usize = 0; i < rows; i += 4) {
    hashFour<S>(args, scratch, ids, idStep, i, rows, blocks, words, stride, shift, prime, shared);
  }
  for (let i: usize = 0; i < rows; i += 4) {
    const starts = scratch + (i << 2), signs = starts + blocks * stride;
    const live = i32x4.ne(v128.load(starts), i32x4.splat(0));
    const gradient = gradientStep
      ? i32x4.add(i32x4.splat(<u32>(gradients + i * gradientStep)), steps)
      : v128.load(gradients + (i << 2));
    let factor = f32x4.splat(1);
    if (factorCount && !gradientStep) factor = v128.load(factors + (i << 2));
    if (factorCount == 1) factor = f32x4.mul(factor, scale);
    for (let k: usize = 0, first: usize = 0; k < blocks; k++, first += z) {
      const start = i32x4.sub(v128.load(starts + k * stride), one), end = min(first + z, dim);
      const length = v128.and(i32x4.splat(<u32>(end - first)), live);
      const elements = i32x4.add(gradient, i32x4.splat(<u32>first << 2));
      const to = out + k * bytes;
      const fourth = factorCount ? factor : signsFrom<S>(signs, stride, words, first, end);
      putTransposed(to, rowBytes, start, elements, length, fourth);
      let bit = first + (factorCount ? 0 : 32);
      for (let more: usize = 16; more < bytes; more += 16) {
        const before = factorCount == 2 && more == 16;
        const a = before ? scale : signsFrom<S>(signs, stride, words, bit, end);
        if (!before) bit += 32;
        const b = signsFrom<S>(signs, stride, words, bit, end), c = signsFrom<S>(signs, stride, words, bit + 32, end);
        putTransposed(to + more, rowBytes, a, b, c, signsFrom<S>(signs, stride, words, bit + 64, end));
        bit += 96;
      }
      // Most blocks lie in one tile.
      const behind = i32x4.add(start, length), tile = i32x4.shr_u(start, tileShift);
      const inTile = v128.and(i32x4.eq(tile, i32x4.shr_u(i32x4.sub(behind, one), tileShift)), live);
      if (i + 4 <= rows && i32x4.all_true(v128.and(inTile, i32x4.le_u(behind, i32x4.splat(size))))) {
        increment(counts, i32x4.extract_lane(tile, 0));
        increment(counts, i32x4.extract_lane(tile, 1));
        increment(counts, i32x4.extract_lane(tile, 2));
        increment(counts, i32x4.extract_lane(tile, 3));
      } else {
        for (let at = to, stop = to + min<usize>(4, rows - i) * rowBytes; at < stop; at += rowBytes) {
          countBlock(counts, load<u32>(at), load<u32>(at, 8), size, tileShift);
        }
      }
    }
    out += min<usize>(4, rows - i) * rowBytes;
  }
  return out;
}

// @ts-ignore: decorator
@inline
function listChunk<S>(args: usize, task: i32, thread: i32): void {
  const scratch = scratchOf(args, thread), ids = slot(args, IDS), tables = slot(args, TABLES), chunk = slot(args, CHUNK);
  const offsets = slot(args, OFFSETS), weights = slot(args, WEIGHTS), known = slot(args, KNOWN_IDS);
  const gradientBytes = slot(args, DIM) << 2, grads = slot(args, GRADIENTS), mean = slot(args, MEAN);
  const first = <usize>task * slot(args, BAGS_PER_TASK), end = min(first + slot(args, BAGS_PER_TASK), slot(args, BAGS));
  const pair = slot(args, PAIRS) + (<usize>task << 3), bytes = slot(args, RECORD_BYTES);
  const counts = slot(args, COUNTS) + ((<usize>task * slot(args, TILES)) << 2);
  // Behind starts and signs: ids, factors and gradients of the rows.
  const chosen = scratch + (slot(args, BLOCKS) + signWords(args)) * (chunk << 2);
  const factors = chosen + (chunk << 2), gradients = factors + (chunk << 2);
  const begin = slot(args, OUT) + <usize>load<u32>(pair) * bytes;
  let out = begin;
  memory.fill(counts, 0, slot(args, TILES) << 2);
  for (let table: usize = 0; table < tables; table++) {
    if (!offsets && !weights) {
      for (let bag = first + table; bag < end; bag += chunk * tables) {
        const rows = min(chunk, (end - bag + tables - 1) / tables);
        out = listRows<S>(
          args, scratch, ids + (bag << 2), tables << 2, rows, table, grads + bag * gradientBytes, tables * gradientBytes, 0,
          counts, out,
        );
      }
      continue;
    }
    const record = slot(args, RECORDS) + (table << 5), padded = load<u32>(record, 12), padding = load<u32>(record, 16);
    let rows: usize = 0;
    for (let bag = first + table; bag < end; bag += tables) {
      const from = offsets ? <usize>word(offsets, bag) : bag;
      const to = offsets ? min(<usize>word(offsets, bag + 1), known) : bag + 1;
      const share = mean ? shareOf(ids, from, to, padded, padding) : 1;
      for (let at = from; at < to; at++) {
        store<u32>(chosen + (rows << 2), word(ids, at));
        store<f32>(factors + (rows << 2), weights ? load<f32>(weights + (at << 2)) * share : share);
        store<u32>(gradients + (rows << 2), <u32>(grads + bag * gradientBytes));
        if (++rows < chunk) continue;
        out = listRows<S>(args, scratch, chosen, 4, rows, table, gradients, 0, factors, counts, out);
        rows = 0;
      }
    }
    if (rows) out = listRows<S>(args, scratch, chosen, 4, rows, table, gradients, 0, factors, counts, out);
  }
  store<u32>(pair, <u32>((out - begin) / bytes), 4);
}

export function listBlocks(args: usize, task: i32, thread: i32): void {
  if (slot(args, SIGN)) listChunk<i32>(args, task, thread);
  else listChunk<u32>(args, task, thread);
}
