/** Bits needed for the values `0..max`; 0 for max = 0. @param max 0..2^32-1 */
export function bitWidth(max: number): number {
  return 32 - Math.clz32(max);
}

/** Number of 32-bit words that `count` values of `width` bits take. */
export function packedWords(count: number, width: number): number {
  return Math.ceil((count * width) / 32);
}

/** Packs `values[offset + i*stride] - base` for i < count, least significant bit first, into `out` from word `at` on. */
export function packBits(
  values: Uint32Array | Int32Array,
  layout: { offset: number; stride: number; count: number; base: number; width: number },
  out: Uint32Array,
  at: number,
): void {
  const { offset, stride, count, base, width } = layout;
  if (width === 0) return;
  let word = 0, used = 0;
  for (let i = 0, from = offset; i < count; i++, from += stride) {
    const value = (values[from]! - base) >>> 0;
    word |= value << used;
    used += width;
    if (used >= 32) {
      out[at++] = word;
      used -= 32;
      word = used === 0 ? 0 : value >>> (width - used);
    }
  }
  if (used > 0) out[at] = word;
}

/** Inverse of {@linkcode packBits}: writes `base + value` to `out[offset + i*stride]`. */
export function unpackBits(
  words: Uint32Array,
  at: number,
  layout: { offset: number; stride: number; count: number; base: number; width: number },
  out: Uint32Array | Int32Array,
): void {
  const { offset, stride, count, base, width } = layout;
  if (width === 0) {
    for (let i = 0, to = offset; i < count; i++, to += stride) out[to] = base;
    return;
  }
  const mask = width === 32 ? -1 : (1 << width) - 1;
  for (let i = 0, to = offset, bit = 0; i < count; i++, to += stride, bit += width) {
    const index = at + (bit >>> 5), shift = bit & 31;
    let value = words[index]! >>> shift;
    if (shift + width > 32) value |= words[index + 1]! << (32 - shift);
    out[to] = base + ((value & mask) >>> 0);
  }
}
