/**
 * Files to arrays.
 *
 * @module
 */
import { OpenChunk } from "./chunk/decode_chunk.ts";
import { bytesOf, dtypeName, dtypeOf, elementBytes, type FloatArray, newArray } from "./dtype.ts";
import { CodecError } from "./errors.ts";
import type { FileHeader } from "./format/header.ts";
import { type ChunkPlace, readLayout } from "./format/layout.ts";
import type { KernelChoice } from "./kernels/choose.ts";
import type { DtypeId } from "./kernels/kernels.ts";
import { withWorkspace, type Workspace } from "./kernels/workspace.ts";

/** What a caller allows and wants of decoding. */
export interface DecompressOptions {
  /** Most bytes of elements; checked before anything is allocated. Default 2^31. */
  readonly maxBytes?: number;
  /** Where to put the elements: of the file's dtype and at least as long. Default: a new array. */
  readonly out?: FloatArray;
  /** Whether to compare checksums of chunks, if the file has them. Default true. Decoding is memory-safe either way. */
  readonly verify?: boolean;
  /** Which kernels run; the elements are the same. Default `"auto"`. */
  readonly kernels?: KernelChoice;
}

/** Most bytes of elements unless the caller allows more. */
export const DEFAULT_MAX_BYTES: number = 2 ** 31;

/**
 * Checks what a caller allows.
 *
 * @throws {RangeError} It is no number from 0 on
 */
export function maxBytesOf({ maxBytes = DEFAULT_MAX_BYTES }: { readonly maxBytes?: number }): number {
  if (!(maxBytes >= 0)) throw new RangeError(`Cannot decode at most ${maxBytes} bytes: want a number, 0 or more`);
  return maxBytes;
}

/**
 * The array to decode into.
 *
 * @throws {CodecError} `DTYPE` if `out` is of another type, `LIMIT` if it is too short or the host refuses the memory
 */
export function outputFor(dtype: DtypeId, elements: number, out: FloatArray | undefined): FloatArray {
  if (out === undefined) return newArray(dtype, elements);
  const met = dtypeOf(out);
  if (met !== dtype) {
    throw new CodecError(
      "DTYPE",
      `Cannot decode ${dtypeName(dtype)} into an array of ${dtypeName(met)}: want the same`,
    );
  }
  if (out.length < elements) {
    throw new CodecError("LIMIT", `Cannot decode ${elements} elements into an array of ${out.length}: want as many`);
  }
  return out.subarray(0, elements);
}

/**
 * Runs `work` on a chunk of a file in kernel memory, then frees what it took there.
 *
 * @param bytes Where the chunk lies.
 * @param place Where in them, and what it holds.
 * @param header Of the file.
 */
export function withChunk<R>(
  workspace: Workspace,
  bytes: Uint8Array,
  place: ChunkPlace,
  { dtype, rowLength: d, checksums: checksummed }: FileHeader,
  verify: boolean,
  work: (chunk: OpenChunk) => R,
): R {
  const { kernels, arena } = workspace;
  return workspace.scoped(() => {
    const at = arena.take(place.bytes + 16), end = at + place.bytes;
    kernels.memory.u8.set(bytes.subarray(place.offset, place.offset + place.bytes), at);
    const shape = { dtype, d, rows: place.rows, elements: place.elements, checksummed };
    return work(new OpenChunk(workspace, shape, at, end, verify));
  });
}

/**
 * Restores an array from a file. Bytes may come from anywhere: what is not a whole, undamaged file is refused, memory stays
 * within `maxBytes` and the length of the input, and time is in proportion to both.
 *
 * @param bytes A file, and nothing else.
 * @param options What is allowed and wanted.
 * @returns The elements: a new array, or the beginning of `out`, which holds nothing of use if this throws.
 * @throws {CodecError} The bytes, or `out`, cannot be used: see its `code`
 */
export function decompress(bytes: Uint8Array, options: DecompressOptions = {}): FloatArray {
  const { verify = true, kernels = "auto" } = options;
  const source = bytesOf(bytes), { header, elements, chunks } = readLayout(source, maxBytesOf(options));
  const { dtype, rowLength } = header, size = elementBytes(dtype);
  const out = outputFor(dtype, elements, options.out), target = bytesOf(out);
  withWorkspace(kernels, (workspace) => {
    for (const place of chunks) {
      withChunk(workspace, source, place, header, verify, (chunk) => {
        const at = chunk.decode();
        const decoded = workspace.kernels.memory.u8.subarray(at, at + place.elements * size);
        target.set(decoded, place.firstRow * rowLength * size);
      });
    }
  });
  return out;
}
