// rANS over groups: see kernels.ts. Four whole groups of direct tokens run side by side, which hides the latency of each chain;
// other groups run one by one.

import { closeSection, groupsOf, headerBytes, isSection, sectionCapacity, setWords, wordsBefore, wordsOf } from "./_section.as";
import { BLOCK, classOf, DIRECT, directCodes, scratch, SCRATCH, tokenOf, unzigzag, writeClassed, zigzag } from "./_tokens.as";

/** Room in scratch() for one of four groups: offsets of entries, u16 each; as many words and those of the state. */
@inline
const LANE: usize = 4 * BLOCK + 64;

/** The state after a token; `x` was renormalised before. `entry` as in kernels.ts. */
@inline
function push(x: u32, entry: usize): u32 {
  const quotient = <u32> (<u64> x * load<u64>(entry, 8) >>> 44);
  return x + quotient * <u32> load<u16>(entry, 4) + <u32> load<u16>(entry, 6);
}

/** Moves the words of a group, which lie from `from` on, to `to`. */
@inline
function take(dst: usize, g: u32, from: usize, end: usize, to: usize): usize {
  setWords(dst, g, (end - from) >>> 1);
  memory.copy(to, from, end - from);
  return to + (end - from);
}

/** Encodes groups g .. g + 3 of direct tokens; returns where the words end. */
function encodeFour(
  codes: usize, g: u32, groupSymbols: u32, rowLength: u32, classes: usize, columns: usize, form: i32, tables: usize,
  dst: usize, to: usize,
): usize {
  const lanes = scratch();
  for (let lane: u32 = 0; lane < 4; lane++) {
    const first = (g + lane) * groupSymbols;
    writeClassed(codes, first, first + groupSymbols, rowLength, classes, columns, form, 4, lanes + <usize> lane * LANE);
  }
  // Where the next word goes: every step stores one, and keeps it by moving on.
  let p0 = lanes + LANE - 2, p1 = p0 + LANE, p2 = p1 + LANE, p3 = p2 + LANE;
  let x0: u32 = 0, x1: u32 = 0, x2: u32 = 0, x3: u32 = 0;
  for (let i = lanes + (<usize> groupSymbols << 1); i > lanes;) {
    i -= 2;
    const e0 = tables + <usize> load<u16>(i), m0 = x0 >= load<u32>(e0);
    store<u16>(p0, x0);
    p0 = select(p0 - 2, p0, m0);
    x0 = push(select(x0 >>> 16, x0, m0), e0);
    const e1 = tables + <usize> load<u16>(i, LANE), m1 = x1 >= load<u32>(e1);
    store<u16>(p1, x1);
    p1 = select(p1 - 2, p1, m1);
    x1 = push(select(x1 >>> 16, x1, m1), e1);
    const e2 = tables + <usize> load<u16>(i, 2 * LANE), m2 = x2 >= load<u32>(e2);
    store<u16>(p2, x2);
    p2 = select(p2 - 2, p2, m2);
    x2 = push(select(x2 >>> 16, x2, m2), e2);
    const e3 = tables + <usize> load<u16>(i, 3 * LANE), m3 = x3 >= load<u32>(e3);
    store<u16>(p3, x3);
    p3 = select(p3 - 2, p3, m3);
    x3 = push(select(x3 >>> 16, x3, m3), e3);
  }
  store<u32>(p0 - 2, x0 << 16 | x0 >>> 16);
  store<u32>(p1 - 2, x1 << 16 | x1 >>> 16);
  store<u32>(p2 - 2, x2 << 16 | x2 >>> 16);
  store<u32>(p3 - 2, x3 << 16 | x3 >>> 16);
  to = take(dst, g, p0 - 2, lanes + LANE, to);
  to = take(dst, g + 1, p1 - 2, lanes + 2 * LANE, to);
  to = take(dst, g + 2, p2 - 2, lanes + 3 * LANE, to);
  return take(dst, g + 3, p3 - 2, lanes + 4 * LANE, to);
}

