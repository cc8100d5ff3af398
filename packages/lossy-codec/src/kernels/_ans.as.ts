// rANS of four groups of direct tokens side by side, which hides the latency of each chain. See `Lanes` in lanes.ts.

import { BLOCK, classOf, directCodes, scratch, SCRATCH, writeClassed } from "./_tokens.as";

/** Room in scratch() for one of four groups: offsets of entries, u16 each; as many words and those of the state. */
@inline
const LANE: usize = 4 * BLOCK + 64;

/** The state after a token; `x` was renormalised before. `entry` as in kernels.ts. */
@inline
function push(x: u32, entry: usize): u32 {
  const quotient = <u32> (<u64> x * load<u64>(entry, 8) >>> 44);
  return x + quotient * <u32> load<u16>(entry, 4) + <u32> load<u16>(entry, 6);
}

/** Puts the last words of a group, those of state `x`, below `from`, moves all up to `end` below `to` and notes how many. */
function take(x: u32, from: usize, end: usize, to: usize, count: usize): usize {
  from -= 2;
  store<u32>(from, rotl<u32>(x, 16));
  const bytes = end - from;
  store<u16>(count, bytes >>> 1);
  memory.copy(to - bytes, from, bytes);
  return to - bytes;
}

export function ansEncodeFour(
  codes: usize, first: u32, groupSymbols: u32, rowLength: u32, classes: usize, columns: usize, form: i32, tables: usize,
  counts: usize, to: usize,
): usize {
  const lanes = scratch();
  for (let lane = lanes; lane < lanes + 4 * LANE; lane += LANE, first += groupSymbols) {
    writeClassed(codes, first, first + groupSymbols, rowLength, classes, columns, form, 4, lane);
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
  to = take(x3, p3, lanes + 4 * LANE, to, counts + 6);
  to = take(x2, p2, lanes + 3 * LANE, to, counts + 4);
  to = take(x1, p1, lanes + 2 * LANE, to, counts + 2);
  return take(x0, p0, lanes + LANE, to, counts);
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

export function ansDecodeFour(
  p0: usize, end0: usize, end1: usize, end2: usize, end3: usize, first: u32, groupSymbols: u32, rowLength: u32, classes: usize,
  columns: usize, form: i32, tables: usize, codes: usize,
): bool {
  const tokens = scratch();
  if (!columns) {
    columns = tokens + SCRATCH - BLOCK;
    memory.fill(columns, 0, rowLength);
  }
  let p1 = end0, p2 = end1, p3 = end2;
  let x0 = rotl<u32>(load<u32>(p0), 16), x1 = rotl<u32>(load<u32>(p1), 16);
  let x2 = rotl<u32>(load<u32>(p2), 16), x3 = rotl<u32>(load<u32>(p3), 16);
  p0 += 4;
  p1 += 4;
  p2 += 4;
  p3 += 4;
  const groupRows = groupSymbols / rowLength;
  for (let i: u32 = 0, row = first / rowLength; i < groupSymbols; row++) {
    const t0 = tables + (classOf(classes, row) << 14), t1 = tables + (classOf(classes, row + groupRows) << 14);
    const t2 = tables + (classOf(classes, row + 2 * groupRows) << 14);
    const t3 = tables + (classOf(classes, row + 3 * groupRows) << 14);
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
  directCodes(tokens, groupSymbols, form, codes);
  return !(x0 | x1 | x2 | x3 | <u32> (p0 ^ end0 | p1 ^ end1 | p2 ^ end2 | p3 ^ end3));
}
