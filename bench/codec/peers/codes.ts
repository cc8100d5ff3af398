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
  const codes = new Float64Array(values.length);
  let least = Infinity, greatest = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const code = Math.round(values[i]! / step);
    codes[i] = code;
    if (code < least) least = code;
    if (code > greatest) greatest = code;
  }
  const range = greatest - least, Narrow = range < 2 ** 8 ? Uint8Array : range < 2 ** 16 ? Uint16Array : Uint32Array;
  const shifted = new Narrow(codes.length);
  for (let i = 0; i < codes.length; i++) shifted[i] = codes[i]! - least;
  return bytesOf(shifted);
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