/** Encodes symbols `first .. end`, one group of any form, downwards from `at`; returns where its words begin. */
function encodeOne(
  codes: usize, first: u32, end: u32, rowLength: u32, classes: usize, columns: usize, form: i32, tables: usize, at: usize,
): usize {
  let x: u32 = 0;
  for (let i = end; i > first;) {
    const row = (i - 1) / rowLength, begin = row * rowLength, stop = max(first, begin);
    const table = tables + (<usize> classOf(classes, row) << 12);
    while (i > stop) {
      i--;
      const z = zigzag(load<i32>(codes + (<usize> i << 2)), form), token = tokenOf(z, form);
      if (!(form & DIRECT) && token >= 64) {
        let bits = (token >>> 2) - 12;
        if (bits > 16) {
          bits -= 16;
          if (x >>> (32 - bits)) {
            at -= 2;
            store<u16>(at, x);
            x >>>= 16;
          }
          x = x << bits | (z >>> 16) & ((1 << bits) - 1);
          bits = 16;
        }
        if (x >>> (32 - bits)) {
          at -= 2;
          store<u16>(at, x);
          x >>>= 16;
        }
        x = x << bits | z & ((1 << bits) - 1);
      }
      const entry = table + (<usize> classOf(columns, i - begin) << 12) + (<usize> token << 4);
      if (x >= load<u32>(entry)) {
        at -= 2;
        store<u16>(at, x);
        x >>>= 16;
      }
      x = push(x, entry);
    }
  }
  store<u32>(at - 4, x << 16 | x >>> 16);
  return at - 4;
}

export function ansEncode(
  codes: usize, count: u32, groupSymbols: u32, rowLength: u32, classes: usize, columns: usize, form: i32,
  encodeTables: usize, dst: usize, capacity: u32,
): i32 {
  if (<u64> capacity < sectionCapacity(count, groupSymbols, form)) return -1;
  if (count == 0) return 0;
  // Without classes each group is one row.
  if (!classes && !columns) rowLength = groupSymbols;
  const groups = groupsOf(count, groupSymbols), four = (form & DIRECT) != 0 && groupSymbols <= <u32> BLOCK;
  let to = dst + headerBytes(groups, 2);
  for (let g: u32 = 0; g < groups;) {
    const first = g * groupSymbols;
    if (four && count - first >= 4 * groupSymbols) {
      to = encodeFour(codes, g, groupSymbols, rowLength, classes, columns, form, encodeTables, dst, to);
      g += 4;
    } else {
      const end = min(count, first + groupSymbols), last = dst + capacity;
      const at = encodeOne(codes, first, end, rowLength, classes, columns, form, encodeTables, last);
      to = take(dst, g++, at, last, to);
    }
  }
  return closeSection(dst, groups);
}

/** The state after the token in `entry` was taken off, before it is refilled. */
@inline
function pop(x: u32, entry: u32): u32 {
  return (entry >>> 8 & 4095) * (x >>> 12) + (entry >>> 20);
}

@inline
function slotOf(table: usize, x: u32): u32 {
  return load<u32>(table + (<usize> (x & 4095) << 2));
}

@inline
function refill(x: u32, at: usize, low: bool): u32 {
  return select(x << 16 | <u32> load<u16>(at), x, low);
}

/**
 * Decodes groups g .. g + 3 of direct tokens, each of whole rows, whose words begin at `src`; returns where they end, or 0 if they
 * are corrupt. `columns` is an array here.
 */
function decodeFour(
  section: usize, src: usize, g: u32, groupSymbols: u32, rowLength: u32, classes: usize, columns: usize, form: i32,
  tables: usize, codes: usize,
): usize {
  const tokens = scratch();
  const end0 = src + (wordsOf(section, g) << 1), end1 = end0 + (wordsOf(section, g + 1) << 1);
  const end2 = end1 + (wordsOf(section, g + 2) << 1), end3 = end2 + (wordsOf(section, g + 3) << 1);
  if (end0 - src < 4 || end1 - end0 < 4 || end2 - end1 < 4 || end3 - end2 < 4) return 0;
  let x0 = rotl<u32>(load<u32>(src), 16), x1 = rotl<u32>(load<u32>(end0), 16);
  let x2 = rotl<u32>(load<u32>(end1), 16), x3 = rotl<u32>(load<u32>(end2), 16);
  let p0 = src + 4, p1 = end0 + 4, p2 = end1 + 4, p3 = end2 + 4;
  const groupRows = groupSymbols / rowLength;
  for (let i: u32 = 0, row = g * groupRows; i < groupSymbols; row++) {
    const t0 = tables + (<usize> classOf(classes, row) << 14), t1 = tables + (<usize> classOf(classes, row + groupRows) << 14);
    const t2 = tables + (<usize> classOf(classes, row + 2 * groupRows) << 14);
    const t3 = tables + (<usize> classOf(classes, row + 3 * groupRows) << 14);
    const rowEnd = i + rowLength, column = columns + rowLength - rowEnd;
    for (; i < rowEnd; i++) {
      const c = <usize> load<u8>(column + i) << 14;
      const s0 = slotOf(t0 + c, x0), s1 = slotOf(t1 + c, x1), s2 = slotOf(t2 + c, x2), s3 = slotOf(t3 + c, x3);
      store<u8>(tokens + i, s0);
      store<u8>(tokens + i, s1, BLOCK);
      store<u8>(tokens + i, s2, 2 * BLOCK);
      store<u8>(tokens + i, s3, 3 * BLOCK);
      x0 = pop(x0, s0);
      x1 = pop(x1, s1);
      x2 = pop(x2, s2);
      x3 = pop(x3, s3);
      // A word is read in any case, and used if the state is low and the group has one left.
      const m0 = (x0 < 65536) & (p0 < end0), m1 = (x1 < 65536) & (p1 < end1);
      const m2 = (x2 < 65536) & (p2 < end2), m3 = (x3 < 65536) & (p3 < end3);
      x0 = refill(x0, p0, m0);
      x1 = refill(x1, p1, m1);
      x2 = refill(x2, p2, m2);
      x3 = refill(x3, p3, m3);
      p0 = select(p0 + 2, p0, m0);
      p1 = select(p1 + 2, p1, m1);
      p2 = select(p2 + 2, p2, m2);
      p3 = select(p3 + 2, p3, m3);
    }
  }
  if (x0 | x1 | x2 | x3 || p0 != end0 || p1 != end1 || p2 != end2 || p3 != end3) return 0;
  for (let lane: usize = 0; lane < 4; lane++, codes += <usize> groupSymbols << 2) {
    directCodes(tokens + lane * BLOCK, groupSymbols, form, codes);
  }
  return end3;
}

