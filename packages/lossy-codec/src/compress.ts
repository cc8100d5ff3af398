/**
 * Arrays to files.
 *
 * @module
 */
import { viewOf } from "./format/fields.ts";
import type { Bound } from "./chunk/unit.ts";
import { encodeChunk } from "./chunk/encode_chunk.ts";
import { type ChunkJob, type EncodedChunk, maxChunkBytes } from "./chunk/job.ts";
import { bytesOf, type Dtype, dtypeId, dtypeOf, elementBytes, type FloatArray } from "./dtype.ts";
import { type FileHeader, headerBytes, writeHeader } from "./format/header.ts";
import { chunkCount, chunkExtent } from "./format/layout.ts";
import { xxh32 } from "./format/xxh32.ts";
import type { DtypeId } from "./kernels/kernels.ts";
import { withWorkspace, type Workspace } from "./kernels/workspace.ts";
import { chunkBound, type CompressOptions, type Plan, planOf, shapeOf } from "./options.ts";

/** Elements that are looked at together for their range. */
const RANGE_ELEMENTS = 2 ** 16;

/**
 * Least and greatest finite value of an array.
 *
 * @param source Its bytes.
 * @returns Infinity and -Infinity if no value is finite.
 */
export function rangeOf(
  { kernels, arena }: Workspace,
  dtype: DtypeId,
  source: Uint8Array,
): { readonly least: number; readonly greatest: number } {
  const size = elementBytes(dtype), step = RANGE_ELEMENTS * size;
  const result = arena.take(32), loaded = arena.take(step), expanded = size === 2 ? arena.take(2 * step) : loaded;
  let least = Infinity, greatest = -Infinity;
  for (let at = 0; at < source.length; at += step) {
    const part = source.subarray(at, at + step), count = part.length / size;
    kernels.memory.u8.set(part, loaded);
    if (size === 2) kernels.expandF16(loaded, count, expanded);
    kernels.range(dtype, expanded, count, result);
    const { f64 } = kernels.memory;
    least = Math.min(least, f64[result >>> 3]!);
    greatest = Math.max(greatest, f64[(result >>> 3) + 1]!);
  }
  return { least, greatest };
}

/** The bound on values of chunks, and a magnitude that none exceeds. */
export type ChunkLimits = Pick<ChunkJob, "bound" | "magnitude">;

/**
 * What is to be known of an array before its chunks are encoded; looks at the values only if it has to.
 *
 * @param chunks How many it has.
 */
export function limitsFor(
  workspace: Workspace,
  plan: Plan,
  dtype: DtypeId,
  source: Uint8Array,
  chunks: number,
): ChunkLimits {
  if (plan.boundKind !== "rel") return { bound: chunkBound(plan, 0, 0) };
  if (chunks === 1) return { bound: { kind: "rel", error: plan.requestedBound } };
  return workspace.scoped(() => {
    const { least, greatest } = rangeOf(workspace, dtype, source);
    return { bound: chunkBound(plan, least, greatest), magnitude: Math.max(Math.abs(least), Math.abs(greatest)) };
  });
}

/**
 * Brings elements into kernel memory. What the last row lacks gets copies of the last element, which cost least.
 *
 * @param count Elements of whole rows.
 * @returns Byte offset of the first.
 */
export function loadRows({ kernels, arena }: Workspace, source: Uint8Array, count: number, size: number): number {
  const src = arena.take(count * size), { u8 } = kernels.memory;
  u8.set(source, src);
  for (let at = source.length; at < count * size; at++) u8[src + at] = u8[src + at - size]!;
  return src;
}

/**
 * Encodes rows of an array as one chunk.
 *
 * @param source Bytes of the elements.
 * @param use Gets the bytes, which are lost afterwards, and what was encoded.
 */
export function encodeRows(
  workspace: Workspace,
  plan: Plan,
  dtype: DtypeId,
  limits: ChunkLimits,
  source: Uint8Array,
  use: (bytes: Uint8Array, chunk: EncodedChunk) => void,
): void {
  const { kernels } = workspace, { rowLength: d, mode, link, checksum } = plan;
  const size = elementBytes(dtype), elements = source.length / size, rows = Math.ceil(elements / d);
  workspace.scoped(() => {
    const src = loadRows(workspace, source, rows * d, size);
    const chunk = encodeChunk(workspace, { dtype, d, rows, elements, src, ...limits, mode, link, checksum });
    use(kernels.memory.u8.subarray(chunk.at, chunk.at + chunk.bytes), chunk);
  });
}

/** What precedes the chunks of a file. */
export class Head {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #indexAt: number;

