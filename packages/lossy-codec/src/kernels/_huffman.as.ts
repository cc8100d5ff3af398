// Canonical Huffman codes of direct tokens. See `Lanes` in lanes.ts.

import { BLOCK, directCodes, scratch, UNSIGNED } from "./_tokens.as";

/** The entry of a direct code. */
@inline
function entryOf(table: usize, code: i32, unsigned: bool): u32 {
  return load<u32>(table + (select(code, (code << 1) ^ (code >> 31), unsigned) & 255) * 4);
}

export function huffEncodeGroup(codes: usize, count: u32, form: i32, table: usize, dst: usize): usize {
  const unsigned = (form & UNSIGNED) != 0;
  let pending: u32 = 0, held: u32 = 0, at = dst;
  // Two codes have at most 24 bits, which join less than 8.
  for (const end = codes + <usize> (count & ~1) * 4; codes < end; codes += 8) {
    const a = entryOf(table, load<i32>(codes), unsigned), b = entryOf(table, load<i32>(codes, 4), unsigned);
    pending |= (a & 0xffff | (b & 0xffff) << (a >>> 16)) << held;
    held += (a >>> 16) + (b >>> 16);
    store<u32>(at, pending);
    at += <usize> (held >>> 3);
    pending >>>= held & 56;
    held &= 7;
  }
  if (count & 1) {
    const a = entryOf(table, load<i32>(codes), unsigned);
    pending |= (a & 0xffff) << held;
    held += a >>> 16;
  }
  store<u32>(at, pending);
  return (((at - dst) << 3) + <usize> held + 15) >>> 4;
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

/** Whether a group up to `end`, of which `bit` bits were used, ends in less than a word of zeros. */
function endsWell(src: usize, bit: usize, end: usize): bool {
  const left = ((end - src) << 3) - bit;
  return left < 16 && (window(src, bit) & ((1 << left) - 1)) == 0;
}

export function huffDecodeFour(
  src0: usize, src1: usize, src2: usize, src3: usize, end: usize, groupSymbols: u32, form: i32, table: usize, codes: usize,
): bool {
  const tokens = scratch();
  let b0: usize = 0, b1: usize = 0, b2: usize = 0, b3: usize = 0;
  // Four codes at a time have at most 48 bits. Past the end of a group, bits that do not count are read.
  for (let i: u32 = 0; i < groupSymbols;) {
    let w0 = window(src0, b0), w1 = window(src1, b1), w2 = window(src2, b2), w3 = window(src3, b3);
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
  directCodes(tokens, groupSymbols, form, codes);
  return endsWell(src0, b0, src1) && endsWell(src1, b1, src2) && endsWell(src2, b2, src3) && endsWell(src3, b3, end);
}
