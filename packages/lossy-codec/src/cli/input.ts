/**
 * Arrays in files: NumPy's, or bare elements.
 *
 * @module
 */
import { dtypeId, dtypeName, elementBytes, type FloatArray } from "../dtype.ts";
import type { DtypeId } from "../kernels/kernels.ts";
import { type Arguments, lastOf } from "./arguments.ts";
import { type ByteSource, openSource } from "./byte_source.ts";
import { RunError, UsageError } from "./errors.ts";
import { isNpy, NPY_PREFIX_BYTES, npyHeadBytes, readNpyHead } from "./npy.ts";

/** Elements of a file. */
export interface InputArray extends Disposable {
  /** What messages call the file. */
  readonly name: string;
  /** Type of the elements. */
  readonly dtype: DtypeId;
  /** Elements along each axis. */
  readonly shape: readonly number[];
  /** Elements in all. */
  readonly elements: number;
  /** Little-endian bytes of the elements from `begin` to `end`, valid until the next call. */
  read(begin: number, end: number): Uint8Array;
}

/** What the command line says of an array. */
export interface ArrayFlags {
  /** Of bare elements. */
  readonly dtype?: DtypeId;
  /** Of bare elements. */
  readonly shape?: readonly number[];
}

/** Reads `--dtype` and `--shape`. */
export function arrayFlags(args: Arguments): ArrayFlags {
  const dtype = lastOf(args, "dtype"), shape = lastOf(args, "shape");
  if (dtype !== undefined && dtype !== "f16" && dtype !== "f32" && dtype !== "f64") {
    throw new UsageError(`Cannot use --dtype ${dtype}: want f16, f32 or f64`);
  }
  if (shape !== undefined && !/^\d+([x,]\d+){0,7}$/.test(shape)) {
    throw new UsageError(`Cannot use --shape ${shape}: want 1 to 8 whole numbers, such as 2048x64`);
  }
  return {
    ...(dtype === undefined ? {} : { dtype: dtypeId(dtype) }),
    ...(shape === undefined ? {} : { shape: shape.split(/[x,]/).map(Number) }),
  };
}

/**
 * Opens an array.
 *
 * @param path `-` is the standard input.
 * @throws {RunError} The file cannot be used
 * @throws {UsageError} The flags do not fit it
 */
export function openArray(path: string, flags: ArrayFlags): InputArray {
  const source = openSource(path);
  try {
    const prefix = source.read(0, NPY_PREFIX_BYTES).slice();
    return isNpy(prefix) ? npyArray(source, prefix, flags) : bareArray(source, path, flags);
  } catch (error) {
    source[Symbol.dispose]();
    throw error;
  }
}

function npyArray(source: ByteSource, prefix: Uint8Array, flags: ArrayFlags): InputArray {
  const { name } = source, head = readNpyHead(source.read(0, npyHeadBytes(prefix, name)), name);
  const { dtype, shape, bigEndian, length } = head, size = elementBytes(dtype);
  for (const flag of ["dtype", "shape"] as const) {
    if (flags[flag] !== undefined) {
      throw new UsageError(`Cannot use --${flag} as ${name} tells its own: want neither --dtype nor --shape`);
    }
  }
  const elements = shape.reduce((product, axis) => product * axis, 1), bytes = source.length - length;
  if (elements * size !== bytes) {
    throw new RunError(
      `Cannot read ${name} as ${bytes} bytes follow its header: want ${elements * size} for ${dtypeName(dtype)} [${
        shape.join(", ")
      }]`,
    );
  }
  return {
    name,
    dtype,
    shape,
    elements,
    read: (begin, end) => {
      const bytes = source.read(length + begin * size, (end - begin) * size);
      return bigEndian ? reversed(bytes, size) : bytes;
    },
    [Symbol.dispose]: () => source[Symbol.dispose](),
  };
}

/**
 * The type of bare elements.
 *
 * @throws {UsageError} Nothing tells it
 */
export function bareDtype(path: string, { dtype }: ArrayFlags): DtypeId {
  const extension = /\.(f16|f32|f64)$/i.exec(path)?.[1]?.toLowerCase() as "f16" | undefined;
  if (dtype !== undefined || extension !== undefined) return dtype ?? dtypeId(extension!);
  const name = path === "-" ? "the standard input" : path;
  throw new UsageError(`Cannot read ${name} as nothing tells the type of its elements: want --dtype f16, f32 or f64`);
}

/** The error for a part of an element. */
export function oddLength(name: string, dtype: DtypeId, bytes: number): RunError {
  return new RunError(
    `Cannot read ${name} as ${dtypeName(dtype)}: it has ${bytes} bytes, want a multiple of ${elementBytes(dtype)}`,
  );
}

/** The elements at the beginning of a buffer; f16 as bit patterns. */
export function arrayOf(dtype: DtypeId, buffer: ArrayBuffer, length: number): FloatArray {
  const size = elementBytes(dtype);
  if (size === 8) return new Float64Array(buffer, 0, length);
  return size === 4 ? new Float32Array(buffer, 0, length) : new Uint16Array(buffer, 0, length);
}

function bareArray(source: ByteSource, path: string, flags: ArrayFlags): InputArray {
  const { name } = source;
  if (/\.npy$/i.test(path)) throw new RunError(`Cannot read ${name} as it does not begin with \\x93NUMPY`);
  const dtype = bareDtype(path, flags), size = elementBytes(dtype), elements = source.length / size;
  if (!Number.isInteger(elements)) throw oddLength(name, dtype, source.length);
  const shape = flags.shape ?? [elements], product = shape.reduce((product, axis) => product * axis, 1);
  if (product !== elements) {
    throw new UsageError(`Cannot use --shape ${shape.join("x")} as ${name} has ${elements} elements: want as many`);
  }
  return {
    name,
    dtype,
    shape,
    elements,
    read: (begin, end) => source.read(begin * size, (end - begin) * size),
    [Symbol.dispose]: () => source[Symbol.dispose](),
  };
}

/** Elements with their bytes in the reverse order. */
function reversed(bytes: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i += size) {
    for (let j = 0; j < size; j++) out[i + j] = bytes[i + size - 1 - j]!;
  }
  return out;
}
