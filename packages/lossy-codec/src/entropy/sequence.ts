/**
 * Codes sequences of integers by the kernels: what chunks need of entropy coding.
 *
 * Bytes of a coded sequence: u8 form (bit 0: direct alphabet; bits 1-2 and 3-4: 0, 1 or 2 for 1, 2 or 4 classes of rows, of
 * columns; others 0) | descriptions of the tables, by class of rows, then of columns, or one that refers to earlier ones |
 * zeros up to 4 bytes | classes of columns, if there are several and the tables are not earlier ones | classes of rows, if
 * there are several | section (see `Kernels.ansEncode`). Classes take 1 or 2 bits, least significant first, then zeros up to
 * 4 bytes. Number and length of rows, coder, and whether values are unsigned, come from outside.
 *
 * @module
 */
import { fieldBytes } from "../format/fields.ts";
import { corrupt, truncated } from "../errors.ts";
import { DIRECT, type Kernels, UNSIGNED } from "../kernels/kernels.ts";
import { groupSymbolsFor, sectionBytes, sectionCapacity } from "../kernels/section.ts";
import { classBits, readClassBits, writeClassBits } from "./class_bits.ts";
import { type CountAreas, COUNTS_BYTES, countSequence, MAX_COLUMNS } from "./count.ts";
import {
  ANS_DECODE,
  ANS_ENCODE,
  HUFFMAN_DECODE,
  HUFFMAN_ENCODE,
  KERNEL_TABLES_BYTES,
  KernelTables,
} from "./kernel_tables.ts";
import type { Codebook, Sequence, SequencePlan, Statistics, Tables } from "./plan.ts";
import { type Coder, readTable, SHARED, type Table } from "./tables.ts";

/** Most rows of a sequence. */
export const MAX_ROWS = 65536;

/** Rows as short as this have no classes: they would cost more than they save. */
const MIN_CLASSED_LENGTH = 8;

/** What the bytes of a coded sequence do not say. */
export interface SequenceShape {
  /** 1 to 65,536. */
  readonly rows: number;
  /** 1 or more. */
  readonly rowLength: number;
  /** As in {@linkcode Sequence}. */
  readonly unsigned: boolean;
  /** What it is coded by. */
  readonly coder: Coder;
}

/** A coded sequence whose head has been read and found to be in order. */
export interface CodedSequence extends SequenceShape, Tables {
  /** As in {@linkcode Sequence}. */
  readonly direct: boolean;
  /** Whether the tables are those of the codebook given. */
  readonly shared: boolean;
  /** Symbols per group: what can be decoded by itself. */
  readonly groupSymbols: number;
  /** Byte offset of the classes of rows. */
  readonly rowClasses: number;
  /** Byte offset of the section. */
  readonly section: number;
  /** Byte offset behind the sequence. */
  readonly end: number;
}

// Layout of a coder's area.
const COUNTS = 0;
const ROW_CLASSES: number = COUNTS + COUNTS_BYTES;
const COLUMN_CLASSES: number = ROW_CLASSES + MAX_ROWS;
const TABLES: number = COLUMN_CLASSES + MAX_COLUMNS;
/** Bytes of kernel memory that a {@linkcode SequenceCoder} has for itself. */
export const SEQUENCE_AREA_BYTES: number = TABLES + KERNEL_TABLES_BYTES;

/** Longest description of a table: 256 tokens with nibble and two bits each, and two bytes before them. */
const DESCRIPTION_BYTES = 194;

/** Bytes to be provided at the destination of {@linkcode SequenceCoder.encode}. */
export function sequenceCapacity(sequence: Sequence): number {
  const { rows, rowLength, direct, unsigned } = sequence;
  const count = rows * rowLength;
  const classes = fieldBytes(rows, 2) + (rowLength <= MAX_COLUMNS ? fieldBytes(rowLength, 2) : 0);
  const section = sectionCapacity(count, groupSymbolsFor(rowLength, count), form(direct, unsigned));
  return 4 + 16 * DESCRIPTION_BYTES + classes + section;
}

function form(direct: boolean, unsigned: boolean): number {
  return (direct ? DIRECT : 0) | (unsigned ? UNSIGNED : 0);
}

