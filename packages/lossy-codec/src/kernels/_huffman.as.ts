// Canonical Huffman codes over groups: see kernels.ts.

import { closeSection, groupsOf, headerBytes, isSection, sectionCapacity, setWords, wordsBefore, wordsOf } from "./_section.as";
import { BLOCK, DIRECT, directCodes, directTokens, scratch, tokenOf, unzigzag, zigzag } from "./_tokens.as";

@inline
function codeOf(table: usize, tokens: usize): u64 {
  return load<u32>(table + (<usize> load<u8>(tokens) << 2));
}

/** Writes a group of direct tokens, at most BLOCK, to scratch(); returns its bits. */
function encodeDirect(codes: usize, count: i32, form: i32, table: usize, dst: usize): usize {
  const tokens = dst + 2 * BLOCK + 64;
  directTokens(codes, count, form, tokens);
  let pending: u64 = 0, held: u64 = 0, at = dst, i = 0;
  // Four codes have at most 48 bits, which join less than 8.
  for (; i + 4 <= count; i += 4) {
    const a = codeOf(table, tokens + i), b = codeOf(table, tokens + i + 1);
    const c = codeOf(table, tokens + i + 2), d = codeOf(table, tokens + i + 3);
    const ab = a & 0xffff | (b & 0xffff) << (a >>> 16), abBits = (a >>> 16) + (b >>> 16);
    const cd = c & 0xffff | (d & 0xffff) << (c >>> 16), cdBits = (c >>> 16) + (d >>> 16);
    pending |= (ab | cd << abBits) << held;
    held += abBits + cdBits;
    store<u64>(at, pending);
    at += <usize> (held >>> 3);
    pending >>>= held & 56;
    held &= 7;
  }
  for (; i < count; i++) {
    const a = codeOf(table, tokens + i);
    pending |= (a & 0xffff) << held;
    held += a >>> 16;
  }
  store<u64>(at, pending);
  return ((at - dst) << 3) + <usize> held;
}

/** Writes a group of any form, upwards from `dst`; returns its bits. */
function encodeOne(codes: usize, count: i32, form: i32, table: usize, dst: usize): usize {
  let pending: u64 = 0, held: u32 = 0, at = dst;
  for (const end = codes + (<usize> count << 2); codes < end; codes += 4) {
    const z = zigzag(load<i32>(codes), form), token = tokenOf(z, form);
    const code = load<u32>(table + (<usize> token << 2));
    pending |= <u64> (code & 0xffff) << held;
    held += code >>> 16;
    if (!(form & DIRECT) && token >= 64) {
      const bits = (token >>> 2) - 12;
      pending |= <u64> (z & ((1 << bits) - 1)) << held;
      held += bits;
    }
    // At most 15 bits waited, 12 and 29 came.
    for (; held >= 16; held -= 16, at += 2, pending >>>= 16) store<u16>(at, pending);
  }
  if (held) store<u16>(at, pending);
  return ((at - dst) << 3) + held;
}

export function huffEncode(
  codes: usize, count: u32, groupSymbols: u32, form: i32, encodeTable: usize, dst: usize, capacity: u32,
): i32 {
  if (<u64> capacity < sectionCapacity(count, groupSymbols, form)) return -1;
  if (count == 0) return 0;
  const groups = groupsOf(count, groupSymbols);
  let to = dst + headerBytes(groups, 2);
  for (let g: u32 = 0; g < groups; g++) {
    const n = min(groupSymbols, count - g * groupSymbols);
    let words: usize;
    if (form & DIRECT && n <= <u32> BLOCK) {
      words = (encodeDirect(codes, n, form, encodeTable, scratch()) + 15) >>> 4;
      memory.copy(to, scratch(), words << 1);
    } else words = (encodeOne(codes, n, form, encodeTable, to) + 15) >>> 4;
    setWords(dst, g, words);
    to += words << 1;
    codes += <usize> n << 2;
  }
  return closeSection(dst, groups);
}

/** The bits from number `bit` on, 57 or more of them. */
@inline
function window(src: usize, bit: usize): u64 {
  return load<u64>(src + (bit >>> 3)) >>> (bit & 7);
}

@inline
function slotOf(table: usize, bits: u64): u32 {
  return load<u16>(table + (<usize> (bits & 4095) << 1));
}

