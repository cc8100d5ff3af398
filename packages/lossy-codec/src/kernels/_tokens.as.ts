// Integers as tokens: see kernels.ts. Blocks of direct tokens are made and undone in vectors of 16.

@inline
export const DIRECT: i32 = 1;
@inline
export const UNSIGNED: i32 = 2;

/** The most symbols of a block that has room in scratch(), several times over. */
@inline
export const BLOCK: i32 = 4096;

/** 64 KiB at the end of the memory that no caller knows of; wasm.ts keeps it there. Reads may run into it, too. */
@inline
export function scratch(): usize {
  return (<usize> memory.size() << 16) - 65536;
}

@inline
export function zigzag(code: i32, form: i32): u32 {
  return form & UNSIGNED ? code : (code << 1) ^ (code >> 31);
}

@inline
export function unzigzag(z: u32, form: i32): u32 {
  return form & UNSIGNED ? z : (z >>> 1) ^ -(z & 1);
}

@inline
export function tokenOf(z: u32, form: i32): u32 {
  if (form & DIRECT) return z & 255;
  if (z < 64) return z;
  const e = 31 - clz<u32>(z);
  return 40 + (e << 2) + ((z >>> (e - 2)) & 3);
}

/** Bytes `dst[count]` get the tokens of `codes[count]`. */
export function writeTokens(codes: usize, count: i32, form: i32, dst: usize): void {
  let i = 0;
  for (; form & DIRECT && i + 16 <= count; i += 16, codes += 64) {
    const a = v128.load(codes), b = v128.load(codes, 16), c = v128.load(codes, 32), d = v128.load(codes, 48);
    let tokens: v128;
    if (form & UNSIGNED) {
      tokens = i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_u(a, b), i16x8.narrow_i32x4_u(c, d));
    } else {
      // Codes of direct tokens are -128 .. 127.
      const q = i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d));
      tokens = v128.xor(i8x16.add(q, q), i8x16.lt_s(q, i8x16.splat(0)));
    }
    v128.store(dst + i, tokens);
  }
  for (; i < count; i++, codes += 4) store<u8>(dst + i, tokenOf(zigzag(load<i32>(codes), form), form));
}

/** Inverts writeTokens() for direct tokens. */
export function directCodes(tokens: usize, count: i32, form: i32, codes: usize): void {
  let i = 0;
  for (; i + 16 <= count; i += 16, codes += 64) {
    const z = v128.load(tokens + i);
    if (form & UNSIGNED) {
      const low = i16x8.extend_low_i8x16_u(z), high = i16x8.extend_high_i8x16_u(z);
      v128.store(codes, i32x4.extend_low_i16x8_u(low));
      v128.store(codes, i32x4.extend_high_i16x8_u(low), 16);
      v128.store(codes, i32x4.extend_low_i16x8_u(high), 32);
      v128.store(codes, i32x4.extend_high_i16x8_u(high), 48);
    } else {
      const sign = i8x16.neg(v128.and(z, i8x16.splat(1)));
      const q = v128.xor(v128.and(i16x8.shr_u(z, 1), i8x16.splat(0x7f)), sign);
      const low = i16x8.extend_low_i8x16_s(q), high = i16x8.extend_high_i8x16_s(q);
      v128.store(codes, i32x4.extend_low_i16x8_s(low));
      v128.store(codes, i32x4.extend_high_i16x8_s(low), 16);
      v128.store(codes, i32x4.extend_low_i16x8_s(high), 32);
      v128.store(codes, i32x4.extend_high_i16x8_s(high), 48);
    }
  }
  for (; i < count; i++, codes += 4) store<u32>(codes, unzigzag(load<u8>(tokens + i), form));
}
