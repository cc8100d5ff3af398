/**
 * Codes sequences of integers by the kernels: what chunks need of entropy coding.
 *
 * Bytes of a coded sequence: u8 form (bit 0: direct alphabet; bits 1-2: 0, 1 or 2 for 1, 2 or 4 classes; others 0) |
 * descriptions of the tables, one per class, or one shared | zeros up to 4 bytes | if there is more than one class: 1 or 2
 * bits per row, least significant bit first, zeros up to 4 bytes | section (see `Kernels.ansEncode`). Number and length of
 * rows, coder, and whether values are unsigned, come from outside.
 *
 * @module
 */
import { CodecError } from "../errors.ts";
import { DIRECT, type Kernels, UNSIGNED } from "../kernels/kernels.ts";
import { groupSymbolsFor, sectionBytes, sectionCapacity } from "../kernels/section.ts";
import { classBits, MAX_CLASSES, readClassBits, writeClassBits } from "./classes.ts";
import {
  ANS_DECODE,
  ANS_ENCODE,
  HUFFMAN_DECODE,
  HUFFMAN_ENCODE,
  KERNEL_TABLES_BYTES,
  KernelTables,
} from "./kernel_tables.ts";
import { type Codebook, type Sequence, type SequencePlan, type Statistics, totalRawBits } from "./plan.ts";
import { type Coder, EXPLICIT, readTable, SHARED, type Table } from "./tables.ts";

/** Most rows of a sequence. */
export const MAX_ROWS = 65536;

/** What `Kernels.rowBuckets` yields at most, plus 1. */
const MAX_BUCKETS = 64;

/** Rows as short as this are not told apart: their class would cost more than it saves. */
const MIN_CLASSED_LENGTH = 8;

/** A coded sequence whose head has been read and found to be in order. */
export interface CodedSequence {
  /** Rows of the sequence. */
  readonly rows: number;
  /** Symbols per row. */
  readonly rowLength: number;
  /** As in {@linkcode Sequence}. */
  readonly unsigned: boolean;
  /** As in {@linkcode Sequence}. */
  readonly direct: boolean;
  /** What it is coded by. */
  readonly coder: Coder;
  /** 1, 2 or 4. */
  readonly tables: readonly Table[];
  /** Whether the tables are those of the codebook given. */
  readonly shared: boolean;
  /** Symbols per group: what can be decoded by itself. */
  readonly groupSymbols: number;
  /** Byte offset of the class bits. */
  readonly classBits: number;
  /** Byte offset of the section. */
  readonly section: number;
  /** Byte offset behind the sequence. */
  readonly end: number;
}

// Layout of a coder's area.
const COUNTS = 0;
const ROW_CLASSES: number = COUNTS + MAX_BUCKETS * 1024;
const TABLES: number = ROW_CLASSES + MAX_ROWS;
/** Bytes of kernel memory that a {@linkcode SequenceCoder} has for itself. */
export const SEQUENCE_AREA_BYTES: number = TABLES + KERNEL_TABLES_BYTES;

/** Bytes to be provided at the destination of {@linkcode SequenceCoder.encode}. */
export function sequenceCapacity(sequence: Sequence): number {
  const { rows, rowLength, direct, unsigned } = sequence;
  const count = rows * rowLength;
  const head = 4 + MAX_CLASSES * 512 + Math.ceil(rows / 16) * 4;
  return head + sectionCapacity(count, groupSymbolsFor(rowLength, count), form(direct, unsigned));
}

function form(direct: boolean, unsigned: boolean): number {
  return (direct ? DIRECT : 0) | (unsigned ? UNSIGNED : 0);
}

/** The symbols that have to be decoded for rows `first` to `first + count`: whole groups. */
export function groupsOf(coded: CodedSequence, first: number, count: number): { first: number; count: number } {
  const { rows, rowLength, groupSymbols } = coded;
  const begin = Math.floor(first * rowLength / groupSymbols) * groupSymbols;
  const end = Math.ceil((first + count) * rowLength / groupSymbols) * groupSymbols;
  return { first: begin, count: Math.min(end, rows * rowLength) - begin };
}

/**
 * The codebook after a sequence was coded.
 *
 * @param before The one given for it.
 * @param sequence The plan it was encoded by, or what was decoded.
 */
