/**
 * Encoding the same tables again and again, as collectives do: no file header, and frequency tables that stay valid from
 * message to message.
 *
 * @module
 */
import { encodeChunk } from "./chunk/encode_chunk.ts";
import { type ChunkBooks, type ChunkJob, type ChunkSequences, type EncodedChunk, maxChunkBytes } from "./chunk/job.ts";
import { OpenChunk } from "./chunk/decode_chunk.ts";
import { type ChunkLimits, limitsFor, loadRows } from "./compress.ts";
import { bytesOf, type Dtype, dtypeId, dtypeOf, elementBytes, type FloatArray } from "./dtype.ts";
import { type KeptTables, tablesAfter } from "./entropy/codebook.ts";
import type { SequencePlan } from "./entropy/plan.ts";
import type { CodedSequence } from "./entropy/sequence.ts";
import { wrong } from "./errors.ts";
import { MESSAGE_HEADER_BYTES, readMessageHeader, writeMessageHeader } from "./format/message.ts";
import { MAX_CHUNK_ELEMENTS, MAX_CHUNK_ROWS } from "./format/header.ts";
import type { KernelChoice } from "./kernels/choose.ts";
import type { DtypeId } from "./kernels/kernels.ts";
import { Workspace } from "./kernels/workspace.ts";
import { type CompressOptions, type ErrorBound, type Plan, planOf } from "./options.ts";
import {
  type DecodedMessage,
  decodeMessage,
  type EncodedMessage,
  encodeMessage,
  maxKnownBytes,
  type RowsJob,
} from "./remembered.ts";
import { MAX_REMEMBERED, RowMemory } from "./row_memory.ts";
import { SentRows } from "./sent_rows.ts";

/** What an {@linkcode Encoder} does unless a call says otherwise. */
export interface EncoderOptions extends Omit<CompressOptions, "shape" | "chunkRows"> {
  /**
   * Whether messages may refer to tables of earlier messages of the same table and destination; new tables are sent where
   * they and what they code take clearly fewer bytes. False: every message stands alone, and may be lost or come in any order.
   * Default true.
   */
  readonly shareTables?: boolean;
  /**
   * How many rows of each table and destination both ends remember, 0 to 65,535. Rows that come again are pointed at where the
   * bound allows, and sent as differences where they have changed a little. It pays for slices of look-ups, not for gradients.
   * Takes the bytes of these rows at both ends; the decoder has to be given the same number. Default 0.
   */
  readonly rememberRows?: number;
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

/** The number of a context, which is that of its array's first chunk too; chunks that follow have the next ones. */
function keyOf({ table = 0, destination = 0 }: MessageContext): number {
  for (const [name, value] of [["table", table], ["destination", destination]] as const) {
    if (!Number.isInteger(value) || value < 0 || value > 65535) {
      throw new RangeError(`Cannot use ${name} ${value} in a message: want a whole number from 0 to 65535`);
    }
  }
  return table * 65536 + destination;
}

/** The tables kept of the messages of a context. */
interface Books extends ChunkBooks {
  readonly codes: KeptTables | undefined;
  readonly map: KeptTables | undefined;
}

const NO_BOOKS: Books = { codes: undefined, map: undefined };

function booksAfter(before: Books, { codes, map }: ChunkSequences<SequencePlan | CodedSequence>): Books {
  return { codes: tablesAfter(before.codes, codes), map: tablesAfter(before.map, map) };
}

/** What one table and destination have from before. */
interface Kept<M extends RowMemory> {
  readonly books: Books;
  readonly memory: M | undefined;
}

/** The memory of before; an empty one where rows have another length now. */
function memoryOf<M extends RowMemory>(
  type: new (rows: number, d: number, elementBytes: number) => M,
  before: M | undefined,
  { rememberRows: rows = 0 }: Pick<EncoderOptions, "rememberRows">,
  d: number,
  elementBytes: number,
): M | undefined {
  if (rows === 0) return undefined;
  return before?.d === d && before.rowBytes === d * elementBytes ? before : new type(rows, d, elementBytes);
}

function checkRemembered({ rememberRows: rows = 0 }: Pick<EncoderOptions, "rememberRows">): void {
  if (Number.isInteger(rows) && rows >= 0 && rows <= MAX_REMEMBERED) return;
  throw new RangeError(`Cannot remember ${rows} rows: want a whole number from 0 to ${MAX_REMEMBERED}`);
}

/** Rows that go into one message. */
function messageRows(rowLength: number): number {
  return Math.min(MAX_CHUNK_ROWS, Math.floor(MAX_CHUNK_ELEMENTS / rowLength));
}

/**
 * Encodes arrays into messages: slices of embedding tables on their way through a collective. It keeps its working memory, and
 * for each table and destination the frequency tables sent last, which later messages refer to while that is shorter, and rows
 * if it is told to.
 *
 * Messages of one table and destination have to be decoded in their order, all of them, by one {@linkcode Decoder}.
 */
export class Encoder {
  /** The bound on |x - x^| if it is the same for all messages. */
  readonly errorBound?: number;
  readonly #options: EncoderOptions;
  readonly #workspace: Workspace;
  readonly #kept = new Map<number, Kept<SentRows>>();

