/**
 * Encoding the same tables again and again, as collectives do: no file header, and frequency tables that stay valid from
 * message to message.
 *
 * @module
 */
import { encodeChunk } from "./chunk/encode_chunk.ts";
import { type ChunkBooks, type ChunkJob, maxChunkBytes, NO_BOOKS } from "./chunk/job.ts";
import { OpenChunk } from "./chunk/decode_chunk.ts";
import { type ChunkLimits, limitsFor, loadRows } from "./compress.ts";
import { bytesOf, type Dtype, dtypeId, dtypeOf, elementBytes, type FloatArray } from "./dtype.ts";
import { corrupt } from "./errors.ts";
import { MESSAGE_HEADER_BYTES, readMessageHeader, writeMessageHeader } from "./format/message.ts";
import { MAX_CHUNK_ELEMENTS, MAX_CHUNK_ROWS } from "./format/header.ts";
import type { KernelChoice } from "./kernels/choose.ts";
import type { DtypeId } from "./kernels/kernels.ts";
import { Workspace } from "./kernels/workspace.ts";
import { type CompressOptions, type ErrorBound, type Plan, planOf } from "./options.ts";

/** What an {@linkcode Encoder} does unless a call says otherwise. */
export interface EncoderOptions extends Omit<CompressOptions, "shape" | "chunkRows"> {
  /**
   * Whether messages may refer to tables of earlier messages of the same table and destination; new tables are sent whenever
   * they and what they code take fewer bytes. False: every message stands alone, and may be lost or come in any order.
   * Default true.
   */
  readonly shareTables?: boolean;
}

/** Which messages belong together. */
export interface MessageContext {
  /** Number of the table, 0 to 65,535. Default 0. */
  readonly table?: number;
  /** Number of the receiver, 0 to 65,535. Default 0. */
  readonly destination?: number;
  /** Elements per row. Default: that of the encoder or decoder. */
  readonly rowLength?: number;
}

/** What a call of {@linkcode Encoder.encode} may change. */
export interface EncodeContext extends MessageContext {
  /** How far values may be off; `rel` refers to the range of the array at hand. Default: that of the encoder. */
  readonly bound?: ErrorBound;
}

function keyOf({ table = 0, destination = 0 }: MessageContext): number {
  for (const [name, value] of [["table", table], ["destination", destination]] as const) {
    if (!Number.isInteger(value) || value < 0 || value > 65535) {
      throw new RangeError(`Cannot use ${name} ${value} in a message: want a whole number from 0 to 65535`);
    }
  }
  return table * 65536 + destination;
}

/** Rows that go into one message. */
function messageRows(rowLength: number): number {
  return Math.min(MAX_CHUNK_ROWS, Math.floor(MAX_CHUNK_ELEMENTS / rowLength));
}

/**
 * Encodes arrays into messages: slices of embedding tables on their way through a collective. It keeps its working memory, and
 * for each table and destination the frequency tables sent last, which later messages refer to while that is shorter.
 *
 * Messages of one table and destination have to be decoded in their order, all of them, by one {@linkcode Decoder}.
 */
export class Encoder {
  /** The bound on |x - x^| if it is the same for all messages. */
  readonly errorBound?: number;
  readonly #options: EncoderOptions;
  readonly #workspace: Workspace;
  readonly #books = new Map<number, ChunkBooks>();

  /**
   * An encoder that has sent nothing yet.
   *
   * @throws {CodecError} `BOUND`
   * @throws {RangeError} Another option cannot be used
   */
  constructor(options: EncoderOptions) {
    const { boundKind, requestedBound, kernels } = planOf(options, Infinity);
    this.#options = options;
    this.#workspace = new Workspace(kernels);
    if (boundKind === "abs" || boundKind === "lossless") this.errorBound = requestedBound;
  }

  /**
   * The most bytes that {@linkcode encode} writes for so many elements.
   *
   * @param elements Number of elements.
   * @param dtype Of the elements. Default `"f32"`.
   * @param rowLength Elements per row. Default: that of the encoder.
   */
  maxEncodedBytes(elements: number, dtype: Dtype = "f32", rowLength: number = this.#options.rowLength ?? 64): number {
    const messages = Math.ceil(Math.ceil(elements / rowLength) / messageRows(rowLength)), id = dtypeId(dtype);
    return messages * (MESSAGE_HEADER_BYTES + maxChunkBytes(id, 0) + 4) + elements * elementBytes(id);
  }