export function codebookAfter(before: Codebook | undefined, sequence: SequencePlan | CodedSequence): Codebook {
  if (sequence.shared && before !== undefined) return before;
  const direct = "sequence" in sequence ? sequence.sequence.direct : sequence.direct;
  const generation = before === undefined ? 0 : (before.generation + 1) & 255;
  return { generation, coder: sequence.coder, direct, tables: sequence.tables };
}

/** Encodes and decodes sequences that lie in kernel memory. */
export class SequenceCoder {
  readonly #kernels: Kernels;
  readonly #area: number;
  readonly #tables: KernelTables;

  /**
   * @param kernels Both statistics and coding run on these.
   * @param area Byte offset, a multiple of 16, of {@linkcode SEQUENCE_AREA_BYTES} that nobody else writes to.
   */
  constructor(kernels: Kernels, area: number) {
    this.#kernels = kernels;
    this.#area = area;
    this.#tables = new KernelTables(kernels.memory, area + TABLES);
  }

  /**
   * Counts the tokens of a sequence.
   *
   * @param classed Whether rows of different scale shall be told apart: only rANS makes use of it.
   */
  analyse(sequence: Sequence, classed: boolean): Statistics {
    const { codes, rows, rowLength, unsigned, direct } = sequence;
    const kernels = this.#kernels, counts = this.#area + COUNTS, classes = this.#area + ROW_CLASSES;
    let rowBuckets: Uint8Array<ArrayBuffer> | undefined;
    let buckets = 1;
    if (classed && !unsigned && rows > 1 && rowLength >= MIN_CLASSED_LENGTH) {
      kernels.rowBuckets(codes, rows, rowLength, classes);
      rowBuckets = kernels.memory.u8.slice(classes, classes + rows);
      buckets = rowBuckets.reduce((most, b) => Math.max(most, b), 0) + 1;
    }
    kernels.histogram(codes, rows, rowLength, rowBuckets ? classes : 0, buckets, form(direct, unsigned), counts);
    const counted = kernels.memory.u32.slice(counts >> 2, (counts >> 2) + 256 * buckets);
    return { sequence, rowBuckets, buckets, counts: counted, rawBits: totalRawBits(counted, direct) };
  }

  /**
   * Encodes a sequence as planned.
   *
   * @param dst Byte offset, a multiple of 4, of {@linkcode sequenceCapacity} bytes; all of them may be written to.
   * @returns Bytes of the coded sequence, a multiple of 4.
   */
  encode(plan: SequencePlan, dst: number): number {
    const { sequence: { codes, rows, rowLength, unsigned, direct }, coder, rowClasses, tables, description } = plan;
    const kernels = this.#kernels, { u8 } = kernels.memory;
    const count = rows * rowLength, groupSymbols = groupSymbolsFor(rowLength, count);
    const bits = classBits(tables.length);
    let at = dst;
    u8[at++] = (direct ? 1 : 0) | bits << 1;
    for (const byte of description) u8[at++] = byte;
    while (at % 4 !== 0) u8[at++] = 0;
    let classes = 0;
    if (rowClasses !== undefined) {
      classes = this.#area + ROW_CLASSES;
      u8.set(rowClasses, classes);
      at = writeClassBits(u8, at, rowClasses, bits);
    }
    const flags = form(direct, unsigned), capacity = sectionCapacity(count, groupSymbols, flags);
    const table = this.#tables.place(coder === "ans" ? ANS_ENCODE : HUFFMAN_ENCODE, unsigned, tables);
    const written = coder === "ans"
      ? kernels.ansEncode(codes, count, groupSymbols, rowLength, classes, flags, table, at, capacity)
      : kernels.huffEncode(codes, count, groupSymbols, flags, table, at, capacity);
    return at + written - dst;
  }