  /**
   * An encoder that has sent nothing yet.
   *
   * @throws {CodecError} `BOUND`
   * @throws {RangeError} Another option cannot be used
   */
  constructor(options: EncoderOptions) {
    const { boundKind, requestedBound, kernels } = planOf(options, Infinity);
    checkRemembered(options);
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
    const known = this.#options.rememberRows ? maxKnownBytes(Math.ceil(elements / rowLength) + messages) : 0;
    // With known rows, what the last row lacks is there.
    const rows = this.#options.rememberRows ? Math.ceil(elements / rowLength) * rowLength : elements;
    return messages * (MESSAGE_HEADER_BYTES + maxChunkBytes(id, 0) + 4 + known) + rows * elementBytes(id);
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
    const before = this.#kept.get(key), memory = memoryOf(SentRows, before?.memory, this.#options, rowLength, size);
    const shared = this.#options.shareTables ?? true, added: EncodedMessage[] = [];
    let at = 0, error = 0, books = before?.books ?? NO_BOOKS;
    try {
      // What is remembered was restored within some bound: that of the array has to be known before its rows are.
      const messages = Math.ceil(source.length / step) + (memory === undefined ? 0 : 1);
      let limits = limitsFor(this.#workspace, plan, dtype, source, messages);
      if (memory !== undefined && plan.boundKind === "rel" && limits.bound.kind === "abs") {
        error = memory.steady(limits.bound.error);
        limits = { ...limits, bound: { kind: "abs", error } };
      }
      for (let begin = 0; begin < source.length; begin += step) {
        const part = source.subarray(begin, begin + step), number = key + begin / step;
        this.#workspace.scoped(() => {
          const message = this.#message(part, dtype, plan, limits, number, shared ? books : undefined, memory);
          const end = at + MESSAGE_HEADER_BYTES + message.bytes, { table = 0, destination = 0 } = context;
          if (end > dst.length) throw new RangeError(`Cannot encode into ${dst.length} bytes: want ${end} or more`);
          writeMessageHeader({ table, destination, bytes: message.bytes }, dst, at);
          const { u8 } = this.#workspace.kernels.memory;
          dst.set(u8.subarray(message.at, message.at + message.bytes), at + MESSAGE_HEADER_BYTES);
          at = end;
          if (shared) books = booksAfter(books, message.sequences);
          if ("additions" in message) added.push(message);
        });
      }
    } finally {
      this.#workspace.release();
    }
    for (const { additions, keys, repeats } of added) memory!.enter(additions, keys, error, repeats);
    this.#kept.set(key, { books, memory });
    return at;
  }

  /** Forgets which tables and rows were sent: after messages were lost, along with {@linkcode Decoder.reset}. */
  reset(): void {
    this.#kept.clear();
  }

