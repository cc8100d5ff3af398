// The frame around groups of symbols, as in section.ts.

import { DIRECT } from "./_tokens.as";

@inline
export function groupsOf(count: u32, groupSymbols: u32): u32 {
  return count / groupSymbols + u32(count % groupSymbols != 0);
}

/** As sectionCapacity() of section.ts. */
export function sectionCapacity(count: u32, groupSymbols: u32, form: i32): u64 {
  const groups = <u64> groupsOf(count, groupSymbols);
  const words = 2 * groups + <u64> count * (form & DIRECT ? 1 : 3);
  return 8 + ((groups + 1) >>> 1 << 2) + ((words + 1) >>> 1 << 2);
}

/** As sectionHeaderBytes() of section.ts, for at least one group. */
@inline
export function headerBytes(groups: u32, width: u32): u32 {
  return 4 + ((groups * width + 3) & ~3);
}

/** Number of words of a group. */
@inline
export function wordsOf(src: usize, g: u32): u32 {
  const width = load<u8>(src, 2), least = <u32> load<u16>(src);
  if (width == 0) return least;
  return least + (width == 1 ? <u32> load<u8>(src + g, 4) : <u32> load<u16>(src + (<usize> g << 1), 4));
}

/** Whether a section of exactly `srcBytes` can begin with this header. */
export function isSection(src: usize, srcBytes: u32, groups: u32): bool {
  if (groups == 0) return srcBytes == 0;
  if (srcBytes < 4) return false;
  const width = <u64> load<u8>(src, 2);
  const header = (<u64> groups * width + 3 & ~3) + 4;
  if (width > 2 || load<u8>(src, 3) != 0 || header > srcBytes) return false;
  let words: u64 = 0;
  for (let g: u32 = 0; g < groups; g++) words += wordsOf(src, g);
  return header + ((words + 1) >>> 1 << 2) == <u64> srcBytes;
}

/** Where the words of group `group` begin. */
export function wordsBefore(src: usize, groups: u32, group: u32): usize {
  let at = src + headerBytes(groups, load<u8>(src, 2));
  for (let g: u32 = 0; g < group; g++) at += wordsOf(src, g) << 1;
  return at;
}

/** Where an encoder keeps the number of words of a group until closeSection(). */
@inline
export function setWords(dst: usize, g: u32, words: usize): void {
  store<u16>(dst + (<usize> g << 1), words, 4);
}

/**
 * Turns the counts into a header and moves the words, which lie behind the widest header, to its end.
 *
 * @returns Bytes of the section.
 */
export function closeSection(dst: usize, groups: u32): u32 {
  let least: u32 = 65535, greatest: u32 = 0, total: u32 = 0;
  for (let g: u32 = 0; g < groups; g++) {
    const words = <u32> load<u16>(dst + (<usize> g << 1), 4);
    least = min(least, words);
    greatest = max(greatest, words);
    total += words;
  }
  const width: u32 = greatest == least ? 0 : greatest - least < 256 ? 1 : 2;
  const header = headerBytes(groups, width), used = groups * width + 4;
  for (let g: u32 = 0; g < groups; g++) {
    const above = load<u16>(dst + (<usize> g << 1), 4) - least;
    if (width == 1) store<u8>(dst + g, above, 4);
    if (width == 2) store<u16>(dst + (<usize> g << 1), above, 4);
  }
  for (let at = used; at < header; at++) store<u8>(dst + at, 0);
  store<u32>(dst, least | width << 16);
  memory.copy(dst + header, dst + headerBytes(groups, 2), <usize> total << 1);
  if (total & 1) store<u16>(dst + header + (<usize> total << 1), 0);
  return header + ((total + 1) >>> 1 << 2);
}
