/**
 * Look-up in a ROBE array, in two phases per chunk of rows: hash all block addresses, then gather. Tasks are blocks of
 * samples; inside a task, tables are the outer loop, so that a chunk has one table's hash constants.
 *
 * Gathering is bound by the 16-byte stores of the copies: so few rows' stores fit into the core's buffer that its window
 * holds too few loads that miss. So a group of rows is read first, a byte per line and without a store between, then
 * copied from the first-level cache. Measured with uniform ids at dim 128 with signs, ns per row without and with: 281 and
 * 154 (108 MB, Z 32), 228 and 100 (108 MB, Z 128); arrays of 10.8 MB gain nothing and lose nothing. Tried without gain:
 * reading a row or a group ahead between the copies, hashing between the reads, reading every other line, reading the
 * lines of the output too. Blocks of 1, 2 and 4 elements are gathered without: their copies store seldom enough.
 *
 * Slots: see _slots.as.ts. Types as in _blocks.as.ts.
 */
import { gather16, load1, put16, put4, spread, unit } from "./_blocks.as";
import { BLOCK_CONSTANTS, hashFour, prepareHash, startShift, TOUCHED } from "./_hash_rows.as";
import {
  ARRAY, BAGS, BAGS_PER_TASK, BLOCK, BLOCKS, CHUNK, DIM, HEADER, IDS, KNOWN_IDS, MEAN, OFFSETS, OUT, PRIME, RECORDS,
  ROWS_PER_BLOCK, scratchOf, SIGN, signWords, SIZE, slot, TABLES, WEIGHTS,
} from "./_slots.as";

/** Rows that are read before they are copied. */
const GROUP: usize = 32;
/** Arrays that are larger have blocks of 8 elements read first as well; in smaller ones that costs more than it brings. */
const FAR_BYTES: usize = 32 << 20;

/** Elements `first` to `end` of a row, one by one: any block size, and blocks that go on at the array's start. */
function putSlowly<E, P>(
  args: usize, to: usize, from: usize, first: usize, end: usize, signs: usize, signStride: usize, factor: f32,
  constants: usize,
): void {
  const array = slot(args, ARRAY), bytes = slot(args, SIZE) * sizeof<E>();
  let at = from - array;
  for (let e = first; e < end; e++) {
    if (at >= bytes) at -= bytes;
    let value = load1<E>(array + at, constants);
    if (signStride && load<u32>(signs + (e >> 5) * signStride) >>> (<u32>e & 31) & 1) value = -value;
    const out = to + (e << 2);
    store<f32>(out, isFloat<P>() ? load<f32>(out) + factor * value : value);
    at += sizeof<E>();
  }
}

/** Elements `first` to `end` of a row, which lie in one piece from `from` on. */
// @ts-ignore: decorator
@inline
function putPiece<E, S, P, U>(
  to: usize, from: usize, first: usize, end: usize, signs: usize, stride: usize, factor: v128, constants: usize,
): void {
  for (let e = first; e < end; e += unit<U>()) {
    let word = i32x4.splat(0);
    if (isSigned<S>()) {
      const bits = load<u32>(signs + (e >> 5) * stride);
      word = spread(unit<U>() == 32 ? bits : bits >>> (<u32>e & 31), constants);
    }
    const out = to + (e << 2);
    if (unit<U>() == 4) put4<E, S, P>(out, from, word, factor, constants);
    else put16<E, S, P>(out, from, word, 0, factor, constants);
    if (unit<U>() == 32) put16<E, S, P>(out + 64, from + 16 * sizeof<E>(), word, 16, factor, constants);
    from += unit<U>() * sizeof<E>();
  }
}

/** A row of blocks of sizeof<Z>() elements, sixteen elements at a time. */
// @ts-ignore: decorator
@inline
function takeSmallBlocks<E, S, P, Z>(
  args: usize, to: usize, starts: usize, stride: usize, signs: usize, signStride: usize, dim: usize, limit: usize,
  factor: f32, constants: usize,
): void {
  const blocks: usize = 16 / sizeof<Z>();
  for (let first: usize = 0; first < dim; first += 16) {
    let round: u32 = 0; // whether a block goes on at the array's start
    if (sizeof<Z>() > 1) {
      for (let k: usize = 0; k < blocks; k++) round |= u32(<usize>load<u32>(starts + k * stride) > limit);
    }
    const out = to + (first << 2);
    if (sizeof<Z>() > 1 && round) {
      for (let k: usize = 0; k < blocks; k++) {
        const from = <usize>load<u32>(starts + k * stride), begin = first + k * sizeof<Z>();
        putSlowly<E, P>(args, to, from, begin, begin + sizeof<Z>(), signs, signStride, factor, constants);
      }
    } else {
      let word = i32x4.splat(0);
      if (isSigned<S>()) word = spread(load<u32>(signs + (first >> 5) * signStride) >>> (<u32>first & 31), constants);
      gather16<E, S, P, Z>(out, starts, stride, word, f32x4.splat(factor), constants);
    }
    starts += blocks * stride;
  }
}