/** Decodes symbols `first .. end`, one group of any form; whether it is sound. */
function decodeOne(
  src: usize, srcEnd: usize, first: u32, end: u32, rowLength: u32, classes: usize, columns: usize, form: i32,
  tables: usize, codes: usize,
): bool {
  if (srcEnd - src < 4) return false;
  let x = rotl<u32>(load<u32>(src), 16);
  src += 4;
  for (let i = first; i < end;) {
    const row = i / rowLength, begin = row * rowLength, stop = min(end, begin + rowLength);
    const table = tables + (<usize> classOf(classes, row) << 14);
    for (; i < stop; i++, codes += 4) {
      const slot = slotOf(table + (<usize> classOf(columns, i - begin) << 14), x);
      x = pop(x, slot);
      if (x < 65536 && src < srcEnd) {
        x = x << 16 | load<u16>(src);
        src += 2;
      }
      let z = slot & 255;
      if (!(form & DIRECT) && z >= 64) {
        let bits = ((z >>> 2) - 12) & 31, low: u32 = 0;
        z = (4 + (z & 3)) << bits;
        if (bits > 16) {
          z |= x & 65535;
          x >>>= 16;
          if (src < srcEnd) {
            x = x << 16 | load<u16>(src);
            src += 2;
          }
          bits -= 16;
          low = 16;
        }
        z |= (x & ((1 << bits) - 1)) << low;
        x >>>= bits;
        if (x < 65536 && src < srcEnd) {
          x = x << 16 | load<u16>(src);
          src += 2;
        }
      }
      store<u32>(codes, unzigzag(z, form));
    }
  }
  return x == 0 && src == srcEnd;
}

export function ansDecode(
  src: usize, srcBytes: u32, total: u32, first: u32, count: u32, groupSymbols: u32, rowLength: u32, classes: usize,
  columns: usize, form: i32, decodeTables: usize, codes: usize,
): i32 {
  if (!classes && !columns) rowLength = groupSymbols;
  const groups = groupsOf(total, groupSymbols);
  const four = (form & DIRECT) != 0 && groupSymbols <= <u32> BLOCK && groupSymbols % rowLength == 0;
  if (!isSection(src, srcBytes, groups)) return 1;
  if (count == 0) return 0;
  const zeros = scratch() + SCRATCH - BLOCK;
  if (!columns) memory.fill(zeros, 0, BLOCK);
  let g = first / groupSymbols, at = wordsBefore(src, groups, g);
  for (const stop = first + count; first < stop;) {
    if (four && stop - first >= 4 * groupSymbols) {
      at = decodeFour(src, at, g, groupSymbols, rowLength, classes, columns ? columns : zeros, form, decodeTables, codes);
      if (!at) return 1;
      g += 4;
      first += 4 * groupSymbols;
      codes += <usize> groupSymbols << 4;
    } else {
      const end = min(stop, first + groupSymbols), atEnd = at + (wordsOf(src, g++) << 1);
      if (!decodeOne(at, atEnd, first, end, rowLength, classes, columns, form, decodeTables, codes)) return 1;
      codes += <usize> (end - first) << 2;
      first = end;
      at = atEnd;
    }
  }
  return 0;
}