  /**
   * Reads the head of a coded sequence.
   *
   * @param src Byte offset, a multiple of 4, in kernel memory.
   * @param available Bytes there; the sequence may be shorter.
   * @param shape What the coded bytes do not say.
   * @param codebook Tables that the sequence may refer to.
   * @throws {CodecError} `CORRUPT` or `TRUNCATED`
   */
  open(
    src: number,
    available: number,
    shape: {
      readonly rows: number;
      readonly rowLength: number;
      readonly unsigned: boolean;
      readonly coder: Coder;
    },
    codebook?: Codebook,
  ): CodedSequence {
    const { rows, rowLength, unsigned, coder } = shape;
    const bytes = this.#kernels.memory.u8.subarray(src, src + available);
    if (available < 4) throw truncated("the head", available);
    const direct = (bytes[0]! & 1) !== 0, log2Classes = (bytes[0]! >> 1) & 3;
    const classes = 1 << log2Classes;
    if (bytes[0]! > 5 || (classes > 1 && (unsigned || coder === "huffman"))) {
      throw corrupt(`its form is ${bytes[0]}; want direct and classes that suit the coder`);
    }
    let tables: readonly Table[], at = 1;
    const shared = bytes[1] === SHARED;
    if (shared) {
      tables = sharedTables(codebook, coder, direct, classes, bytes[2]!);
      at = 3;
    } else {
      const own: Table[] = [];
      while (own.length < classes) {
        const read = readTable(coder, bytes, at, direct);
        if (read === undefined) throw corrupt(`table ${own.length} is none: it begins with ${bytes[at] ?? EXPLICIT}`);
        own.push(read.table);
        at = read.end;
      }
      tables = own;
    }
    const classBitsAt = Math.ceil(at / 4) * 4;
    const section = classBitsAt + (classes === 1 ? 0 : Math.ceil(rows * log2Classes / 32) * 4);
    const count = rows * rowLength, groupSymbols = groupSymbolsFor(rowLength, count);
    const length = section > available
      ? -1
      : sectionBytes(this.#kernels.memory, src + section, available - section, Math.ceil(count / groupSymbols));
    if (length < 0) throw truncated("the groups", available);
    return {
      rows,
      rowLength,
      unsigned,
      direct,
      coder,
      tables,
      shared,
      groupSymbols,
      classBits: src + classBitsAt,
      section: src + section,
      end: src + section + length,
    };
  }

  /**
   * Decodes symbols `first` to `first + count` into i32 `codes[count]`.
   *
   * @param first A multiple of `groupSymbols`; 0 by default.
   * @param count Ends at a multiple of `groupSymbols` or at the last symbol; all by default. See {@linkcode groupsOf}.
   * @throws {CodecError} `CORRUPT`
   */
  decode(
    coded: CodedSequence,
    codes: number,
    first = 0,
    count: number = coded.rows * coded.rowLength - first,
  ): void {
    const { rows, rowLength, unsigned, direct, coder, tables, groupSymbols, section, end } = coded;
    const kernels = this.#kernels, total = rows * rowLength, flags = form(direct, unsigned);
    let classes = 0;
    if (tables.length > 1) {
      classes = this.#area + ROW_CLASSES;
      readClassBits(kernels.memory.u8, coded.classBits, classes, rows, classBits(tables.length));
    }
    const bytes = end - section;
    const table = this.#tables.place(coder === "ans" ? ANS_DECODE : HUFFMAN_DECODE, unsigned, tables);
    const failed = coder === "ans"
      ? kernels.ansDecode(section, bytes, total, first, count, groupSymbols, rowLength, classes, flags, table, codes)
      : kernels.huffDecode(section, bytes, total, first, count, groupSymbols, flags, table, codes);
    if (failed !== 0) throw corrupt("a group contradicts its length; want it to end where its last symbol does");
  }
}

function sharedTables(
  codebook: Codebook | undefined,
  coder: Coder,
  direct: boolean,
  classes: number,
  generation: number,
): readonly Table[] {
  if (codebook === undefined) throw corrupt("it refers to tables of an earlier message; want one decoded before");
  if (codebook.generation !== generation) {
    throw corrupt(`it refers to tables of generation ${generation}; want ${codebook.generation}`);
  }
  if (codebook.coder !== coder || codebook.direct !== direct || codebook.tables.length !== classes) {
    throw corrupt("it refers to tables of another kind");
  }
  return codebook.tables;
}

function corrupt(why: string): CodecError {
  return new CodecError("CORRUPT", `Cannot decode a coded sequence as ${why}`);
}

function truncated(what: string, available: number): CodecError {
  return new CodecError("TRUNCATED", `Cannot decode a coded sequence as it ends within ${what}: ${available} bytes`);
}
