/**
 * Arrays of any number of elements to a file, piece by piece.
 *
 * @module
 */
import { encodeRows, headerOf } from "./compress.ts";
import { bytesOf, type Dtype, dtypeId, dtypeName, dtypeOf, elementBytes, type FloatArray } from "./dtype.ts";
import { CodecError } from "./errors.ts";
import { headerBytes, writeHeader } from "./format/header.ts";
import { writeTrailer } from "./format/trailer.ts";
import { xxh32 } from "./format/xxh32.ts";
import type { DtypeId } from "./kernels/kernels.ts";
import { withWorkspace } from "./kernels/workspace.ts";
import { chunkBound, type CompressOptions, type Plan, planOf } from "./options.ts";

/** How to compress a stream. */
export interface CompressionStreamOptions extends Omit<CompressOptions, "shape"> {
  /** Of the elements. Default: that of the first array; `"f32"` if there is none. */
  readonly dtype?: Dtype;
}

/** Collects elements into chunks. */
class ChunkWriter {
  readonly #plan: Plan;
  readonly #emit: (bytes: Uint8Array<ArrayBuffer>) => void;
  #dtype: DtypeId | undefined;
  /** Elements of the chunk being filled. */
  #buffer = new Uint8Array(0);
  #filled = 0;
  #elements = 0;
  #maxError = 0;
  readonly #sizes: number[] = [];

  constructor(plan: Plan, dtype: Dtype | undefined, emit: (bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#plan = plan;
    this.#emit = emit;
    if (dtype !== undefined) this.#begin(dtypeId(dtype));
  }

  write(x: FloatArray): void {
    const dtype = dtypeOf(x), source = bytesOf(x);
    const begun = this.#dtype ?? this.#begin(dtype);
    if (begun !== dtype) {
      throw new CodecError(
        "DTYPE",
        `Cannot compress ${dtypeName(dtype)} in a stream of ${dtypeName(begun)}: want one type`,
      );
    }
    this.#elements += source.length / elementBytes(dtype);
    const full = this.#plan.chunkRows * this.#plan.rowLength * elementBytes(dtype);
    for (let at = 0; at < source.length;) {
      const part = source.subarray(at, at + full - this.#filled);
      this.#append(part, full);
      at += part.length;
      if (this.#filled === full) this.#chunk(dtype);
    }
  }

  close(): void {
    const dtype = this.#dtype ?? this.#begin(dtypeId("f32"));
    if (this.#filled > 0) this.#chunk(dtype);
    this.#emit(new Uint8Array(4));
    this.#emit(writeTrailer(this.#sizes, this.#elements, this.#maxError));
  }

  #append(part: Uint8Array, full: number): void {
    const needed = this.#filled + part.length;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.min(full, Math.max(needed, 2 * this.#buffer.length)));
      larger.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = larger;
    }
    this.#buffer.set(part, this.#filled);
    this.#filled = needed;
  }

  #begin(dtype: DtypeId): DtypeId {
    const bytes = new Uint8Array(headerBytes(1) + 4), bound = chunkBound(this.#plan, 0, 0);
    writeHeader({ ...headerOf(this.#plan, dtype, bound, [Infinity], NaN), streamed: true }, bytes);
    new DataView(bytes.buffer).setUint32(bytes.length - 4, xxh32(bytes, 0, bytes.length - 4), true);
    this.#emit(bytes);
    return this.#dtype = dtype;
  }

  #chunk(dtype: DtypeId): void {
    const source = this.#buffer.subarray(0, this.#filled), bound = chunkBound(this.#plan, 0, 0);
    withWorkspace(this.#plan.kernels, (workspace) => {
      encodeRows(workspace, this.#plan, dtype, { bound }, source, (bytes, { maxError }) => {
        const framed = new Uint8Array(4 + bytes.length);
        new DataView(framed.buffer).setUint32(0, bytes.length, true);
        framed.set(bytes, 4);
        this.#emit(framed);
        this.#sizes.push(bytes.length);
        this.#maxError = Math.max(this.#maxError, maxError);
      });
    });
    this.#filled = 0;
  }
}

/**
 * A transform from arrays to the bytes of one file. Nothing needs to be known beforehand; a chunk of elements is held back, and
 * 4 bytes per chunk. The bytes depend on the elements, not on how they are cut into arrays.
 *
 * @param options As of `compress`; `rel` is refused, as the range is not known, and `rowLength` is taken as it is.
 * @throws {CodecError} `BOUND`
 * @throws {RangeError} Another option cannot be used
 */
export function compressionStream(
  options: CompressionStreamOptions,
): TransformStream<FloatArray, Uint8Array<ArrayBuffer>> {
  const plan = planOf(options, Infinity);
  if (plan.boundKind === "rel") {
    throw new CodecError(
      "BOUND",
      "Cannot compress a stream with a bound relative to its range: want { abs } or { pwRel }",
    );
  }
  let writer: ChunkWriter;
  return new TransformStream({
    start: (controller) => {
      writer = new ChunkWriter(plan, options.dtype, (bytes) => controller.enqueue(bytes));
    },
    transform: (x) => writer.write(x),
    flush: () => writer.close(),
  });
}
