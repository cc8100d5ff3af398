/**
 * Codes for codecs of bytes: the integers that our codec would store, so that bounds are equal.
 *
 * @module
 */

/**
 * Codes of values, shifted so that the least is 0, in the narrowest of 8, 16 and 32 bits.
 *
 * @param step Unit of the codes; 0: the values as they are.
 */
export function codesOf(values: Float32Array<ArrayBuffer>, step: number): Uint8Array<ArrayBuffer> {
  if (step === 0) return bytesOf(values);
  let least = Infinity, greatest = -Infinity;
  const codes = Float64Array.from(values, (x) => Math.round(x / step));
  for (const code of codes) {
    if (code < least) least = code;
    if (code > greatest) greatest = code;
  }
  const range = greatest - least, shifted = codes.map((code) => code - least);
  return range < 2 ** 8
    ? new Uint8Array(shifted)
    : bytesOf(range < 2 ** 16 ? new Uint16Array(shifted) : new Uint32Array(shifted));
}

/** The bytes of an array, without a copy. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Largest |x - y|. */
export function maxDifference(x: Float32Array, y: Float32Array): number {
  let worst = 0;
  for (let i = 0; i < x.length; i++) {
    const difference = Math.abs(x[i]! - y[i]!);
    if (!(difference <= worst)) worst = difference;
  }
  return worst;
}
