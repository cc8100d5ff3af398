/** Element types of safetensors files that this package reads and writes. */
export type SafetensorsDType =
  | "F64"
  | "F32"
  | "F16"
  | "BF16"
  | "I64"
  | "U64"
  | "I32"
  | "U32"
  | "I16"
  | "U16"
  | "I8"
  | "U8"
  | "BOOL";

/** Host arrays of the element types; F16 and BF16 are their bit patterns, BOOL is bytes. */
export type SafetensorsData =
  | Float64Array
  | Float32Array
  | Uint16Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Int8Array
  | Uint8Array;

interface ArrayType {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): SafetensorsData;
}

/** The host array of each element type. */
export const ARRAY_TYPES: Readonly<Record<SafetensorsDType, ArrayType>> = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
};

/** Converts the bit pattern of an IEEE half to its value. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = bits >> 10 & 31, fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/**
 * The elements of a tensor as float32: widened exactly from F16 and BF16, rounded from F64.
 *
 * @throws {TypeError} for the integer types
 */
export function toFloat32(
  tensor: { readonly dtype: SafetensorsDType; readonly data: SafetensorsData },
): Float32Array {
  const { dtype, data } = tensor;
  if (data instanceof Float32Array) return data;
  if (data instanceof Float64Array) return new Float32Array(data);
  if (dtype === "F16") return Float32Array.from(data as Uint16Array, halfToNumber);
  if (dtype === "BF16") {
    const words = Uint32Array.from(data as Uint16Array, (bits) => bits << 16);
    return new Float32Array(words.buffer);
  }
  throw new TypeError(`Cannot take ${dtype} elements as float32: want F16, BF16, F32 or F64`);
}