  /** Encodes whole rows; the bytes are in kernel memory. */
  #message(
    source: Uint8Array,
    dtype: DtypeId,
    plan: Plan,
    limits: ChunkLimits,
    number: number,
    books: Books | undefined,
    memory: SentRows | undefined,
  ): EncodedChunk | EncodedMessage {
    const { rowLength: d, mode, link, checksum } = plan, size = elementBytes(dtype);
    const elements = source.length / size, rows = Math.ceil(elements / d);
    const src = loadRows(this.#workspace, source, rows * d, size);
    const job: ChunkJob = { number, dtype, d, rows, elements, src, ...limits, mode, link, checksum, books };
    return memory === undefined
      ? encodeChunk(this.#workspace, job)
      : encodeMessage(this.#workspace, job as RowsJob, memory);
  }
}

/** What a {@linkcode Decoder} shares with the encoder. */
export interface DecoderOptions {
  /** Elements per row. Default 64. */
  readonly rowLength?: number;
  /** Whether messages carry checksums. Default true. */
  readonly checksum?: boolean;
  /** How many rows of each table and destination are remembered, as the encoder was told. Default 0. */
  readonly rememberRows?: number;
  /** Which kernels run; the elements are the same. Default `"auto"`. */
  readonly kernels?: KernelChoice;
}

/** Decodes the messages of one {@linkcode Encoder}, and keeps the tables that they bring. */
export class Decoder {
  readonly #options: DecoderOptions;
  readonly #workspace: Workspace;
  readonly #kept = new Map<number, Kept<RowMemory>>();

  /** Decodes what an encoder with the same options wrote. */
  constructor(options: DecoderOptions = {}) {
    checkRemembered(options);
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
    const before = this.#kept.get(key), memory = memoryOf(RowMemory, before?.memory, this.#options, d, size);
    const added: DecodedMessage[] = [];
    let at = 0, books = before?.books ?? NO_BOOKS;
    try {
      for (let begin = 0; begin < dst.length; begin += step) {
        const elements = Math.min(step, dst.length - begin);
        const header = readMessageHeader(bytes, at), { table = 0, destination = 0 } = context;
        if (header.table !== table || header.destination !== destination) {
          throw wrong(
            "a message",
            `of table ${header.table} for ${header.destination}`,
            `table ${table} for ${destination}`,
          );
        }
        const from = at + MESSAGE_HEADER_BYTES, body = bytes.subarray(from, from + header.bytes);
        const part = target.subarray(begin * size, (begin + elements) * size);
        const message = this.#message(body, dtype, d, elements, key + begin / step, part, books, memory);
        books = booksAfter(books, message.sequences);
        if ("additions" in message) added.push(message);
        at = from + header.bytes;
      }
    } finally {
      this.#workspace.release();
    }
    for (const { additions } of added) memory!.apply(additions);
    this.#kept.set(key, { books, memory });
    return at;
  }

  /** Forgets the tables and rows of former messages: after {@linkcode Encoder.reset}. */
  reset(): void {
    this.#kept.clear();
  }

  #message(
    bytes: Uint8Array,
    dtype: DtypeId,
    d: number,
    elements: number,
    number: number,
    target: Uint8Array,
    books: Books,
    memory: RowMemory | undefined,
  ): DecodedMessage | OpenChunk {
    const { kernels, arena } = this.#workspace;
    return this.#workspace.scoped(() => {
      const at = arena.take(bytes.length + 16), end = at + bytes.length;
      kernels.memory.u8.set(bytes, at);
      const rows = Math.ceil(elements / d), checksummed = this.#options.checksum ?? true;
      const shape = { number, dtype, d, rows, elements, checksummed };
      let message: DecodedMessage | OpenChunk, from: number;
      if (memory === undefined) {
        message = new OpenChunk(this.#workspace, shape, at, end, true, books);
        from = message.decode();
      } else ({ from } = message = decodeMessage(this.#workspace, shape, at, end, memory, books));
      target.set(kernels.memory.u8.subarray(from, from + target.length));
      return message;
    });
  }
}
