// Integers as tokens: see kernels.ts. Direct tokens are made and undone in vectors of 16.

@inline
export const DIRECT: i32 = 1;
@inline
export const UNSIGNED: i32 = 2;

/** The most symbols of a block that has room in scratch(), several times over. As BLOCK of lanes.ts. */
@inline
export const BLOCK: i32 = 4096;

/** Bytes of scratch(), as in wasm_memory.ts. */
@inline
export const SCRATCH: usize = 196608;

/** SCRATCH bytes at the end of the memory that no caller knows of; wasm_memory.ts keeps them there. Reads may run into them. */
@inline
export function scratch(): usize {
  return (<usize> memory.size() << 16) - SCRATCH;
}

/** What a code is as a number without sign. */
@inline
export function symbolOf(code: i32, form: i32): u32 {
  return form & UNSIGNED ? code : (code << 1) ^ (code >> 31);
}

/** Token of one code. */
function tokenOf(code: i32, form: i32): u32 {
  const z = symbolOf(code, form);
  if (form & DIRECT) return z & 255;
  if (z < 64) return z;
  const e = 31 - clz<u32>(z);
  return 40 + (e << 2) + ((z >>> (e - 2)) & 3);
}

/** Tokens of 16 direct codes, which are -128 .. 127, or 0 .. 255 if unsigned. */
@inline
function tokens16(codes: usize, form: i32): v128 {
  const a = v128.load(codes), b = v128.load(codes, 16), c = v128.load(codes, 32), d = v128.load(codes, 48);
  if (form & UNSIGNED) return i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_u(a, b), i16x8.narrow_i32x4_u(c, d));
  const q = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
  return v128.xor(i8x16.add(q, q), i8x16.lt_s(q, i8x16.splat(0)));
}

/** Classes of rows or columns are 0 throughout where there is no array. */
@inline
export function classOf(classes: usize, i: u32): u32 {
  return classes ? load<u8>(classes + i) : 0;
}

/**
 * `dst` u16[end - first] gets `(class << 8 | token) << shift` of symbols first .. end of a sequence at `codes`, with the class of
 * row and column added up.
 */
export function writeClassed(
  codes: usize, first: u32, end: u32, rowLength: u32, classes: usize, columns: usize, form: i32, shift: i32, dst: usize,
): void {
  codes += <usize> first << 2;
  let j = first % rowLength;
  for (let i = first, row = first / rowLength; i < end; row++, j = 0) {
    const stop = j + min(end - i, rowLength - j), rowClass = classOf(classes, row);
    i += stop - j;
    const rowClasses = i8x16.splat(<i8> rowClass);
    for (; form & DIRECT && j + 16 <= stop; j += 16, codes += 64, dst += 32) {
      const tokens = tokens16(codes, form);
      const both = columns ? i8x16.add(rowClasses, v128.load(columns + j)) : rowClasses;
      const low = v128.shuffle<i8>(tokens, both, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      const high = v128.shuffle<i8>(tokens, both, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
      v128.store(dst, i16x8.shl(low, shift));
      v128.store(dst, i16x8.shl(high, shift), 16);
    }
    for (; j < stop; j++, codes += 4, dst += 2) {
      store<u16>(dst, (rowClass + classOf(columns, j) << 8 | tokenOf(load<i32>(codes), form)) << shift);
    }
  }
}

/** Writes codes of direct tokens; where they end. */
export function directCodes(tokens: usize, count: u32, form: i32, codes: usize): usize {
  let i: u32 = 0;
  for (; i + 16 <= count; i += 16, codes += 64) {
    let z = v128.load(tokens + i), low: v128, high: v128;
    if (form & UNSIGNED) {
      low = i16x8.extend_low_i8x16_u(z);
      high = i16x8.extend_high_i8x16_u(z);
    } else {
      z = v128.xor(v128.and(i16x8.shr_u(z, 1), i16x8.splat(0x7f7f)), i8x16.neg(v128.and(z, i8x16.splat(1))));
      low = i16x8.extend_low_i8x16_s(z);
      high = i16x8.extend_high_i8x16_s(z);
    }
    v128.store(codes, i32x4.extend_low_i16x8_s(low));
    v128.store(codes, i32x4.extend_high_i16x8_s(low), 16);
    v128.store(codes, i32x4.extend_low_i16x8_s(high), 32);
    v128.store(codes, i32x4.extend_high_i16x8_s(high), 48);
  }
  for (; i < count; i++, codes += 4) {
    const z = <i32> load<u8>(tokens + i);
    store<i32>(codes, form & UNSIGNED ? z : (z >>> 1) ^ -(z & 1));
  }
  return codes;
}
