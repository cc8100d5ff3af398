/**
 * Heads of NumPy's files of one array, format versions 1 to 3 (NEP 1).
 *
 * @module
 */
import { F16, F32, F64 } from "../kernels/kernels.ts";
import type { DtypeId } from "../kernels/kernels.ts";
import { RunError } from "./errors.ts";

/** What a head says. */
export interface NpyHead {
  /** Type of the elements. */
  readonly dtype: DtypeId;
  /** Whether their bytes are in the reverse order. */
  readonly bigEndian: boolean;
  /** Elements along each axis; `[1]` for an array without axes. */
  readonly shape: readonly number[];
  /** Index of the first element's first byte. */
  readonly length: number;
}

/** Bytes that tell how long a head is. */
export const NPY_PREFIX_BYTES = 12;
/** Heads of numbers are some hundred bytes; NumPy itself refuses more than 10,000. */
const MAX_HEAD_BYTES = 65536;
const DTYPES: Readonly<Record<string, DtypeId>> = { f2: F16, f4: F32, f8: F64 };

/** Whether bytes begin as such a file. */
export function isNpy(bytes: Uint8Array): boolean {
  return [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59].every((byte, i) => bytes[i] === byte);
}

/**
 * Bytes of a head.
 *
 * @param prefix The first {@linkcode NPY_PREFIX_BYTES} bytes of the file, or all of a shorter one.
 * @throws {RunError}
 */
export function npyHeadBytes(prefix: Uint8Array, file: string): number {
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength), version = prefix[6];
  if (prefix.length < NPY_PREFIX_BYTES) throw cutShort(file);
  if (version !== 1 && version !== 2 && version !== 3) {
    throw new RunError(`Cannot read ${file} as its npy version is ${version}: want 1, 2 or 3`);
  }
  const bytes = version === 1 ? 10 + view.getUint16(8, true) : 12 + view.getUint32(8, true);
  if (bytes > MAX_HEAD_BYTES) {
    throw new RunError(`Cannot read ${file} as its npy header has ${bytes} bytes: want at most ${MAX_HEAD_BYTES}`);
  }
  return bytes;
}

/**
 * Reads a head.
 *
 * @param head All of it.
 * @throws {RunError} It is damaged, or not of floats in C order
 */
export function readNpyHead(head: Uint8Array, file: string): NpyHead {
  const length = npyHeadBytes(head, file);
  if (head.length < length) throw cutShort(file);
  const start = head[6] === 1 ? 10 : 12, text = new TextDecoder("latin1").decode(head.subarray(start, length));
  const part = (name: string, pattern: string): string => {
    const found = new RegExp(`['"]${name}['"]\\s*:\\s*(?:${pattern})`).exec(text)?.[1];
    if (found === undefined) {
      throw new RunError(`Cannot read ${file} as its npy header has no usable ${name}: ${JSON.stringify(text.trim())}`);
    }
    return found;
  };
  const descr = part("descr", `['"]([^'"]*)['"]`), dtype = /^[<>=|]/.test(descr) ? DTYPES[descr.slice(1)] : undefined;
  if (dtype === undefined) {
    throw new RunError(`Cannot read ${file} as its elements are "${descr}": want f2, f4 or f8`);
  }
  const fortran = part("fortran_order", "(True|False)") === "True";
  const axes = part("shape", "\\(([0-9L, ]*)\\)").split(",").map((axis) => axis.trim()).filter((axis) => axis !== "");
  const shape = axes.length === 0 ? [1] : axes.map((axis) => Number(axis.replace(/L$/, "")));
  // The orders are the same where at most one axis is longer than 1.
  if (fortran && shape.filter((size) => size !== 1).length > 1) {
    throw new RunError(`Cannot read ${file} as it is in Fortran order: want C order, as by numpy.ascontiguousarray()`);
  }
  return { dtype, bigEndian: descr.startsWith(">"), shape, length };
}

/** A head, version 1, little endian, C order. */
export function writeNpyHead(dtype: DtypeId, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const descr = dtype === F16 ? "<f2" : dtype === F32 ? "<f4" : "<f8";
  const axes = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${axes}, }`;
  // The first element lies at a multiple of 64.
  const padded = text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11) + "\n";
  const bytes = new Uint8Array(10 + padded.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, padded.length & 255, padded.length >> 8]);
  bytes.set(new TextEncoder().encode(padded), 10);
  return bytes;
}

function cutShort(file: string): RunError {
  return new RunError(`Cannot read ${file} as its npy header is cut short`);
}
