/**
 * Vector LZ, the first encoder of the SC'24 paper (arXiv 2407.04272), here as the baseline that ratios are compared with: the
 * symbol is a whole row of 8-bit codes, blocks of 2048 rows are independent, a match copies 1 to 32 of the previous 32 rows
 * without overlapping itself, parsing is greedy, literals are not entropy-coded.
 *
 * Section: u32 tokens of each block | flags, a bit per token, least significant bit first, 1 for a match, each block padded to
 * a byte | tokens of all blocks: `d` bytes of a literal row, or u8 length and u8 distance in rows | zeros up to 4 bytes.
 *
 * @module
 */
import { fieldBytes } from "../format/fields.ts";
import { corrupt, truncated } from "../errors.ts";
import type { KernelMemory } from "../kernels/kernels.ts";

/** Rows of a block. */
export const VLZ_BLOCK = 2048;
const WINDOW = 32;

/** Least and greatest code that a literal holds. */
export const VLZ_MIN = -128, VLZ_MAX = 127;

/** Most bytes of a section. */
export function vlzCapacity(rows: number, d: number): number {
  const blocks = Math.ceil(rows / VLZ_BLOCK);
  return 4 * blocks + Math.ceil(rows / 8) + blocks + rows * Math.max(d, 2) + 4;
}

/** Longest match for row `at`, with ids telling equal rows: length and distance, or length 0. */
function longestMatch(ids: Uint32Array, begin: number, at: number, end: number): { length: number; distance: number } {
  let length = 0, distance = 0;
  for (let back = 1; back <= WINDOW && at - back >= begin; back++) {
    let n = 0;
    while (n < back && at + n < end && ids[at - back + n] === ids[at + n]) n++;
    if (n > length) {
      length = n;
      distance = back;
    }
  }
  return { length, distance };
}

/**
 * Writes the section of i32 `codes[rows d]`, all in VLZ_MIN..VLZ_MAX.
 *
 * @param ids u32[rows]: equal for equal rows.
 * @param dst Byte offset, a multiple of 4, with `vlzCapacity` bytes.
 * @returns Bytes written, a multiple of 4.
 */
export function writeVlz(
  memory: KernelMemory,
  codes: number,
  ids: number,
  rows: number,
  d: number,
  dst: number,
): number {
  const { u8, u32, i32 } = memory, blocks = Math.ceil(rows / VLZ_BLOCK), flags: number[] = [];
  const idsOfRows = u32.subarray(ids >>> 2, (ids >>> 2) + rows);
  // Behind as many flags as there can be; moved when their number is known.
  const tokens = dst + 4 * blocks + Math.ceil(rows / 8) + blocks;
  let at = tokens;
  for (let block = 0; block < blocks; block++) {
    const begin = block * VLZ_BLOCK, end = Math.min(begin + VLZ_BLOCK, rows);
    let count = 0;
    for (let row = begin; row < end; count++) {
      const { length, distance } = longestMatch(idsOfRows, begin, row, end);
      if (count % 8 === 0) flags.push(0);
      if (length > 0) {
        flags[flags.length - 1]! |= 1 << count % 8;
        u8[at++] = length;
        u8[at++] = distance;
        row += length;
      } else for (let i = 0, from = (codes >>> 2) + row++ * d; i < d; i++) u8[at++] = i32[from + i]!;
    }
    u32[(dst >>> 2) + block] = count;
  }
  const to = dst + 4 * blocks + flags.length, bytes = fieldBytes(to + at - tokens - dst, 8);
  u8.set(flags, dst + 4 * blocks);
  u8.copyWithin(to, tokens, at);
  u8.fill(0, to + at - tokens, dst + bytes);
  return bytes;
}

/**
 * Reads a section into i32 `codes[rows d]`.
 *
 * @param end Behind the bytes that may be read.
 * @returns Where the section ends.
 * @throws {CodecError} `CORRUPT`, `TRUNCATED`
 */
export function readVlz(
  memory: KernelMemory,
  src: number,
  end: number,
  rows: number,
  d: number,
  codes: number,
): number {
  const { u8, u32, i32 } = memory;
  const blocks = Math.ceil(rows / VLZ_BLOCK), counts: number[] = [];
  if (4 * blocks > end - src) throw truncated("a block's tokens");
  for (let block = 0; block < blocks; block++) {
    const count = u32[(src >>> 2) + block]!;
    if (count > VLZ_BLOCK) throw corrupt("the number of a block's tokens", count, `at most ${VLZ_BLOCK}`);
    counts.push(count);
  }
  let flag = src + 4 * blocks, at = flag + counts.reduce((sum, count) => sum + Math.ceil(count / 8), 0);
  if (at > end) throw truncated("a block's tokens");
  counts.forEach((count, block) => {
    const first = block * VLZ_BLOCK, last = Math.min(first + VLZ_BLOCK, rows);
    let row = first;
    for (let token = 0; token < count; token++) {
      const to = (codes >>> 2) + row * d, match = (u8[flag + (token >>> 3)]! >>> token % 8 & 1) === 1;
      if (end - at < (match ? 2 : d)) throw truncated("a block's tokens");
      const length = match ? u8[at++]! : 1, distance = match ? u8[at++]! : 0;
      if (row + length > last) throw corrupt("the number of a block's rows", row + length - first, last - first);
      if (match) {
        if (length < 1 || length > distance || distance > row - first) {
          throw corrupt(`the distance of ${length} rows`, distance, `${length} to ${row - first}`);
        }
        i32.copyWithin(to, to - distance * d, to - (distance - length) * d);
      } else for (let i = 0; i < d; i++) i32[to + i] = u8[at++]! << 24 >> 24;
      row += length;
    }
    if (row !== last) throw corrupt("the number of a block's rows", row - first, last - first);
    flag += Math.ceil(count / 8);
  });
  const padded = fieldBytes(at, 8);
  if (padded > end) throw truncated("a block's tokens");
  return padded;
}
