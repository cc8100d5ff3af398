// rANS of many groups of direct tokens side by side, in vectors of four, which hides the latency of each chain. See `Lanes` in
// lanes.ts.

import { kept4 } from "./_constant.as";
import { BLOCK, classOf, directCodes, scratch, writeClassed } from "./_tokens.as";

/** Puts the last words of a group, those of state `x`, below `from`, moves all up to `end` below `to` and notes how many. */
function take(x: u32, from: usize, end: usize, to: usize, count: usize): usize {
  from -= 2;
  store<u32>(from, rotl<u32>(x, 16));
  const bytes = end - from;
  store<u16>(count, bytes >>> 1);
  memory.copy(to - bytes, from, bytes);
  return to - bytes;
}

/** Groups that are encoded side by side, a multiple of 4. */
@inline
const ENCODED: u32 = 20;
/** In scratch() u32 of each group: its state, and that far behind it where its next word goes. */
@inline
const WORD: usize = 4 * ENCODED;
// Then offsets of the entries of each group's tokens, apart from each other so that a cache has room for all.
@inline
const OFFSETS: usize = 8 * ENCODED;
@inline
const OFFSETS_APART: usize = 2 * BLOCK + 64;

export function ansEncodeGroups(
  codes: usize, count: u32, groupSymbols: u32, rowLength: u32, classes: usize, columns: usize, form: i32, tables: usize,
  counts: usize, to: usize,
): usize {
  const lanes = scratch(), apart = <usize> groupSymbols + 34 << 1;
  const most = kept4(4095, count), exponent = kept4(0x43300000, count);
  const two52 = i64x2.shl(exponent, 32), two40 = i64x2.shl(kept4(0x42700000, count), 32);
  let groups = (count - 1) / groupSymbols + 1;
  counts += <usize> groups << 1;
  for (; groups; count = groups * groupSymbols) {
    // A multiple of 4 lanes, of which the first may have no group. They go through some entry, as the last does until its turn
    // comes: as many words as can be have room in each lane, and lanes have it one behind the other.
    const n = min(groups + 3 & ~3, ENCODED), lanesEnd = lanes + (<usize> n << 2);
    let lane = lanes, offsets = lanes + OFFSETS, top = to - (n - 1) * apart;
    let first: i32 = (groups - n) * groupSymbols, last: u32 = 0;
    for (; lane < lanesEnd; lane += 4, offsets += OFFSETS_APART, top += apart, first += groupSymbols) {
      last = first < 0 ? 0 : min(groupSymbols, count - first);
      if (last < groupSymbols) memory.fill(offsets, 0, OFFSETS_APART);
      writeClassed(codes, first, first + last, rowLength, classes, columns, form, 4, offsets);
      store<u32>(lane, 0);
      store<u32>(lane, top - 2, WORD);
    }
    for (let i = groupSymbols; i;) {
      if (i == last) {
        store<u32>(lanesEnd - 4, 0);
        store<u32>(lanesEnd - 4, to - 2, WORD);
      }
      i--;
      let at = lanes + OFFSETS + (<usize> i << 1);
      for (lane = lanes; lane < lanesEnd; lane += 16, at += 4 * OFFSETS_APART) {
        let x = v128.load(lane);
        const e0 = v128.load(tables + <usize> load<u16>(at)), e1 = v128.load(tables + <usize> load<u16>(at, OFFSETS_APART));
        const e2 = v128.load(tables + <usize> load<u16>(at, 2 * OFFSETS_APART));
        const e3 = v128.load(tables + <usize> load<u16>(at, 3 * OFFSETS_APART));
        const e01 = v128.shuffle<i32>(e0, e1, 0, 4, 1, 5), e23 = v128.shuffle<i32>(e2, e3, 0, 4, 1, 5);
        const rest = v128.shuffle<i64>(e01, e23, 0, 2);
        // A word is written in any case, and kept if the state is too large: x >>> 20 is at least f = 4096 - rest.
        v128.store16_lane(load<u32>(lane, WORD), x, 0);
        v128.store16_lane(load<u32>(lane, WORD + 4), x, 2);
        v128.store16_lane(load<u32>(lane, WORD + 8), x, 4);
        v128.store16_lane(load<u32>(lane, WORD + 12), x, 6);
        const full = i32x4.gt_s(i32x4.add(i32x4.shr_u(x, 20), rest), most);
        v128.store(lane, i32x4.add(v128.load(lane, WORD), i32x4.add(full, full)), WORD);
        x = i32x4.max_u(v128.andnot(x, full), i32x4.shr_u(x, 16));
        // x / f, too large or small by less than 2^-32, is rounded to 12 bits behind the point: which leads to a whole number if f
        // divides x, and else, as 1 / 4095 is above 2^-13 + 2^-32, to none above. With the 20 bits before it is the lower half.
        const low = f64x2.sub(v128.shuffle<i32>(x, exponent, 0, 4, 1, 5), two52);
        const high = f64x2.sub(v128.shuffle<i32>(x, exponent, 2, 6, 3, 7), two52);
        const rounded = v128.shuffle<i32>(
          f64x2.add(f64x2.mul(low, v128.shuffle<i64>(e0, e1, 1, 3)), two40),
          f64x2.add(f64x2.mul(high, v128.shuffle<i64>(e2, e3, 1, 3)), two40),
          0, 2, 4, 6,
        );
        x = i32x4.add(i32x4.add(x, v128.shuffle<i64>(e01, e23, 1, 3)), i32x4.mul(i32x4.shr_u(rounded, 12), rest));
        v128.store(lane, x);
      }
    }
    for (lane = lanesEnd; groups && lane > lanes; groups--) {
      lane -= 4;
      counts -= 2;
      top -= apart;
      to = take(load<u32>(lane), load<u32>(lane, WORD), top, to, counts);
    }
  }
  return to;
}

/** The u32 at the four addresses that lie at `at`. */
@inline
function gather4(at: usize): v128 {
  let v = v128.load32_zero(load<u32>(at));
  v = v128.load32_lane(load<u32>(at, 4), v, 1);
  v = v128.load32_lane(load<u32>(at, 8), v, 2);
  return v128.load32_lane(load<u32>(at, 12), v, 3);
}

/** Groups that are decoded side by side, a multiple of 4. */
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