/** Reads a byte of every line of a block, to bring the lines near. The result has no meaning. */
// @ts-ignore: decorator
@inline
function touchBlock(from: usize, bytes: usize): u32 {
  // Widths that the compiler knows.
  if (bytes == 128) return load<u8>(from) | load<u8>(from, 64) | load<u8>(from, 127);
  if (bytes == 512) {
    return load<u8>(from) | load<u8>(from, 64) | load<u8>(from, 128) | load<u8>(from, 192) | load<u8>(from, 256) |
      load<u8>(from, 320) | load<u8>(from, 384) | load<u8>(from, 448) | load<u8>(from, 511);
  }
  if (bytes <= 64) return load<u8>(from) | load<u8>(from + bytes - 1);
  let touched: u32 = load<u8>(from + bytes - 1);
  for (let at: usize = 0; at < bytes; at += 64) touched |= load<u8>(from + at);
  return touched;
}

/** Of four rows whose blocks' addresses stand at `starts`. */
// @ts-ignore: decorator
@inline
function touchFour(starts: usize, blocks: usize, stride: usize, limit: usize, bytes: usize): u32 {
  let touched: u32 = 0;
  for (let k: usize = 0; k < blocks; k++) {
    touched |= touchBlock(min(<usize>load<u32>(starts), limit), bytes);
    touched |= touchBlock(min(<usize>load<u32>(starts, 4), limit), bytes);
    touched |= touchBlock(min(<usize>load<u32>(starts, 8), limit), bytes);
    touched |= touchBlock(min(<usize>load<u32>(starts, 12), limit), bytes);
    starts += stride;
  }
  return touched;
}

/**
 * Hashes and gathers a chunk: copies rows to `to`, `step` bytes apart, or adds them, times the factors at `factors`, to
 * the bags whose addresses stand at `to`.
 */
function takeChunk<E, S, P, U>(
  args: usize, scratch: usize, ids: usize, idStep: usize, rows: usize, table: usize, to: usize, step: usize,
  factors: usize,
): void {
  prepareHash(args, scratch, table);
  const dim = slot(args, DIM), run = min(slot(args, BLOCK), dim), blocks = slot(args, BLOCKS), runBytes = run * sizeof<E>();
  const stride = slot(args, CHUNK) << 2, signStride = isSigned<S>() ? stride : 0, words = signWords(args);
  const limit = slot(args, ARRAY) + slot(args, SIZE) * sizeof<E>() - runBytes;
  const shift = startShift(args), prime = <u32>slot(args, PRIME), shared = <u32>slot(args, ROWS_PER_BLOCK);
  const constants = scratch - HEADER + BLOCK_CONSTANTS, far = limit - slot(args, ARRAY) > FAR_BYTES;
  let touched: u32 = 0;
  for (let i: usize = 0; i < rows; i += 4) {
    hashFour<S>(args, scratch, ids, idStep, i, rows, blocks, words, stride, shift, prime, shared);
  }
  for (let group: usize = 0; group < rows; group += GROUP) {
    const end = min(group + GROUP, rows);
    if (unit<U>() >= 16 && (!isSigned<U>() || (sizeof<U>() == 8 && far))) {
      for (let i = group; i < end; i += 4) touched |= touchFour(scratch + (i << 2), blocks, stride, limit, runBytes);
    }
    for (let i = group; i < end; i++) {
      let starts = scratch + (i << 2);
      const signs = starts + blocks * stride;
      const out = isFloat<P>() ? <usize>load<u32>(to + (i << 2)) : to + i * step;
      const factor = isFloat<P>() ? load<f32>(factors + (i << 2)) : <f32>1;
      if (!load<u32>(starts)) {
        if (!isFloat<P>()) memory.fill(out, 0, dim << 2);
        continue;
      }
      if (isSigned<U>()) {
        takeSmallBlocks<E, S, P, U>(args, out, starts, stride, signs, signStride, dim, limit, factor, constants);
        continue;
      }
      for (let first: usize = 0; first < dim; first += run) {
        const from = <usize>load<u32>(starts), pieceEnd = min(first + run, dim);
        starts += stride;
        if (unit<U>() == 1 || from > limit) {
          putSlowly<E, P>(args, out, from, first, pieceEnd, signs, signStride, factor, constants);
        } else putPiece<E, S, P, U>(out, from, first, pieceEnd, signs, stride, f32x4.splat(factor), constants);
      }
    }
  }
  // Stored so that the reads count as used.
  store<u32>(scratch - HEADER + TOUCHED, touched);
}

