/**
 * Numbers of classes, packed.
 *
 * @module
 */
import { fieldBytes } from "../format/fields.ts";

/** Bits that say which of 1, 2 or 4 classes. */
export function classBits(classes: number): number {
  return classes >> 1;
}

/**
 * Writes classes of `bits` (0, 1 or 2) bits, least significant first, then zeros up to 4 bytes.
 *
 * @returns Where they end.
 */
export function writeClassBits(u8: Uint8Array, at: number, classes: Uint8Array, bits: number): number {
  const end = at + fieldBytes(classes.length, bits), perByte = 8 / bits;
  for (let next = 0; at < end; at++) {
    let byte = 0;
    for (let i = 0; i < perByte && next < classes.length; i++) byte |= classes[next++]! << (i * bits);
    u8[at] = byte;
  }
  return end;
}

/** Reads `count` classes from `u8[at]` on and writes `scale` times each to `out[to]` on. Beyond the end there are zeros. */
export function readClassBits(
  u8: Uint8Array,
  at: number,
  out: Uint8Array,
  to: number,
  count: number,
  bits: number,
  scale: number,
): void {
  const perByte = 8 / bits, mask = (1 << bits) - 1;
  for (let next = 0; next < count; at++) {
    const byte = u8[at] ?? 0;
    for (let i = 0; i < perByte && next < count; i++) out[to + next++] = ((byte >> (i * bits)) & mask) * scale;
  }
}
