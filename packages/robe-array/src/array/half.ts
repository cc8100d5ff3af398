/**
 * 16-bit floats on the host, bit by bit, as not every runtime has `Float16Array`.
 *
 * @module
 */
import { philox4x32, type Words4 } from "@pocketrec/compute";

/** Rounds to half precision, ties to even; too large becomes infinite, NaN stays NaN. */
export function toHalf(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) halves[i] = half(bits[i]!);
  return halves;
}

function half(bits: number): number {
  const sign = bits >>> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00; // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 and more round to infinity
  const exponent = magnitude >>> 23;
  if (exponent >= 113) {
    // Normal: 13 bits of the mantissa go; a carry may move on into the exponent, as it should.
    return sign | roundOff(magnitude - (112 << 23), 13);
  }
  const shift = 126 - exponent; // below 2^-14: a multiple of 2^-24
  return shift > 25 ? sign : sign | roundOff(magnitude & 0x7fffff | 0x800000, shift);
}

/** Drops `count` bits, half to even. */
function roundOff(value: number, count: number): number {
  const kept = value >>> count, rest = value & (1 << count) - 1, middle = 1 << count - 1;
  return kept + (rest > middle || rest === middle && (kept & 1) === 1 ? 1 : 0);
}

/** Widens half precision; exact. */
export function fromHalf(halves: Uint16Array): Float32Array<ArrayBuffer> {
  return Float32Array.from(halves, (bits) => {
    const sign = bits >>> 15 ? -1 : 1, exponent = bits >>> 10 & 31, mantissa = bits & 0x3ff;
    if (exponent === 31) return mantissa ? NaN : sign * Infinity;
    return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25));
  });
}

/** Two halves per word, the first in the low one; the form in which an f16 array lies on a device. */
export function packHalves(halves: Uint16Array): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(halves.length / 2));
  halves.forEach((bits, i) => words[i >>> 1]! |= bits << 16 * (i & 1));
  return words;
}

/** The first `count` halves of {@linkcode packHalves}' words. */
export function unpackHalves(words: Uint32Array, count: number): Uint16Array<ArrayBuffer> {
  return Uint16Array.from({ length: count }, (_, i) => words[i >>> 1]! >>> 16 * (i & 1));
}

/** What `randomUniform` fills an f32 tensor with from -scale to scale, rounded to halves. */
export function uniformHalves(count: number, seed: number, stream: number, scale: number): Uint16Array<ArrayBuffer> {
  const values = new Float32Array(count), unit = Math.fround(2 * scale / 2 ** 24);
  let words: Words4 = [0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    if (i % 4 === 0) words = philox4x32([i / 4, 0, stream, 0], [seed % 2 ** 32, Math.floor(seed / 2 ** 32)]);
    values[i] = ((words[i % 4]! >>> 8) - 2 ** 23) * unit;
  }
  return toHalf(values);
}