/** Encodes and decodes sequences that lie in kernel memory. */
export class SequenceCoder {
  readonly #kernels: Kernels;
  readonly #areas: CountAreas;
  readonly #tables: KernelTables;

  /**
   * @param kernels Both statistics and coding run on these.
   * @param area Byte offset, a multiple of 16, of {@linkcode SEQUENCE_AREA_BYTES} that nobody else writes to.
   */
  constructor(kernels: Kernels, area: number) {
    this.#kernels = kernels;
    this.#areas = { counts: area + COUNTS, classes: area + ROW_CLASSES, columns: area + COLUMN_CLASSES };
    this.#tables = new KernelTables(kernels.memory, area + TABLES);
  }

  /**
   * Counts the tokens of a sequence.
   *
   * @param classed Whether rows and columns of different scale shall be told apart: only rANS makes use of it.
   * @param codebook The one that the sequence will be planned with.
   */
  analyse(sequence: Sequence, classed: boolean, codebook?: Codebook): Statistics {
    const { rows, rowLength, unsigned, direct } = sequence;
    const apart = classed && !unsigned && rows > 1 && rowLength >= MIN_CLASSED_LENGTH && rowLength <= MAX_COLUMNS;
    return countSequence(this.#kernels, sequence, form(direct, unsigned), apart, codebook, this.#areas);
  }

  /**
   * Encodes a sequence as planned.
   *
   * @param dst Byte offset, a multiple of 4, of {@linkcode sequenceCapacity} bytes; all of them may be written to.
   * @returns Bytes of the coded sequence, a multiple of 4.
   */
  encode(plan: SequencePlan, dst: number): number {
    const { sequence, coder, rowClasses, columns, columnClasses, tables, shared } = plan;
    const { codes, rows, rowLength, unsigned, direct } = sequence;
    const kernels = this.#kernels, { u8 } = kernels.memory;
    const rowBits = classBits(tables.length / columnClasses), columnBits = classBits(columnClasses);
    let at = dst;
    u8[at++] = (direct ? 1 : 0) | rowBits << 1 | columnBits << 3;
    for (const byte of plan.description) u8[at++] = byte;
    while (at % 4 !== 0) u8[at++] = 0;
    if (columns !== undefined && !shared) at = writeClassBits(u8, at, columns, columnBits);
    const areas = this.#areas;
    if (rowClasses !== undefined) {
      at = writeClassBits(u8, at, rowClasses, rowBits);
      for (let r = 0; r < rows; r++) u8[areas.classes + r] = rowClasses[r]! * columnClasses;
    }
    if (columns !== undefined) u8.set(columns, areas.columns);
    const count = rows * rowLength, groupSymbols = groupSymbolsFor(rowLength, count);
    const flags = form(direct, unsigned), capacity = sectionCapacity(count, groupSymbols, flags);
    const table = this.#tables.place(coder === "ans" ? ANS_ENCODE : HUFFMAN_ENCODE, unsigned, tables);
    const classesAt = rowClasses && areas.classes, columnsAt = columns && areas.columns;
    const written = coder === "huffman"
      ? kernels.huffEncode(codes, count, groupSymbols, flags, table, at, capacity)
      : kernels.ansEncode(
        codes,
        count,
        groupSymbols,
        rowLength,
        classesAt ?? 0,
        columnsAt ?? 0,
        flags,
        table,
        at,
        capacity,
      );
    return at + written - dst;
  }

  /**
   * Reads the head of a coded sequence.
   *
   * @param src Byte offset, a multiple of 4, in kernel memory.
   * @param available Bytes there; the sequence may be shorter.
   * @param codebook Tables that the sequence may refer to.
   * @throws {CodecError} `CORRUPT` or `TRUNCATED`
   */
  open(src: number, available: number, shape: SequenceShape, codebook?: Codebook): CodedSequence {
    const { rows, rowLength, unsigned, coder } = shape;
    const bytes = this.#kernels.memory.u8.subarray(src, src + available);
    if (available < 4) throw truncated("a coded sequence");
    const direct = (bytes[0]! & 1) !== 0, rowBits = (bytes[0]! >> 1) & 3, columnBits = bytes[0]! >> 3;
    const plain = rowBits === 0 && columnBits === 0;
    const classable = coder === "ans" && !unsigned && rowLength <= MAX_COLUMNS;
    if (rowBits > 2 || columnBits > 2 || !(plain || classable)) {
      throw corrupt("the form of a sequence", bytes[0]!, "classes that suit coder and rows");
    }
    const columnClasses = 1 << columnBits, count = 1 << rowBits + columnBits;
    const shared = bytes[1] === SHARED;
    let tables: readonly Table[], columns: Uint8Array<ArrayBuffer> | undefined, at: number;
    if (shared) {
      ({ tables, columns } = sharedTables(codebook, { coder, direct, columnClasses }, count, rowLength, bytes[2]!));
      at = 4;
    } else {
      const own = ownTables(bytes, coder, direct, count);
      tables = own.tables;
      at = fieldBytes(own.end, 8);
      if (columnBits > 0) {
        columns = new Uint8Array(rowLength);
        // Beyond the end these are zeros; the section is then found to be missing.
        readClassBits(bytes, at, columns, 0, rowLength, columnBits, 1);
        at += fieldBytes(rowLength, columnBits);
      }
    }
    const rowClasses = src + at;
    at += fieldBytes(rows, rowBits);
    const symbols = rows * rowLength, groupSymbols = groupSymbolsFor(rowLength, symbols);
    const groups = Math.ceil(symbols / groupSymbols);
    const length = at > available ? -1 : sectionBytes(this.#kernels.memory, src + at, available - at, groups);
    if (length < 0) throw truncated("a coded sequence");
    const section = src + at, end = section + length;
    return {
      rows,
      rowLength,
      unsigned,
      coder,
      direct,
      tables,
      columns,
      columnClasses,
      shared,
      groupSymbols,
      rowClasses,
      section,
      end,
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
    const { rows, rowLength, unsigned, direct, coder, tables, columns, columnClasses, groupSymbols, section, end } =
      coded;
    const kernels = this.#kernels, { u8 } = kernels.memory;
    const total = rows * rowLength, flags = form(direct, unsigned), bytes = end - section;
    const table = this.#tables.place(coder === "ans" ? ANS_DECODE : HUFFMAN_DECODE, unsigned, tables);
    let failed: number;
    if (coder === "huffman") {
      failed = kernels.huffDecode(section, bytes, total, first, count, groupSymbols, flags, table, codes);
    } else {
      const rowBits = classBits(tables.length / columnClasses), areas = this.#areas;
      if (rowBits > 0) readClassBits(u8, coded.rowClasses, u8, areas.classes, rows, rowBits, columnClasses);
      if (columns !== undefined) u8.set(columns, areas.columns);
      const classesAt = rowBits > 0 ? areas.classes : 0, columnsAt = columns === undefined ? 0 : areas.columns;
      failed = kernels.ansDecode(
        section,
        bytes,
        total,
        first,
        count,
        groupSymbols,
        rowLength,
        classesAt,
        columnsAt,
        flags,
        table,
        codes,
      );
    }
    if (failed !== 0) throw corrupt("the end of a group", "not that of its symbols", "both the same");
  }
}

/** Reads descriptions of tables; `end` is where they end. */
function ownTables(bytes: Uint8Array, coder: Coder, direct: boolean, count: number): { tables: Table[]; end: number } {
  const tables: Table[] = [];
  let end = 1;
  while (tables.length < count) {
    const read = readTable(coder, bytes, end, direct);
    if (read === undefined) {
      throw corrupt(`table ${tables.length}`, `one that begins with ${bytes[end]}`, "a complete one");
    }
    tables.push(read.table);
    end = read.end;
  }
  return { tables, end };
}

/** The codebook, if it suits. */
function sharedTables(
  codebook: Codebook | undefined,
  { coder, direct, columnClasses }: Pick<Codebook, "coder" | "direct" | "columnClasses">,
  count: number,
  rowLength: number,
  generation: number,
): Codebook {
  if (codebook === undefined) throw corrupt("a table", "that of an earlier message", "one decoded before");
  if (codebook.generation !== generation) throw corrupt("the generation of tables", generation, codebook.generation);
  const { tables, columns } = codebook;
  const same = codebook.coder === coder && codebook.direct === direct && codebook.columnClasses === columnClasses &&
    tables.length === count && (columns?.length ?? rowLength) === rowLength;
  if (!same) throw corrupt("a table", "that of another kind of sequence", "one of the same");
  return codebook;
}
