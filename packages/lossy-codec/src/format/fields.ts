/**
 * Measures and views of bytes.
 *
 * @module
 */

/** Bytes that `count` fields of `bits` bits take, a multiple of 4. */
export function fieldBytes(count: number, bits: number): number {
  return Math.ceil(count * bits / 32) * 4;
}

/** A view of the same bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
