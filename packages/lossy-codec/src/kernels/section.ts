/**
 * The frame around groups of entropy-coded symbols, which rANS and Huffman share. `Kernels.ansEncode` describes it.
 *
 * @module
 */
import { fieldBytes } from "../format/fields.ts";
import { DIRECT, type KernelMemory } from "./kernels.ts";

/**
 * Symbols per group for rows of `rowLength` symbols. Groups hold whole rows unless rows are very long, so that a row lies in
 * one group. A group costs about 3 bytes and is the unit of random access and of parallel decoding; long sequences have
 * enough groups of twice the size.
 *
 * @returns 1024 to 4096.
 */
export function groupSymbolsFor(rowLength: number, count: number): number {
  if (rowLength > 4096) return 4096;
  const least = count >= 32768 ? 2048 : 1024;
  return rowLength * Math.ceil(least / rowLength);
}

/** Bytes that encoding needs at its destination: a bound on the section, whatever the symbols. */
export function sectionCapacity(count: number, groupSymbols: number, form: number): number {
  const groups = Math.ceil(count / groupSymbols);
  // A direct token is at most 12 bits and emits at most one word; raw bits (at most 29) add at most two; the state is two. Each group
  // has room for all that and 32 words, which keep groups apart in a cache, and there is room for three more: see `Lanes`.
  const words = (groups + 3) * (34 + groupSymbols * (form & DIRECT ? 1 : 3));
  return 8 + fieldBytes(groups, 16) + fieldBytes(words, 16);
}

/** Bytes of a section's part before the words. */
export function sectionHeaderBytes(groups: number, width: number): number {
  return groups === 0 ? 0 : 4 + fieldBytes(groups, 8 * width);
}

function wordsOf({ u8, u16 }: KernelMemory, src: number, g: number): number {
  const width = u8[src + 2]!;
  return u16[src >> 1]! + (width === 0 ? 0 : width === 1 ? u8[src + 4 + g]! : u16[(src >> 1) + 2 + g]!);
}

/**
 * Length of the section at `src` as its header has it.
 *
 * @returns Bytes, a multiple of 4; or -1 if that is more than `available`, or the header is none.
 */
export function sectionBytes(memory: KernelMemory, src: number, available: number, groups: number): number {
  if (groups === 0) return 0;
  if (available < 4) return -1;
  const width = memory.u16[(src >> 1) + 1]!;
  const header = sectionHeaderBytes(groups, width);
  if (width > 2 || header > available) return -1;
  let words = 0;
  for (let g = 0; g < groups; g++) words += wordsOf(memory, src, g);
  const bytes = header + fieldBytes(words, 16);
  return bytes <= available ? bytes : -1;
}

/**
 * Decodes groups from number `g` on, where `left` symbols begin; the words of each lie between its start and the next.
 *
 * @returns Symbols decoded; 0 if others should, less if they are not sound.
 */
export type DecodeMany = (starts: Uint32Array, g: number, left: number) => number;

/**
 * Decodes groups as `Kernels.ansDecode` says, many at a time where there is a way to.
 *
 * @param decodeOne Decodes symbols `i` to `last` from the words between two indices into u16; whether they are sound.
 * @param decodeMany Undefined where there is none.
 * @returns As the kernels.
 */
export function decodeGroups(
  memory: KernelMemory,
  src: number,
  srcBytes: number,
  total: number,
  first: number,
  count: number,
  groupSymbols: number,
  decodeOne: (at: number, end: number, i: number, last: number) => boolean,
  decodeMany: DecodeMany | undefined,
): number {
  const groups = Math.ceil(total / groupSymbols);
  if (sectionBytes(memory, src, srcBytes, groups) !== srcBytes) return 1;
  const starts = new Uint32Array(groups + 1);
  starts[0] = src + sectionHeaderBytes(groups, memory.u8[src + 2]!);
  for (let g = 0; g < groups; g++) starts[g + 1] = starts[g]! + 2 * wordsOf(memory, src, g);
  for (let i = first, end = first + count; i < end;) {
    const g = i / groupSymbols;
    let done = decodeMany ? decodeMany(starts, g, end - i) : 0;
    if (done === 0) {
      const last = Math.min(i + groupSymbols, end);
      done = decodeOne(starts[g]! >> 1, starts[g + 1]! >> 1, i, last) ? last - i : -1;
    }
    if (done < 0) return 1;
    i += done;
  }
  return 0;
}

/** Index into u16 where an encoder keeps the number of words of group 0 until `closeSection`; those of the others follow. */
export function countsOf(dst: number): number {
  return (dst >> 1) + 2;
}

/**
 * Writes the header of a section and moves the words, which lie back to back at byte `words`, behind it. The number of words of
 * each group, at least one, is at `countsOf(dst)`.
 *
 * @returns Bytes of the section.
 */
export function closeSection(memory: KernelMemory, dst: number, groups: number, words: number): number {
  const { u8, u16 } = memory, first = countsOf(dst);
  let least = 65535, greatest = 0, total = 0;
  for (let g = 0; g < groups; g++) {
    const n = u16[first + g]!;
    least = Math.min(least, n);
    greatest = Math.max(greatest, n);
    total += n;
  }
  const width = greatest === least ? 0 : greatest - least < 256 ? 1 : 2;
  const header = sectionHeaderBytes(groups, width), end = header + fieldBytes(total, 16);
  u16[dst >> 1] = least;
  u16[(dst >> 1) + 1] = width;
  for (let g = 0; g < groups; g++) {
    const above = u16[first + g]! - least;
    if (width === 1) u8[dst + 4 + g] = above;
    else u16[first + g] = above;
  }
  u8.fill(0, dst + 4 + groups * width, dst + header);
  u8.copyWithin(dst + header, words, words + 2 * total);
  u8.fill(0, dst + header + 2 * total, dst + end);
  return end;
}