  /**
   * Encodes an array as one message, or as several if it has more than 65,536 rows or 2^24 elements.
   *
   * @param x The elements; not changed.
   * @param dst Where to; {@linkcode maxEncodedBytes} bytes always suffice.
   * @param context Which messages this one belongs to.
   * @returns Bytes written to the beginning of `dst`; none for an empty array.
   * @throws {CodecError} `BOUND`, `DTYPE`
   * @throws {RangeError} `dst` is too short; the encoder is as it was before
   */
  encode(x: FloatArray, dst: Uint8Array, context: EncodeContext = {}): number {
    const key = keyOf(context), dtype = dtypeOf(x), source = bytesOf(x), size = elementBytes(dtype);
    const { bound = this.#options.bound, rowLength = this.#options.rowLength ?? 64 } = context;
    const plan = planOf({ ...this.#options, bound, rowLength }, Infinity),
      step = messageRows(rowLength) * rowLength * size;
    let at = 0, books = this.#books.get(key) ?? NO_BOOKS;
    try {
      const messages = Math.ceil(source.length / step),
        limits = limitsFor(this.#workspace, plan, dtype, source, messages);
      for (let begin = 0; begin < source.length; begin += step) {
        const message = this.#message(
          source.subarray(begin, begin + step),
          dtype,
          plan,
          limits,
          books,
          context,
          dst,
          at,
        );
        at = message.end;
        books = message.books;
      }
    } finally {
      this.#workspace.release();
    }
    if (this.#options.shareTables ?? true) this.#books.set(key, books);
    return at;
  }

  /** Forgets which tables were sent: after messages were lost, along with {@linkcode Decoder.reset}. */
  reset(): void {
    this.#books.clear();
  }

  #message(
    source: Uint8Array,
    dtype: DtypeId,
    plan: Plan,
    limits: ChunkLimits,
    books: ChunkBooks,
    { table = 0, destination = 0 }: EncodeContext,
    dst: Uint8Array,
    at: number,
  ): { readonly end: number; readonly books: ChunkBooks } {
    const { kernels } = this.#workspace, { rowLength: d, mode, link, checksum } = plan;
    const size = elementBytes(dtype), elements = source.length / size, rows = Math.ceil(elements / d);
    return this.#workspace.scoped(() => {
      const src = loadRows(this.#workspace, source, rows * d, size);
      const job: ChunkJob = { dtype, d, rows, elements, src, ...limits, mode, link, checksum };
      const chunk = encodeChunk(this.#workspace, this.#options.shareTables ?? true ? { ...job, books } : job);
      const end = at + MESSAGE_HEADER_BYTES + chunk.bytes;
      if (end > dst.length) throw new RangeError(`Cannot encode into ${dst.length} bytes: want ${end} or more`);
      writeMessageHeader({ table, destination, bytes: chunk.bytes }, dst, at);
      dst.set(kernels.memory.u8.subarray(chunk.at, chunk.at + chunk.bytes), at + MESSAGE_HEADER_BYTES);
      return { end, books: chunk.books };
    });
  }
}

/** What a {@linkcode Decoder} shares with the encoder. */
export interface DecoderOptions {
  /** Elements per row. Default 64. */
  readonly rowLength?: number;
  /** Whether messages carry checksums. Default true. */
  readonly checksum?: boolean;
  /** Which kernels run; the elements are the same. Default `"auto"`. */
  readonly kernels?: KernelChoice;
}

/** Decodes the messages of one {@linkcode Encoder}, and keeps the tables that they bring. */
export class Decoder {
  readonly #options: DecoderOptions;
  readonly #workspace: Workspace;
  readonly #books = new Map<number, ChunkBooks>();

  /** Decodes what an encoder with the same options wrote. */
  constructor(options: DecoderOptions = {}) {
    this.#options = options;
    this.#workspace = new Workspace(options.kernels ?? "auto");
  }

  /**
   * Decodes an array from the messages that {@linkcode Encoder.encode} made of it.
   *
   * @param src Begins with the messages.
   * @param dst Gets the elements: as many as were encoded, of the same dtype. It holds nothing of use if this throws.
   * @param context As given to the encoder; messages of another table or destination are refused.
   * @returns Bytes read from the beginning of `src`.
   * @throws {CodecError} `TRUNCATED`, `CHECKSUM`, `CORRUPT`, `DTYPE`
   */
  decode(src: Uint8Array, dst: FloatArray, context: MessageContext = {}): number {
    const key = keyOf(context), dtype = dtypeOf(dst), size = elementBytes(dtype), target = bytesOf(dst);
    const { rowLength: d = this.#options.rowLength ?? 64 } = context;
    planOf({ bound: "lossless", rowLength: d }, Infinity);
    const step = messageRows(d) * d, bytes = bytesOf(src);
    let at = 0, books = this.#books.get(key);
    try {
      for (let begin = 0; begin < dst.length; begin += step) {
        const elements = Math.min(step, dst.length - begin);
        const header = readMessageHeader(bytes, at), { table = 0, destination = 0 } = context;
        if (header.table !== table || header.destination !== destination) {
          throw corrupt(
            "a message",
            `of table ${header.table} for ${header.destination}`,
            `table ${table} for ${destination}`,
          );
        }
        const from = at + MESSAGE_HEADER_BYTES, chunk = bytes.subarray(from, from + header.bytes);
        books = this.#message(
          chunk,
          dtype,
          d,
          elements,
          target.subarray(begin * size, (begin + elements) * size),
          books,
        );
        at = from + header.bytes;
      }
    } finally {
      this.#workspace.release();
    }
    if (books !== undefined) this.#books.set(key, books);
    return at;
  }

  /** Forgets the tables of former messages: after {@linkcode Encoder.reset}. */
  reset(): void {
    this.#books.clear();
  }

  #message(
    bytes: Uint8Array,
    dtype: DtypeId,
    d: number,
    elements: number,
    target: Uint8Array,
    books: ChunkBooks | undefined,
  ): ChunkBooks {
    const { kernels, arena } = this.#workspace;
    return this.#workspace.scoped(() => {
      const at = arena.take(bytes.length + 16);
      kernels.memory.u8.set(bytes, at);
      const shape = { dtype, d, rows: Math.ceil(elements / d), elements, checksummed: this.#options.checksum ?? true };
      const chunk = new OpenChunk(this.#workspace, shape, at, at + bytes.length, true, books), from = chunk.decode();
      target.set(kernels.memory.u8.subarray(from, from + target.length));
      return chunk.books;
    });
  }
}
