/**
 * A file to arrays, piece by piece.
 *
 * @module
 */
import { maxChunkBytes } from "./chunk/job.ts";
import { type DecompressOptions, maxBytesOf, withChunk } from "./decompress.ts";
import { bytesOf, elementBytes, type FloatArray, newArray } from "./dtype.ts";
import { CodecError, corrupt, truncated } from "./errors.ts";
import { elementsOf, type FileHeader, headerBytes, readHeader } from "./format/header.ts";
import { checkHash, checkRowLength, checkSize, chunkCount, chunkExtent, readSizes } from "./format/layout.ts";
import { Reader } from "./format/reader.ts";
import { readTrailer, trailerBytes } from "./format/trailer.ts";
import { withWorkspace } from "./kernels/workspace.ts";

/** Bytes that have come and were not read yet. */
class ByteQueue {
  #buffer = new Uint8Array(0);
  #begin = 0;
  #end = 0;

  /** Adds a copy: the sender may use its memory again. */
  push(bytes: Uint8Array): void {
    if (this.#end + bytes.length > this.#buffer.length) {
      const length = this.length + bytes.length;
      const larger = length > this.#buffer.length / 2 ? new Uint8Array(2 * length) : this.#buffer;
      larger.set(this.#buffer.subarray(this.#begin, this.#end));
      this.#end -= this.#begin;
      this.#begin = 0;
      this.#buffer = larger;
    }
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  get length(): number {
    return this.#end - this.#begin;
  }

  /** The next bytes, valid until more come; undefined until so many have come. */
  take(length: number): Uint8Array | undefined {
    if (length > this.length) return undefined;
    this.#begin += length;
    return this.#buffer.subarray(this.#begin - length, this.#begin);
  }
}

/** A step of parsing: asks for so many bytes, and gets them. */
type Parse = Generator<number, void, Uint8Array>;

/** Reads a file in order. It asks for no more bytes than what it has read so far accounts for. */
class FileParser {
  readonly #maxBytes: number;
  readonly #options: DecompressOptions;
  readonly #emit: (x: FloatArray) => void;

  constructor(options: DecompressOptions, emit: (x: FloatArray) => void) {
    this.#maxBytes = maxBytesOf(options);
    this.#options = options;
    this.#emit = emit;
  }

  *parse(): Parse {
    // A copy: what was taken is overwritten once more comes.
    const fixed = new Uint8Array(yield headerBytes(0)),
      length = new DataView(fixed.buffer, fixed.byteOffset).getUint16(10, true);
    // Before the rest of a header is waited for, which bytes that are none may never bring.
    probe(fixed);
    const rest = yield Math.max(0, length - fixed.length), head = new Uint8Array([...fixed, ...rest]);
    const reader = new Reader(head), header = readHeader(reader);
    if (header.streamed) return yield* this.#streamed(header, head);
    const elements = elementsOf(header.shape, header.dtype, this.#maxBytes);
    checkRowLength(header, elements);
    const index = yield 4 * chunkCount(elements, header.rowLength, header.chunkRows);
    const checked = new Uint8Array(head.length + index.length + 4);
    checked.set(head);
    checked.set(index, head.length);
    checked.set(yield 4, head.length + index.length);
    const sizes = new Reader(checked, head.length), chunks = readSizes(sizes, index.length / 4);
    checkHash(sizes, 0);
    for (const [chunk, size] of chunks.entries()) {
      const extent = chunkExtent(elements, header.rowLength, header.chunkRows, chunk);
      this.#chunk(header, yield checkLength(header, size), extent.rows, extent.elements);
    }
  }

  *#streamed(header: FileHeader, head: Uint8Array): Parse {
    const checked = new Uint8Array([...head, ...yield 4]), reader = new Reader(checked, head.length);
    checkHash(reader, 0);
    const { rowLength, chunkRows } = header, full = chunkRows * rowLength, size = elementBytes(header.dtype);
    const sizes: number[] = [];
    // The last chunk may be short, which only the trailer tells: each waits until another one follows.
    let held: Uint8Array | undefined;
    for (;;) {
      const bytes = u32(yield 4);
      if (bytes === 0) break;
      // Chunks before this one are full, and this one has an element at least.
      if (!((sizes.length * full + 1) * size <= this.#maxBytes)) throw tooLong(sizes.length * full + 1, this.#maxBytes);
      if (held !== undefined) this.#chunk(header, held, chunkRows, full);
      held = new Uint8Array(yield checkLength(header, checkSize(bytes)));
      sizes.push(bytes);
    }
    const trailer = readTrailer(yield trailerBytes(sizes.length), 0), { elements } = trailer;
    if (trailer.length !== 0 || trailer.sizes.some((bytes, i) => bytes !== sizes[i])) {
      throw corrupt("the trailer", "one of other chunks", "those that came");
    }
    if (chunkCount(elements, rowLength, chunkRows) !== sizes.length) {
      throw corrupt("the number of elements", elements, `as many as ${sizes.length} chunks hold`);
    }
    if (held === undefined) return;
    if (elements * size > this.#maxBytes) throw tooLong(elements, this.#maxBytes);
    const extent = chunkExtent(elements, rowLength, chunkRows, sizes.length - 1);
    this.#chunk(header, held, extent.rows, extent.elements);
  }

  #chunk(header: FileHeader, bytes: Uint8Array, rows: number, elements: number): void {
    const { verify = true, kernels = "auto" } = this.#options, size = elementBytes(header.dtype);
    const x = newArray(header.dtype, elements);
    withWorkspace(kernels, (workspace) => {
      const place = { offset: 0, bytes: bytes.length, firstRow: 0, rows, elements };
      withChunk(workspace, bytes, place, header, verify, (chunk) => {
        const at = chunk.decode();
        bytesOf(x).set(workspace.kernels.memory.u8.subarray(at, at + elements * size));
      });
    });
    this.#emit(x);
  }
}

/** Refuses what is no header of a file by its first bytes. */
function probe(fixed: Uint8Array): void {
  try {
    readHeader(new Reader(fixed));
  } catch (error) {
    if (!(error instanceof CodecError && error.code === "TRUNCATED")) throw error;
  }
}

function u32(bytes: Uint8Array): number {
  return new Reader(bytes).u32("a chunk's size");
}

/** Refuses chunks longer than any encoder writes, before they are waited for. */
function checkLength({ dtype, chunkRows, rowLength }: FileHeader, bytes: number): number {
  const most = maxChunkBytes(dtype, chunkRows * rowLength);
  if (bytes > most) throw corrupt("the length of a chunk", bytes, `at most ${most}`);
  return bytes;
}

function tooLong(elements: number, maxBytes: number): CodecError {
  return new CodecError("LIMIT", `Cannot decode ${elements} elements or more: want at most ${maxBytes} bytes`);
}

/**
 * A transform from the bytes of one file, cut anywhere, to its elements: an array per chunk. Files of `compress` do as well as
 * those of `compressionStream`. What was handed on before damage was found is undamaged.
 *
 * @param options As of `decompress`, without `out`; `maxBytes` is of all elements.
 * @throws {RangeError} An option cannot be used
 */
export function decompressionStream(
  options: Omit<DecompressOptions, "out"> = {},
): TransformStream<Uint8Array, FloatArray> {
  const queue = new ByteQueue();
  let steps: Parse, wanted: IteratorResult<number, void>;
  const advance = () => {
    while (!wanted.done) {
      const bytes = queue.take(wanted.value);
      if (bytes === undefined) return;
      wanted = steps.next(bytes);
    }
    if (queue.length > 0) {
      throw corrupt("the stream", `followed by ${queue.length} bytes`, "none");
    }
  };
  maxBytesOf(options);
  return new TransformStream<Uint8Array, FloatArray>({
    start: (controller) => {
      steps = new FileParser(options, (x) => controller.enqueue(x)).parse();
      wanted = steps.next();
    },
    transform: (bytes) => {
      queue.push(bytesOf(bytes));
      advance();
    },
    flush: () => {
      advance();
      if (!wanted.done) {
        throw truncated(`the stream: want ${wanted.value - queue.length} more`);
      }
    },
  });
}
