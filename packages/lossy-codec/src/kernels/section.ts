/**
 * The frame around groups of entropy-coded symbols, which rANS and Huffman share. `Kernels.ansEncode` describes it.
 *
 * @module
 */
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
  // A direct token is at most 12 bits and emits at most one word; raw bits (at most 29) add at most two.
  const words = 2 * groups + count * (form & DIRECT ? 1 : 3);
  return 8 + Math.ceil(groups / 2) * 4 + Math.ceil(words / 2) * 4;
}

/** Bytes of a section's part before the words. */
export function sectionHeaderBytes(groups: number, width: number): number {
  return groups === 0 ? 0 : 4 + Math.ceil(groups * width / 4) * 4;
}

/**
 * Length of the section at `src` as its header has it.
 *
 * @returns Bytes, a multiple of 4; or -1 if that is more than `available`, or the header is none.
 */
export function sectionBytes(memory: KernelMemory, src: number, available: number, groups: number): number {
  if (groups === 0) return 0;
  if (available < 4) return -1;
  const { u8, u16 } = memory;
  const width = u8[src + 2]!;
  const header = sectionHeaderBytes(groups, width);
  if (width > 2 || u8[src + 3] !== 0 || header > available) return -1;
  let words = u16[src >> 1]! * groups;
  if (width === 1) { for (let g = 0; g < groups; g++) words += u8[src + 4 + g]!; }
  if (width === 2) { for (let g = 0; g < groups; g++) words += u16[(src >> 1) + 2 + g]!; }
  const bytes = header + Math.ceil(words / 2) * 4;
  return bytes <= available ? bytes : -1;
}

/** Reads where each group's words begin, as indices into u16: `groups + 1` of them. The header was checked by `sectionBytes`. */
export function groupStarts(memory: KernelMemory, src: number, groups: number): Uint32Array<ArrayBuffer> {
  const { u8, u16 } = memory;
  const width = u8[src + 2]!;
  const least = u16[src >> 1]!;
  const starts = new Uint32Array(groups + 1);
  starts[0] = (src + sectionHeaderBytes(groups, width)) >> 1;
  for (let g = 0; g < groups; g++) {
    const above = width === 0 ? 0 : width === 1 ? u8[src + 4 + g]! : u16[(src >> 1) + 2 + g]!;
    starts[g + 1] = starts[g]! + least + above;
  }
  return starts;
}

/**
 * Writes the header of a section and moves the words, which lie back to back at byte `words`, behind it.
 *
 * @param counts Words of each group; at least one group, each below 2^16.
 * @returns Bytes of the section.
 */
export function closeSection(memory: KernelMemory, dst: number, counts: Uint16Array, words: number): number {
  const { u8, u16 } = memory;
  const groups = counts.length;
  let least = 65535, greatest = 0, total = 0;
  for (const n of counts) {
    if (n < least) least = n;
    if (n > greatest) greatest = n;
    total += n;
  }
  const width = greatest === least ? 0 : greatest - least < 256 ? 1 : 2;
  const header = sectionHeaderBytes(groups, width);
  const end = header + Math.ceil(total / 2) * 4;
  u8.copyWithin(dst + header, words, words + 2 * total);
  u8.fill(0, dst + header + 2 * total, dst + end);
  u8.fill(0, dst, dst + header);
  u16[dst >> 1] = least;
  u8[dst + 2] = width;
  for (let g = 0; g < groups; g++) {
    const above = counts[g]! - least;
    if (width === 1) u8[dst + 4 + g] = above;
    if (width === 2) u16[(dst >> 1) + 2 + g] = above;
  }
  return end;
}