/** Whether a group of `end` bits, of which `bit` were used, ends in less than a word of zeros. */
@inline
function endsWell(src: usize, bit: usize, end: usize): bool {
  return bit <= end && end - bit < 16 && (window(src, bit) & ((1 << (end - bit)) - 1)) == 0;
}

/** Decodes groups g .. g + 3 of direct tokens, whose words begin at `src`; returns where they end, or 0 if they are corrupt. */
function decodeFour(section: usize, src: usize, g: u32, groupSymbols: i32, form: i32, table: usize, codes: usize): usize {
  const tokens = scratch();
  const end0 = wordsOf(section, g) << 4, end1 = wordsOf(section, g + 1) << 4;
  const end2 = wordsOf(section, g + 2) << 4, end3 = wordsOf(section, g + 3) << 4;
  const src1 = src + (end0 >>> 3), src2 = src1 + (end1 >>> 3), src3 = src2 + (end2 >>> 3);
  let b0: usize = 0, b1: usize = 0, b2: usize = 0, b3: usize = 0;
  // Four codes at a time have at most 48 bits. Past the end of a group, bits that do not count are read.
  for (let i = 0; i < groupSymbols;) {
    let w0 = window(src, b0), w1 = window(src1, b1), w2 = window(src2, b2), w3 = window(src3, b3);
    for (const stop = min(i + 4, groupSymbols); i < stop; i++) {
      const s0 = slotOf(table, w0), s1 = slotOf(table, w1), s2 = slotOf(table, w2), s3 = slotOf(table, w3);
      store<u8>(tokens + i, s0);
      store<u8>(tokens + i, s1, BLOCK);
      store<u8>(tokens + i, s2, 2 * BLOCK);
      store<u8>(tokens + i, s3, 3 * BLOCK);
      w0 >>>= s0 >>> 8;
      w1 >>>= s1 >>> 8;
      w2 >>>= s2 >>> 8;
      w3 >>>= s3 >>> 8;
      b0 += s0 >>> 8;
      b1 += s1 >>> 8;
      b2 += s2 >>> 8;
      b3 += s3 >>> 8;
    }
  }
  if (!endsWell(src, b0, end0) || !endsWell(src1, b1, end1) || !endsWell(src2, b2, end2) || !endsWell(src3, b3, end3)) return 0;
  for (let lane: usize = 0; lane < 4; lane++, codes += <usize> groupSymbols << 2) {
    directCodes(tokens + lane * BLOCK, groupSymbols, form, codes);
  }
  return src3 + (end3 >>> 3);
}

/** Decodes a group of any form; whether it is sound. */
function decodeOne(src: usize, end: usize, count: u32, form: i32, table: usize, codes: usize): bool {
  let bit: usize = 0;
  for (const last = codes + (<usize> count << 2); codes < last; codes += 4) {
    // Groups of any length are decoded here: stop where they would be read far past their end.
    if (bit > end) return false;
    let bits = window(src, bit);
    const slot = slotOf(table, bits);
    bit += slot >>> 8;
    let z = slot & 255;
    if (!(form & DIRECT) && z >= 64) {
      const raw = ((z >>> 2) - 12) & 31;
      bits >>>= slot >>> 8;
      z = (4 + (z & 3)) << raw | <u32> bits & ((1 << raw) - 1);
      bit += raw;
    }
    store<u32>(codes, unzigzag(z, form));
  }
  return endsWell(src, bit, end);
}

export function huffDecode(
  src: usize, srcBytes: u32, total: u32, first: u32, count: u32, groupSymbols: u32, form: i32, decodeTable: usize,
  codes: usize,
): i32 {
  const groups = groupsOf(total, groupSymbols);
  if (!isSection(src, srcBytes, groups)) return 1;
  if (count == 0) return 0;
  let g = first / groupSymbols, at = wordsBefore(src, groups, g);
  for (let left = count; left > 0;) {
    if (form & DIRECT && groupSymbols <= <u32> BLOCK && left >= 4 * groupSymbols) {
      at = decodeFour(src, at, g, groupSymbols, form, decodeTable, codes);
      if (!at) return 1;
      g += 4;
      left -= 4 * groupSymbols;
      codes += <usize> groupSymbols << 4;
    } else {
      const n = min(left, groupSymbols), words = wordsOf(src, g++);
      if (!decodeOne(at, words << 4, n, form, decodeTable, codes)) return 1;
      at += words << 1;
      left -= n;
      codes += <usize> n << 2;
    }
  }
  return 0;
}