/** takeChunk() with units that all blocks consist of. */
// @ts-ignore: decorator
@inline
function takeUnits<E, S, P>(
  args: usize, scratch: usize, ids: usize, idStep: usize, rows: usize, table: usize, to: usize, step: usize,
  factors: usize,
): void {
  const dim = slot(args, DIM), block = slot(args, BLOCK), both = min(block, dim) | dim;
  if (!(dim & 15) && block == 1) takeChunk<E, S, P, i8>(args, scratch, ids, idStep, rows, table, to, step, factors);
  else if (!(dim & 15) && block == 2) takeChunk<E, S, P, i16>(args, scratch, ids, idStep, rows, table, to, step, factors);
  else if (!(dim & 15) && block == 4) takeChunk<E, S, P, i32>(args, scratch, ids, idStep, rows, table, to, step, factors);
  else if (!(dim & 15) && block == 8) takeChunk<E, S, P, i64>(args, scratch, ids, idStep, rows, table, to, step, factors);
  else if (!(both & 31)) takeChunk<E, S, P, v128>(args, scratch, ids, idStep, rows, table, to, step, factors);
  else if (!(both & 15)) takeChunk<E, S, P, u64>(args, scratch, ids, idStep, rows, table, to, step, factors);
  else if (!(both & 3)) takeChunk<E, S, P, u32>(args, scratch, ids, idStep, rows, table, to, step, factors);
  else takeChunk<E, S, P, u8>(args, scratch, ids, idStep, rows, table, to, step, factors);
}

// @ts-ignore: decorator
@inline
function take<E, P>(
  args: usize, scratch: usize, ids: usize, idStep: usize, rows: usize, table: usize, to: usize, step: usize,
  factors: usize,
): void {
  if (slot(args, SIGN)) takeUnits<E, i32, P>(args, scratch, ids, idStep, rows, table, to, step, factors);
  else takeUnits<E, u32, P>(args, scratch, ids, idStep, rows, table, to, step, factors);
}

// @ts-ignore: decorator
@inline
function lookupOneHot<E>(args: usize, task: i32, thread: i32): void {
  const scratch = scratchOf(args, thread), ids = slot(args, IDS), out = slot(args, OUT);
  const bags = slot(args, BAGS), tables = slot(args, TABLES), rowBytes = slot(args, DIM) << 2, chunk = slot(args, CHUNK);
  const first = <usize>task * slot(args, BAGS_PER_TASK), end = min(first + slot(args, BAGS_PER_TASK), bags);
  for (let table: usize = 0; table < tables; table++) {
    for (let bag = first + table; bag < end; bag += chunk * tables) {
      const rows = min(chunk, (end - bag + tables - 1) / tables), to = out + bag * rowBytes;
      take<E, i32>(args, scratch, ids + (bag << 2), tables << 2, rows, table, to, tables * rowBytes, 0);
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
  const rowBytes = slot(args, DIM) << 2, chunk = slot(args, CHUNK);
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
          take<E, f32>(args, scratch, chosen, 4, rows, table, targets, 0, factors);
          rows = 0;
        }
      }
    }
    if (rows) take<E, f32>(args, scratch, chosen, 4, rows, table, targets, 0, factors);
    const record = slot(args, RECORDS) + (table << 5);
    if (!slot(args, MEAN) && load<f32>(record, 20) == 1) continue;
    for (let bag = first + table; bag < end; bag += tables) {
      finishBag(args, out + bag * rowBytes, record, firstOf(offsets, bag), endOf(offsets, bag, known));
    }
  }
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
