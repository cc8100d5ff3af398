// rANS of four groups of direct tokens side by side, which hides the latency of each chain. See `Lanes` in lanes.ts.

import { kept4 } from "./_constant.as";
import { BLOCK, classOf, scratch, UNSIGNED, writeClassed } from "./_tokens.as";

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

/** The u32 at the four addresses that lie at `at`. */
@inline
function gather4(at: usize): v128 {
  const a = v128.load32_zero(load<u32>(at)), b = v128.load32_zero(load<u32>(at, 4));
  const c = v128.load32_zero(load<u32>(at, 8)), d = v128.load32_zero(load<u32>(at, 12));
  return v128.shuffle<i64>(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 0, 4, 1, 5), 0, 2);
}

/** Groups side by side, a multiple of 4. */
@inline
const MOST: u32 = 32;
/** Symbols of each that wait to be written as codes, a multiple of 4. */
@inline
const WAITING: u32 = 64;
/** Of each vector of four groups: states, addresses of the next words, of the ends, of the tables. */
@inline
const STATE: usize = 80;

/** Codes of direct tokens in the low bytes. Shifts need no constants, which V8 would make anew each time. */
@inline
function codes4(entries: v128, form: i32): v128 {
  const high = i32x4.shl(entries, 24);
  if (form & UNSIGNED) return i32x4.shr_u(high, 24);
  return v128.xor(i32x4.shr_u(high, 25), i32x4.shr_s(i32x4.shl(entries, 31), 31));
}

/** Writes `count` symbols of `groups` groups, whose entries lie in vectors of four groups, as codes. */
function writeCodes(entries: usize, stride: usize, groups: u32, count: u32, groupBytes: usize, form: i32, codes: usize): void {
  for (let k: u32 = 0; k < groups; k += 4, entries += 16, codes += 4 * groupBytes) {
    let i: u32 = 0, from = entries;
    if (k + 4 <= groups) {
      for (; i + 4 <= count; i += 4, from += 4 * stride) {
        const a = codes4(v128.load(from), form), b = codes4(v128.load(from + stride), form);
        const c = codes4(v128.load(from + 2 * stride), form), d = codes4(v128.load(from + 3 * stride), form);
        const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
        const hab = v128.shuffle<i32>(a, b, 2, 6, 3, 7), hcd = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
        const to = codes + (<usize> i << 2);
        v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
        v128.store(to + groupBytes, v128.shuffle<i64>(ab, cd, 1, 3));
        v128.store(to + 2 * groupBytes, v128.shuffle<i64>(hab, hcd, 0, 2));
        v128.store(to + 3 * groupBytes, v128.shuffle<i64>(hab, hcd, 1, 3));
      }
    }
    for (; i < count; i++, from += stride) {
      const code = codes4(v128.load(from), form), to = codes + (<usize> i << 2);
      store<i32>(to, i32x4.extract_lane(code, 0));
      if (k + 1 < groups) store<i32>(to + groupBytes, i32x4.extract_lane(code, 1));
      if (k + 2 < groups) store<i32>(to + 2 * groupBytes, i32x4.extract_lane(code, 2));
      if (k + 3 < groups) store<i32>(to + 3 * groupBytes, i32x4.extract_lane(code, 3));
    }
  }
}

export function ansDecodeGroups(
  src: usize, at: usize, group: u32, groups: u32, groupSymbols: u32, lastSymbols: u32, rowLength: u32, classes: usize,
  columns: usize, form: i32, tables: usize, codes: usize,
): bool {
  const states = scratch(), entries = states + STATE * (MOST >> 2);
  if (!columns) {
    columns = entries + 4 * MOST * WAITING;
    memory.fill(columns, 0, rowLength);
  }
  const width = load<u8>(src, 2), groupBytes = <usize> groupSymbols << 2, groupRows = groupSymbols / rowLength;
  const mask = kept4(4095, groups), lowWord = kept4(65535, groups);
  while (groups) {
    const n = min(groups, MOST), vectors: usize = (n + 3) >> 2, statesEnd = states + STATE * vectors;
    groups -= n;
    const last = groups ? groupSymbols : lastSymbols;
    // Where there is no group, state 0 stays as it is.
    memory.fill(states, 0, statesEnd - states);
    for (let k: u32 = 0; k < n; k++) {
      const state = states + STATE * <usize> (k >> 2) + (<usize> (k & 3) << 2), g = src + 4 + (<usize> (group + k) << (width >>> 1));
      let words = <u32> load<u16>(src);
      if (width) words += width == 1 ? <u32> load<u8>(g) : <u32> load<u16>(g);
      if (words < 2) return false;
      store<u32>(state, rotl<u32>(load<u32>(at), 16));
      store<u32>(state, at + 4, 16);
      at += <usize> words << 1;
      store<u32>(state, at, 32);
    }
    let i: u32 = 0, begin: u32 = 0, end = min(last, WAITING), rowEnd: u32 = 0, here = n, entry = entries;
    while (true) {
      if (i == rowEnd) {
        rowEnd += rowLength;
        const row = group * groupRows + i / rowLength;
        for (let k: u32 = 0; k < <u32> vectors << 2; k++) {
          const state = states + STATE * <usize> (k >> 2) + (<usize> (k & 3) << 2);
          const table = tables + (k < here ? classOf(classes, row + k * groupRows) << 14 : 0);
          store<u32>(state, table, 48);
          store<u32>(state, table + (load<u8>(columns) << 14) + ((load<u32>(state) & 4095) << 2), 64);
        }
      }
      for (const stop = min(rowEnd, end); i < stop;) {
        // Of the next symbol.
        const column = i32x4.splat(<u32> load<u8>(columns + ++i + rowLength - rowEnd) << 14);
        for (let state = states; state < statesEnd; state += STATE, entry += 16) {
          let x = v128.load(state), p = v128.load(state, 16);
          const e = gather4(state + 64);
          v128.store(entry, e);
          x = i32x4.add(i32x4.mul(v128.and(i32x4.shr_u(e, 8), mask), i32x4.shr_u(x, 12)), i32x4.shr_u(e, 20));
          // A word is read in any case, and used if the state is low and the group has one left.
          const low = v128.andnot(i32x4.eq(i32x4.shr_u(x, 16), i32x4.splat(0)), i32x4.eq(p, v128.load(state, 32)));
          const words = gather4(state + 16);
          const filled = v128.or(i32x4.shl(x, 16), v128.and(words, lowWord));
          x = i32x4.max_u(v128.and(filled, low), x);
          v128.store(state, i32x4.add(i32x4.add(v128.load(state, 48), column), i32x4.shl(v128.and(x, mask), 2)), 64);
          v128.store(state, x);
          v128.store(state, i32x4.sub(p, i32x4.add(low, low)), 16);
        }
      }
      if (i < end) continue;
      writeCodes(entries, vectors << 4, here, end - begin, groupBytes, form, codes + (<usize> begin << 2));
      if (i == last) {
        const state = states + STATE * <usize> (n - 1 >> 2) + (<usize> (n - 1 & 3) << 2);
        if (load<u32>(state) | load<u32>(state, 16) ^ load<u32>(state, 32)) return false;
        here = n - 1;
      }
      if (i == groupSymbols) break;
      begin = i;
      end = min(i < last ? last : groupSymbols, i + WAITING);
      entry = entries;
    }
    for (let state = states; state < statesEnd; state += STATE) {
      if (v128.any_true(v128.or(v128.load(state), v128.xor(v128.load(state, 16), v128.load(state, 32))))) return false;
    }
    group += n;
    codes += <usize> n * groupBytes;
  }
  return true;
}
