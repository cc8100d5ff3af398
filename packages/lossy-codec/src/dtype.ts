/**
 * Element types and the typed arrays that hold them.
 *
 * @module
 */
import { CodecError } from "./errors.ts";
import { type DtypeId, F16, F32, F64 } from "./kernels/kernels.ts";

/** Type of the elements. */
export type Dtype = "f16" | "f32" | "f64";

/**
 * An array of elements. f16 is a `Float16Array`, or a `Uint16Array` of bit patterns where the host has no `Float16Array`.
 */
export type FloatArray =
  | Float32Array<ArrayBufferLike>
  | Float64Array<ArrayBufferLike>
  | Float16Array<ArrayBufferLike>
  | Uint16Array<ArrayBufferLike>;

/** By number. */
const NAMES = ["", "f16", "f32", "f64"] as const;

/** Name of a dtype. */
export function dtypeName(id: DtypeId): Dtype {
  return NAMES[id];
}

/** Number of a dtype. */
export function dtypeId(name: Dtype): DtypeId {
  return NAMES.indexOf(name) as DtypeId;
}

/** Bytes per element. */
export function elementBytes(id: DtypeId): 2 | 4 | 8 {
  return 1 << id as 2 | 4 | 8;
}

/** Name of a typed array's class, undefined for other values; no property of the object has a say in it. */
const nameOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!
  .get as (this: unknown) => string | undefined;

const CLASSES: Readonly<Record<string, DtypeId>> = {
  Float16Array: F16,
  Uint16Array: F16,
  Float32Array: F32,
  Float64Array: F64,
};

/**
 * The dtype of an array.
 *
 * @throws {CodecError} `DTYPE` if it is no array of floats, or its buffer is detached
 */
export function dtypeOf(x: FloatArray): DtypeId {
  const tag = nameOf.call(x) ?? typeof x, id = CLASSES[tag];
  if (id === undefined) {
    throw new CodecError(
      "DTYPE",
      `Cannot use an array of type ${tag}: want Float16Array, Float32Array, Float64Array, or Uint16Array of f16 bit patterns`,
    );
  }
  return id;
}

/**
 * The bytes of an array, without a copy.
 *
 * @throws {CodecError} `DTYPE` if its buffer is detached
 */
export function bytesOf(x: FloatArray | Uint8Array): Uint8Array {
  try {
    return new Uint8Array(x.buffer, x.byteOffset, x.byteLength);
  } catch {
    throw new CodecError("DTYPE", "Cannot use an array whose buffer is detached: want one that holds its elements");
  }
}

/**
 * A new array of a dtype.
 *
 * @throws {CodecError} `LIMIT` if the host refuses that much memory
 */
export function newArray(id: DtypeId, length: number): FloatArray {
  try {
    if (id === F32) return new Float32Array(length);
    if (id === F64) return new Float64Array(length);
    const half = (globalThis as { Float16Array?: new (length: number) => FloatArray }).Float16Array;
    return half ? new half(length) : new Uint16Array(length);
  } catch {
    throw new CodecError("LIMIT", `Cannot allocate ${length} elements of ${dtypeName(id)}: the host refuses`);
  }
}
