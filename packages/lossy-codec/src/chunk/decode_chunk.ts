/**
 * Decodes one chunk, of bytes that nobody has vouched for: everything is checked before it is used, and what is allocated is
 * in proportion to the bytes of the chunk and the elements it was declared to hold.
 *
 * @module
 */
import { fieldBytes } from "../format/fields.ts";
import { codebookAfter, groupsOf } from "../entropy/codebook.ts";
import type { CodedSequence } from "../entropy/sequence.ts";
import { elementBytes } from "../dtype.ts";
import { corrupt, truncated } from "../errors.ts";
import {
  ANS,
  checkChunk,
  type ChunkHeader,
  chunkHeaderBytes,
  CONST,
  HUFF,
  PACK,
  readChunkHeader,
  VLZ,
} from "../format/chunk_header.ts";
import type { DtypeId } from "../kernels/kernels.ts";
import type { Workspace } from "../kernels/workspace.ts";
import { type ChunkBooks, NO_BOOKS } from "./job.ts";
import { restore } from "./write_chunk.ts";
import { readRowMap } from "./row_map.ts";
import { readEscapes, unitOf } from "./sections.ts";
import type { Unit } from "./unit.ts";
import { readVlz } from "./vlz.ts";

/** What the chunk is known to be from outside. */
export interface ChunkShape {
  /** Of the elements. */
  readonly dtype: DtypeId;
  /** Elements per row. */
  readonly d: number;
  /** Rows. */
  readonly rows: number;
  /** Elements, in the last row maybe fewer than `d`. */
  readonly elements: number;
  /** Whether it has a checksum: what a chunk says of that itself may be damaged. */
  readonly checksummed: boolean;
}

/** A chunk whose sections have been found; codes are not decoded yet. */
export class OpenChunk {
  /** Its head. */
  readonly header: ChunkHeader;
  /** Tables that its codes and row map left for later chunks. */
  readonly books: ChunkBooks;
  readonly #workspace: Workspace;
  readonly #shape: ChunkShape;
  /** Byte offset of u32[rows]: where each row is among the stored ones, those with codes first; 0: as it is. */
  readonly #slots: number = 0;
  /** Stored rows that have codes. */
  readonly #coded: number;
  /** Byte offset of the codes' section; of i32[coded d] if they had to be decoded to be found. */
  readonly #codes: number;
  readonly #sequence: CodedSequence | undefined;
  /** Byte offset of raw rows, the last one maybe short. */
  readonly #raw: number;
  readonly #rawBytes: number;
  readonly #unit: Unit | undefined;

