// rANS of groups of direct tokens side by side, which hides the latency of each chain: four are encoded, many decoded, in vectors of
// four. Other groups are encoded one by one. See `Lanes` in lanes.ts.

import { BLOCK, classOf, DIRECT, directCodes, scratch, symbolOf, writeClassed } from "./_tokens.as";

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

export function ansEncodeGroup(
  codes: usize, first: u32, end: u32, rowLength: u32, classes: usize, columns: usize, form: i32, tables: usize, counts: usize,
  to: usize,
): usize {
  const lane = scratch(), words = lane + 4 * LANE;
  writeClassed(codes, first, end, rowLength, classes, columns, form, 4, lane);
  let x: u32 = 0, p = words - 2;
  for (; end > first;) {
    end--;
    const at = <u32> load<u16>(lane + (<usize> (end - first) << 1)), entry = tables + <usize> at;
    if (!(form & DIRECT) && (at & 4095) >= 64 << 4) {
      const z = symbolOf(load<i32>(codes + (<usize> end << 2)), form), bits = (at >>> 6 & 63) - 12;
      // The upper piece first, as it is taken off last.
      for (let shift = bits > 16 ? 16 : 0; shift >= 0; shift -= 16) {
        const n = shift ? bits - 16 : min<u32>(bits, 16), full = x >>> (32 - n) != 0;
        store<u16>(p, x);
        p = select(p - 2, p, full);
        x = select(x >>> 16, x, full) << n | z >>> shift & (1 << n) - 1;
      }
    }
    const full = x >= load<u32>(entry);
    store<u16>(p, x);
    p = select(p - 2, p, full);
    x = push(select(x >>> 16, x, full), entry);
  }
  return take(x, p, words, to, counts);
}

/** The u32 at the four addresses that lie at `at`. */
@inline
function gather4(at: usize): v128 {
  let v = v128.load32_zero(load<u32>(at));
  v = v128.load32_lane(load<u32>(at, 4), v, 1);
  v = v128.load32_lane(load<u32>(at, 8), v, 2);
  return v128.load32_lane(load<u32>(at, 12), v, 3);
}

/** Groups side by side, a multiple of 4. */
@inline
const MOST: u32 = 32;
// In scratch() u32 of each group: its state, and that far behind it two less than where its next word is, and than where its words
// end, its table, and the entry of its next token.
@inline
const NEXT: usize = 4 * MOST;
@inline
const END: usize = 8 * MOST;
@inline
const TABLE: usize = 12 * MOST;
@inline
const ENTRY: usize = 16 * MOST;
// Then columns that have no classes, and the tokens of each group, apart from each other so that a cache has room for all.
@inline
const COLUMNS: usize = 20 * MOST;
@inline
const TOKENS: usize = COLUMNS + BLOCK;
@inline
const APART: usize = BLOCK + 64;

/** What is left of a group: 0 if that is nothing. */
@inline
function left(lane: usize): u32 {
  return load<u32>(lane) | (load<u32>(lane, NEXT) ^ load<u32>(lane, END));
}

export function ansDecodeGroups(
  src: usize, at: usize, group: u32, groups: u32, groupSymbols: u32, lastSymbols: u32, rowLength: u32, classes: usize,
  columns: usize, form: i32, tables: usize, codes: usize,
): bool {
  const lanes = scratch();
  if (!columns) {
    columns = lanes + COLUMNS;
    memory.fill(columns, 0, rowLength);
  }
  const width = load<u8>(src, 2), groupRows = groupSymbols / rowLength;
  while (groups) {
    const n = min(groups, MOST), lanesEnd = lanes + (<usize> n << 2);
    groups -= n;
    const last = groups ? groupSymbols : lastSymbols, most = n > 1 ? groupSymbols : last;
    // Where there is no group, state 0 stays as it is.
    memory.fill(lanes, 0, COLUMNS);
    for (let lane = lanes; lane < lanesEnd; lane += 4, group++) {
      const words = load<u16>(src) + (load<u32>(src + 4 + <usize> (group * width)) & ((1 << (width << 3)) - 1));
      if (words < 2) return false;
      store<u32>(lane, rotl<u32>(load<u32>(at), 16));
      store<u32>(lane, at + 2, NEXT);
      at += <usize> words << 1;
      store<u32>(lane, at - 2, END);
    }
    let i: u32 = 0, rowEnd: u32 = 0;
    while (true) {
      if (i == last && left(lanesEnd - 4)) return false;
      if (i == most) break;
      if (i == rowEnd) {
        let row = (group - n) * groupRows + i / rowLength;
        rowEnd += rowLength;
        for (let lane = lanes; lane < lanes + NEXT; lane += 4, row += groupRows) {
          const has = lane < (i < last ? lanesEnd : lanesEnd - 4), table = tables + (has ? classOf(classes, row) << 14 : 0);
          store<u32>(lane, table, TABLE);
          store<u32>(lane, table + (<usize> load<u8>(columns) << 14) + ((load<u32>(lane) & 4095) << 2), ENTRY);
        }
      }
      for (const stop = min(rowEnd, i < last ? last : most); i < stop;) {
        let tokens = lanes + TOKENS + i;
        // Of the next symbol.
        const column = i32x4.splat(<u32> load<u8>(columns + ++i + rowLength - rowEnd) << 14);
        for (let lane = lanes; lane < lanesEnd; lane += 16, tokens += 4 * APART) {
          const e = gather4(lane + ENTRY), words = gather4(lane + NEXT), next = v128.load(lane, NEXT);
          v128.store8_lane(tokens, e, 0);
          v128.store8_lane(tokens, e, 4, APART);
          v128.store8_lane(tokens, e, 8, 2 * APART);
          v128.store8_lane(tokens, e, 12, 3 * APART);
          // Shifts in place of masks: V8 would make a constant anew each time.
          let x = i32x4.mul(i32x4.shr_u(i32x4.shl(e, 12), 20), i32x4.shr_u(v128.load(lane), 12));
          x = i32x4.add(x, i32x4.shr_u(e, 20));
          // A word is read in any case, and used if the state is low and the group has one left: then the state grows.
          const low = v128.andnot(i32x4.eq(i32x4.shr_u(x, 16), i32x4.splat(0)), i32x4.eq(next, v128.load(lane, END)));
          x = i32x4.max_u(x, v128.and(low, v128.or(i32x4.shl(x, 16), i32x4.shr_u(words, 16))));
          v128.store(lane, i32x4.add(i32x4.add(v128.load(lane, TABLE), column), i32x4.shr_u(i32x4.shl(x, 20), 18)), ENTRY);
          v128.store(lane, x);
          v128.store(lane, i32x4.sub(next, i32x4.add(low, low)), NEXT);
        }
      }
    }
    let tokens = lanes + TOKENS;
    for (let lane = lanes; lane < lanesEnd; lane += 4, tokens += APART) {
      if (left(lane)) return false;
      codes = directCodes(tokens, lane < lanesEnd - 4 ? groupSymbols : last, form, codes);
    }
  }
  return true;
}