  constructor(ndim: number, chunks: number) {
    this.#indexAt = headerBytes(ndim);
    this.bytes = new Uint8Array(this.#indexAt + 4 * chunks + 4);
  }

  /** Enters the length of a chunk. */
  size(chunk: number, bytes: number): void {
    viewOf(this.bytes).setUint32(this.#indexAt + 4 * chunk, bytes, true);
  }

  close(header: FileHeader): void {
    const { bytes } = this, end = bytes.length - 4;
    writeHeader(header, bytes);
    viewOf(bytes).setUint32(end, xxh32(bytes, 0, end), true);
  }
}

/** Encodes a file, handing each chunk to `emit` with the place where it belongs. */
function encodeFile(
  x: FloatArray,
  options: CompressOptions,
  emit: (bytes: Uint8Array, at: number) => void,
): { readonly head: Uint8Array<ArrayBuffer>; readonly length: number } {
  const dtype = dtypeOf(x), size = elementBytes(dtype), source = bytesOf(x), elements = source.length / size;
  const plan = planOf(options, elements), shape = shapeOf(options, elements, dtype);
  const { rowLength, chunkRows } = plan;
  return withWorkspace(plan.kernels, (workspace) => {
    const chunks = chunkCount(elements, rowLength, chunkRows), head = new Head(shape.length, chunks);
    const limits = limitsFor(workspace, plan, dtype, source, chunks);
    let at = head.bytes.length, maxError = 0, bound = limits.bound as Bound;
    for (let chunk = 0; chunk < chunks; chunk++) {
      const begin = chunk * chunkRows * rowLength;
      const end = begin + chunkExtent(elements, rowLength, chunkRows, chunk).elements;
      encodeRows(workspace, plan, dtype, limits, source.subarray(begin * size, end * size), (bytes, encoded) => {
        emit(bytes, at);
        head.size(chunk, bytes.length);
        at += bytes.length;
        maxError = Math.max(maxError, encoded.maxError);
        bound = encoded.bound;
      });
    }
    head.close(headerOf(plan, dtype, bound, shape, maxError));
    return { head: head.bytes, length: at };
  });
}

/** The header of a file of so many elements. */
export function headerOf(
  plan: Plan,
  dtype: DtypeId,
  bound: Bound,
  shape: readonly number[],
  maxError: number,
): FileHeader {
  const absBound = bound.kind === "pwRel" ? NaN : bound.error;
  return { ...plan, checksums: plan.checksum, streamed: false, dtype, absBound, maxError, shape };
}

/**
 * Compresses an array such that every value is restored within the bound. Equal arrays and options give equal bytes on every
 * host.
 *
 * @param x The elements; not changed.
 * @param options The bound, and how to store.
 * @returns A file, format version 1.
 * @throws {CodecError} `BOUND` if the bound cannot be used, `DTYPE` if the array cannot, `LIMIT` if the host refuses the memory
 * @throws {RangeError} Another option cannot be used
 */
export function compress(x: FloatArray, options: CompressOptions): Uint8Array<ArrayBuffer> {
  const parts: { readonly bytes: Uint8Array; readonly at: number }[] = [];
  const { head, length } = encodeFile(x, options, (bytes, at) => parts.push({ bytes: bytes.slice(), at }));
  const file = new Uint8Array(length);
  file.set(head);
  for (const { bytes, at } of parts) file.set(bytes, at);
  return file;
}

/**
 * Compresses an array into memory of the caller's. Allocates in proportion to chunks, not to the array.
 *
 * @param x The elements; not changed.
 * @param options As of {@linkcode compress}.
 * @param dst Where to; {@linkcode maxCompressedLength} bytes always suffice.
 * @returns Length of the file at the beginning of `dst`.
 * @throws {CodecError} As {@linkcode compress}
 * @throws {RangeError} `dst` is too small, and has been written to in part; or an option cannot be used
 */
export function compressInto(x: FloatArray, options: CompressOptions, dst: Uint8Array): number {
  const put = (bytes: Uint8Array, at: number) => {
    if (at + bytes.length > dst.length) {
      throw new RangeError(`Cannot compress into ${dst.length} bytes: want ${at + bytes.length} or more`);
    }
    dst.set(bytes, at);
  };
  const { head, length } = encodeFile(x, options, put);
  put(head, 0);
  return length;
}

/**
 * The most bytes that a file of so many elements can have.
 *
 * @param elements Number of elements.
 * @param options As of {@linkcode compress}; `dtype` of the elements is `"f32"` by default.
 * @throws {CodecError} `BOUND`
 * @throws {RangeError} Another option cannot be used
 */
export function maxCompressedLength(elements: number, options: CompressOptions & { readonly dtype?: Dtype }): number {
  if (!Number.isSafeInteger(elements) || elements < 0) {
    throw new RangeError(`Cannot tell the length for ${elements} elements: want a whole number, 0 or more`);
  }
  const { rowLength, chunkRows } = planOf(options, elements), dtype = dtypeId(options.dtype ?? "f32");
  const chunks = chunkCount(elements, rowLength, chunkRows), head = headerBytes(options.shape?.length ?? 1) + 4;
  // Every chunk is rounded up to 4 bytes.
  return head + chunks * (4 + maxChunkBytes(dtype, 0) + 4) + elements * elementBytes(dtype);
}