  /**
   * Finds and checks the sections of a chunk that lies in kernel memory.
   *
   * @param at Byte offset, a multiple of 16; at least 16 bytes of memory follow `end`.
   * @param verify Whether to compare the checksum, if there is one.
   * @param books Tables that the chunk may refer to.
   * @throws {CodecError} `TRUNCATED`, `CHECKSUM`, `CORRUPT`
   */
  constructor(
    workspace: Workspace,
    shape: ChunkShape,
    at: number,
    end: number,
    verify: boolean,
    books: ChunkBooks = NO_BOOKS,
  ) {
    const { kernels, arena, sequences } = workspace, { memory } = kernels;
    const { dtype, d, rows, elements, checksummed } = shape, size = elementBytes(dtype);
    this.#workspace = workspace;
    this.#shape = shape;
    const header = this.header = readChunkHeader(dtype, memory.u8, at, end);
    if (header.checksummed !== checksummed) {
      throw corrupt("a chunk", header.checksummed ? "with a checksum" : "without a checksum", "the contrary");
    }
    if (verify && checksummed) checkChunk(memory.u8, at, end);
    if (header.rows !== rows) throw corrupt("a chunk's number of rows", header.rows, rows);
    const { coder, uniqueRows, escapedRows, parameter } = header;
    this.#unit = unitOf(header, dtype);
    let next = at + chunkHeaderBytes(coder, header.relative, dtype), { codes: codesBook, map: mapBook } = books;
    // Number of the stored row that the last row is.
    let last = rows - 1;
    if (header.dict) {
      const map = readRowMap(workspace, next, end, rows, uniqueRows, parameter >>> 8, mapBook);
      next = map.end;
      this.#slots = map.rowToUnique;
      last = memory.u32[(map.rowToUnique >>> 2) + last]!;
      if (map.coded) mapBook = codebookAfter(mapBook, map.coded);
    }
    if (escapedRows > 0) {
      this.#slots = readEscapes(workspace, header, next, end, this.#slots);
      next += fieldBytes(uniqueRows, 1);
    }
    const coded = this.#coded = coder <= CONST ? 0 : uniqueRows - escapedRows;
    this.#codes = next;
    if (coded > 0) {
      if (coder === HUFF || coder === ANS) {
        const shape = { rows: coded, rowLength: d, unsigned: false, coder: coder === ANS ? "ans" : "huffman" } as const;
        const sequence = this.#sequence = sequences.open(next, end - next, shape, codesBook);
        next = sequence.end;
        codesBook = codebookAfter(codesBook, sequence);
      } else if (coder === PACK) {
        const bits = parameter & 255;
        if (bits > 32) throw corrupt("the number of bits of codes", bits, "at most 32");
        next += 4 + fieldBytes(coded * d, bits);
        if (next > end) throw truncated("a chunk's codes");
      } else {
        this.#codes = arena.take(4 * coded * d);
        next = readVlz(kernels.memory, next, end, coded, d, this.#codes);
      }
    }
    this.#raw = next;
    this.#rawBytes = coder === CONST ? size : (uniqueRows - coded) * d * size;
    // The last raw row lacks what a short last row does, if it is that one.
    const short = coder !== CONST && coded < uniqueRows && last === uniqueRows - 1 && this.#slot(rows - 1) === last;
    if (short) this.#rawBytes -= (rows * d - elements) * size;
    next += fieldBytes(this.#rawBytes, 8);
    if (next > end) throw truncated("a chunk's raw rows");
    if (next < end) throw corrupt("a chunk's last section", `followed by ${end - next} bytes`, "none");
    this.books = { codes: codesBook, map: mapBook };
  }

  /** Where a row is among the stored ones. */
  #slot(row: number): number {
    return this.#slots === 0 ? row : this.#workspace.kernels.memory.u32[(this.#slots >>> 2) + row]!;
  }

  /** Codes of `count` stored rows with codes, from `first` on, into i32[count d] at the returned offset. */
  #readCodes(first: number, count: number): number {
    const { kernels, arena, sequences } = this.#workspace, { d } = this.#shape, { coder, parameter } = this.header;
    if (coder === VLZ) return this.#codes + 4 * first * d;
    if (this.#sequence !== undefined) {
      const groups = groupsOf(this.#sequence, first, count), codes = arena.take(4 * groups.count);
      sequences.decode(this.#sequence, codes, groups.first, groups.count);
      return codes + 4 * (first * d - groups.first);
    }
    const codes = arena.take(4 * count * d), least = kernels.memory.i32[this.#codes >>> 2]!;
    kernels.unpack(this.#codes + 4, first * d, count * d, least, parameter & 255, codes);
    return codes;
  }

  /** Elements of `count` stored rows with codes, from `first` on, at byte offset `dst`. */
  #restore(first: number, count: number, dst: number): void {
    const { d, dtype } = this.#shape, { lorenzo } = this.header;
    this.#workspace.scoped(() => {
      const codes = this.#readCodes(first, count);
      if (lorenzo !== 0) this.#workspace.kernels.unlorenzo(codes, count, d, lorenzo);
      if (restore(this.#workspace, dtype, this.#unit!, codes, count * d, dst)) return;
      throw corrupt("a code", "beyond those of its step", "a smaller one");
    });
  }

  /** Elements of raw rows at byte offset `dst`. What the last one lacks is its last element, as rows equal to it have it. */
  #readRaw(dst: number): void {
    const { rows, uniqueRows, coder } = this.header, { d, dtype } = this.#shape, size = elementBytes(dtype);
    const { u8 } = this.#workspace.kernels.memory,
      end = dst + (coder === CONST ? rows : uniqueRows - this.#coded) * d * size;
    u8.copyWithin(dst, this.#raw, this.#raw + this.#rawBytes);
    // Twice as much each time.
    for (let at = dst + this.#rawBytes, done = size; at < end; at += done, done *= 2) {
      u8.copyWithin(at, at - done, Math.min(at, end - done));
    }
  }

  /** Elements of all stored rows, codes first, then raw rows, at the returned offset; with CONST, of all rows. */
  #readStored(): number {
    const { d, dtype } = this.#shape, { rows } = this.header, rowBytes = d * elementBytes(dtype);
    const stored = this.#workspace.arena.take(rows * rowBytes);
    if (this.#coded > 0) this.#restore(0, this.#coded, stored);
    this.#readRaw(stored + this.#coded * rowBytes);
    return stored;
  }

  /**
   * Decodes all rows.
   *
   * @returns Byte offset of the elements in kernel memory; those that a short last row lacks are undefined.
   * @throws {CodecError} `CORRUPT`
   */
  decode(): number {
    const { kernels, arena } = this.#workspace, { dtype, d, rows } = this.#shape, rowBytes = d * elementBytes(dtype);
    const stored = this.#readStored();
    if (this.#slots === 0) return stored;
    const dst = arena.take(rows * rowBytes);
    kernels.gatherRows(stored, rowBytes, this.#slots, rows, dst);
    return dst;
  }

  /**
   * Decodes some rows, and of the codes only the groups that hold them.
   *
   * @param wanted Rows.
   * @param take Gets the position in `wanted`, the memory, and the byte offset of the row's elements; of a short last row, those
   *   that there are.
   * @throws {CodecError} `CORRUPT`
   */
  decodeRows(wanted: readonly number[], take: (position: number, bytes: Uint8Array, at: number) => void): void {
    const { kernels, arena } = this.#workspace, { dtype, d } = this.#shape, rowBytes = d * elementBytes(dtype);
    const slots = wanted.map((row) => this.#slot(row)),
      order = slots.map((_, i) => i).sort((a, b) => slots[a]! - slots[b]!);
    const whole = this.header.coder === CONST || this.header.lorenzo !== 0;
    for (let i = 0; i < order.length;) {
      const slotAt = (i: number): number => slots[order[i]!]!, begin = i, first = slotAt(begin);
      this.#workspace.scoped(() => {
        // Where stored row `from` is.
        let from = 0, at: number;
        if (whole) {
          at = this.#readStored();
          i = order.length;
        } else if (first >= this.#coded) {
          from = this.#coded;
          at = arena.take((this.header.uniqueRows - from) * rowBytes);
          this.#readRaw(at);
          i = order.length;
        } else {
          // Rows whose groups touch are decoded at once.
          const reach = Math.max(1, Math.ceil(2048 / d));
          while (++i < order.length && slotAt(i) < this.#coded && slotAt(i) <= slotAt(i - 1) + reach);
          const count = slotAt(i - 1) - first + 1;
          from = first;
          at = arena.take(count * rowBytes);
          this.#restore(first, count, at);
        }
        for (let k = begin; k < i; k++) take(order[k]!, kernels.memory.u8, at + (slotAt(k) - from) * rowBytes);
      });
    }
  }
}
