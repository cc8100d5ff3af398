/**
 * Decodes one chunk, of bytes that nobody has vouched for: everything is checked before it is used, and what is allocated is
 * in proportion to the bytes of the chunk and the elements it was declared to hold.
 *
 * @module
 */
import type { Codebook } from "../entropy/plan.ts";
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
  RAW,
  readChunkHeader,
  VLZ,
} from "../format/chunk_header.ts";
import type { DtypeId } from "../kernels/kernels.ts";
import type { Workspace } from "../kernels/workspace.ts";
import type { ChunkBooks } from "./job.ts";
import { restore } from "./write_chunk.ts";
import { readRowMap, type RowMap } from "./row_map.ts";
import { readEscapes, repeatLast, unitOf } from "./sections.ts";
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
  readonly #map: RowMap | undefined;
  /** Byte offset of u32[unique]: number of a stored row in the order codes first, then raw rows; 0: as it is. */
  readonly #slots: number;
  /** Byte offset of the codes' section. */
  readonly #codes: number;
  readonly #sequence: CodedSequence | undefined;
  /** i32[coded d], if they had to be decoded to be found. */
  readonly #decoded: number;
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
    books?: ChunkBooks,
  ) {
    const { kernels } = workspace, { dtype, d, rows, elements } = shape;
    this.#workspace = workspace;
    this.#shape = shape;
    const header = this.header = readChunkHeader(dtype, kernels.memory.u8, at, end);
    if (header.checksummed !== shape.checksummed) {
      throw corrupt("a chunk", header.checksummed ? "with a checksum" : "without a checksum", "the contrary");
    }
    if (verify && header.checksummed) checkChunk(kernels.memory.u8, at, end);
    if (header.rows !== rows) throw corrupt("a chunk's number of rows", header.rows, rows);
    const { coder, uniqueRows, escapedRows } = header;
    this.#unit = unitOf(header, dtype);
    const coded = coder <= CONST ? 0 : uniqueRows - escapedRows;
    let next = at + chunkHeaderBytes(coder, header.relative, dtype);
    if (header.dict) {
      const mapCoder = header.parameter >>> 8;
      if (mapCoder !== PACK && mapCoder !== HUFF && mapCoder !== ANS) {
        throw corrupt("the coder of a row map", mapCoder, "2, 3 or 4");
      }
      this.#map = readRowMap(workspace, next, end, rows, uniqueRows, mapCoder, books?.map);
      next = this.#map.end;
    }
    this.#slots = 0;
    if (escapedRows > 0) {
      this.#slots = readEscapes(workspace, header, next, end);
      next += 4 * Math.ceil(uniqueRows / 32);
    }
    this.#codes = next;
    this.#decoded = 0;
    if (coded > 0) {
      const shape = { rows: coded, rowLength: d, unsigned: false } as const;
      if (coder === HUFF || coder === ANS) {
        const name = coder === ANS ? "ans" : "huffman";
        this.#sequence = workspace.sequences.open(next, end - next, { ...shape, coder: name }, books?.codes);
        next = this.#sequence.end;
      } else if (coder === PACK) {
        const bits = header.parameter & 255;
        if (bits > 32) throw corrupt("the number of bits of codes", bits, "at most 32");
        next += 4 + 4 * Math.ceil(coded * d * bits / 32);
        if (next > end) throw truncated("a chunk's codes");
      } else {
        this.#decoded = workspace.arena.take(4 * coded * d);
        next = readVlz(kernels.memory, next, end, coded, d, this.#decoded);
      }
    }
    this.#raw = next;
    const raw = coder === CONST ? 0 : coder === RAW ? uniqueRows : escapedRows;
    this.#rawBytes = raw * d * elementBytes(dtype);
    if (this.#endsShort(raw)) this.#rawBytes -= (rows * d - elements) * elementBytes(dtype);
    if (coder === CONST) this.#rawBytes = elementBytes(dtype);
    next += 4 * Math.ceil(this.#rawBytes / 4);
    if (next > end) throw truncated("a chunk's raw rows");
    if (next < end) throw corrupt("a chunk's last section", `followed by ${end - next} bytes`, "none");
    const map = this.#map?.coded, codes = this.#sequence;
    this.books = {
      codes: codes ? codebookAfter(books?.codes, codes) : books?.codes,
      map: map ? codebookAfter(books?.map, map) : books?.map,
    } satisfies Record<string, Codebook | undefined>;
  }

  /** Number of the stored row of a row. */
  storedRow(row: number): number {
    return this.#map === undefined ? row : this.#workspace.kernels.memory.u32[(this.#map.rowToUnique >>> 2) + row]!;
  }

  /** Whether the last stored raw row is the short last row, whose missing elements are not stored. */
  #endsShort(raw: number): boolean {
    const { rows, d, elements } = this.#shape;
    if (raw === 0 || elements === rows * d) return false;
    const last = this.storedRow(rows - 1), { uniqueRows, coder } = this.header;
    return last === uniqueRows - 1 && (coder === RAW || this.#slot(last) === uniqueRows - 1);
  }

  #slot(stored: number): number {
    return this.#slots === 0 ? stored : this.#workspace.kernels.memory.u32[(this.#slots >>> 2) + stored]!;
  }

  /** Codes of `count` stored rows with codes, from `first` on, into i32[count d] at the returned offset. */
  #readCodes(first: number, count: number): number {
    const { kernels, arena, sequences } = this.#workspace, { d } = this.#shape, { header } = this;
    if (this.#sequence !== undefined) {
      const groups = groupsOf(this.#sequence, first, count);
      const codes = arena.take(4 * groups.count);
      sequences.decode(this.#sequence, codes, groups.first, groups.count);
      return codes + 4 * (first * d - groups.first);
    }
    if (header.coder === VLZ) return this.#decoded + 4 * first * d;
    const codes = arena.take(4 * count * d), least = kernels.memory.i32[this.#codes >>> 2]!;
    kernels.unpack(this.#codes + 4, first * d, count * d, least, header.parameter & 255, codes);
    return codes;
  }

  /** Elements of all stored rows, codes first, then raw rows, at the returned offset. */
  #readStored(): number {
    const { kernels, arena } = this.#workspace, { dtype, d } = this.#shape, { header } = this;
    const size = elementBytes(dtype), stored = arena.take(header.uniqueRows * d * size + 16);
    const coded = header.coder === RAW ? 0 : header.uniqueRows - header.escapedRows;
    if (coded > 0) {
      this.#workspace.scoped(() => {
        const codes = this.#readCodes(0, coded);
        if (header.lorenzo !== 0) kernels.unlorenzo(codes, coded, d, header.lorenzo);
        this.#restore(codes, coded * d, stored);
      });
    }
    const { u8 } = kernels.memory, raw = stored + coded * d * size;
    u8.copyWithin(raw, this.#raw, this.#raw + this.#rawBytes);
    repeatLast(u8, raw + this.#rawBytes, stored + header.uniqueRows * d * size, size);
    return stored;
  }

  #restore(codes: number, count: number, dst: number): void {
    if (!restore(this.#workspace, this.#shape.dtype, this.#unit!, codes, count, dst)) {
      throw corrupt("a code", "beyond those of its step", "a smaller one");
    }
  }

  /**
   * Decodes all rows.
   *
   * @returns Byte offset of the elements in kernel memory; those that a short last row lacks are undefined.
   * @throws {CodecError} `CORRUPT`
   */
  decode(): number {
    const { kernels, arena } = this.#workspace, { dtype, d, rows } = this.#shape, { header } = this;
    const size = elementBytes(dtype);
    if (header.coder === CONST) {
      const dst = arena.take(rows * d * size);
      this.#fill(dst, rows * d);
      return dst;
    }
    const stored = this.#readStored();
    if (this.#map === undefined && this.#slots === 0) return stored;
    const dst = arena.take(rows * d * size);
    kernels.gatherRows(stored, d * size, this.#rowSlots(), rows, dst);
    return dst;
  }

  /** Byte offset of u32[rows]: for each row, where its elements are among those of stored rows. */
  #rowSlots(): number {
    if (this.#map !== undefined && this.#slots === 0) return this.#map.rowToUnique;
    const { rows } = this.#shape, to = this.#workspace.arena.take(4 * rows);
    const { u32 } = this.#workspace.kernels.memory,
      slots = this.#slots >>> 2,
      map = (this.#map?.rowToUnique ?? 0) >>> 2;
    for (let row = 0; row < rows; row++) u32[(to >>> 2) + row] = u32[slots + (map === 0 ? row : u32[map + row]!)]!;
    return to;
  }

  /** Raw row number `raw`; the last one may be short. */
  #takeRaw(raw: number, position: number, take: (position: number, bytes: Uint8Array, at: number) => void): void {
    const { kernels, arena } = this.#workspace, rowBytes = this.#shape.d * elementBytes(this.#shape.dtype);
    const stored = Math.min(rowBytes, this.#rawBytes - raw * rowBytes), from = this.#raw + raw * rowBytes;
    this.#workspace.scoped(() => {
      const row = arena.take(rowBytes), { u8 } = kernels.memory;
      u8.copyWithin(row, from, from + stored);
      repeatLast(u8, row + stored, row + rowBytes, elementBytes(this.#shape.dtype));
      take(position, u8, row);
    });
  }

  /** The one element, `count` times. */
  #fill(dst: number, count: number): void {
    const { u8 } = this.#workspace.kernels.memory, size = elementBytes(this.#shape.dtype), bytes = count * size;
    u8.copyWithin(dst, this.#raw, this.#raw + size);
    for (let done = size; done < bytes; done *= 2) {
      u8.copyWithin(dst + done, dst, dst + Math.min(done, bytes - done));
    }
  }

  /**
   * Decodes some rows, and of the codes only the groups that hold them.
   *
   * @param wanted Rows, in ascending order.
   * @param take Gets the position in `wanted`, the memory, and the byte offset of the row's elements.
   * @throws {CodecError} `CORRUPT`
   */
  decodeRows(wanted: readonly number[], take: (position: number, bytes: Uint8Array, at: number) => void): void {
    const { kernels } = this.#workspace, { dtype, d } = this.#shape, { header } = this;
    const rowBytes = d * elementBytes(dtype), coded = header.coder === RAW ? 0 : header.uniqueRows - header.escapedRows;
    const whole = header.coder === CONST || header.lorenzo !== 0;
    const slots = wanted.map((row) => this.#slot(this.storedRow(row)));
    if (whole) {
      this.#workspace.scoped(() => {
        const stored = header.coder === CONST ? this.decode() : this.#readStored();
        const { u8 } = kernels.memory;
        wanted.forEach((row, i) => take(i, u8, stored + (header.coder === CONST ? row : slots[i]!) * rowBytes));
      });
      return;
    }
    const order = slots.map((_, i) => i).sort((a, b) => slots[a]! - slots[b]!);
    for (let i = 0; i < order.length;) {
      const first = slots[order[i]!]!;
      if (first >= coded) {
        this.#takeRaw(first - coded, order[i]!, take);
        i++;
        continue;
      }
      // Rows whose groups touch are decoded at once.
      let next = i + 1, last = first;
      const reach = Math.max(1, Math.ceil(2048 / d));
      while (next < order.length && slots[order[next]!]! < coded && slots[order[next]!]! <= last + reach) {
        last = slots[order[next++]!]!;
      }
      this.#workspace.scoped(() => {
        const codes = this.#readCodes(first, last - first + 1), count = (last - first + 1) * d;
        const aligned = this.#workspace.arena.take(4 * count),
          dst = this.#workspace.arena.take(rowBytes * (last - first + 1));
        kernels.memory.u8.copyWithin(aligned, codes, codes + 4 * count);
        this.#restore(aligned, count, dst);
        for (; i < next; i++) take(order[i]!, kernels.memory.u8, dst + (slots[order[i]!]! - first) * rowBytes);
      });
    }
  }
}
