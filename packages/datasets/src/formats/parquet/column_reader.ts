import { ByteCursor } from "./cursor.ts";
import type { ColumnChunk, ParquetColumn, RandomAccess } from "./footer.ts";
import { RunReader } from "./runs.ts";
import { CompactReader, inner, integer, type ThriftShape } from "./thrift.ts";
import { unpack } from "./unpack.ts";
import { type NextValue, readDictionary, readValues } from "./values.ts";

/** What the columns of a file may take together. */
export interface MemoryBudget {
  /** Bytes that unpacked pages may still hold at the same time. */
  held: number;
  /** Bytes that pages may still unpack to, one after the other: a few bytes can ask for much work. */
  unpacked: number;
}

const DATA_PAGE = 0, INDEX_PAGE = 1, DICTIONARY_PAGE = 2, DATA_PAGE_V2 = 3;
const RLE = 3;
const MAX_HEADER_BYTES = 2 ** 16;
const WINDOW_BYTES = 2 ** 18;
const ENTRY_BYTES = 16; // of a dictionary's entry in memory
const HEADER: ThriftShape = {
  1: true,
  2: true,
  3: true,
  5: { 1: true, 2: true, 3: true },
  7: { 1: true },
  8: { 1: true, 4: true, 5: true, 6: true, 7: true },
};

/**
 * Reads the cells of a column chunk in order. One page is unpacked at a time, and runs are not: what is held does not
 * depend on what the file claims but on the bytes it has and the budget.
 */
export class ColumnReader {
  readonly #source: RandomAccess;
  readonly #column: ParquetColumn;
  readonly #chunk: ColumnChunk;
  readonly #budget: MemoryBudget;
  #at: number;
  #window = new Uint8Array();
  #windowStart = 0;
  #next: NextValue = () => undefined;
  #left = 0;
  #rowsLeft: number;
  #pageBytes = 0;
  #dictionaryBytes = 0;
  #dictionary: readonly unknown[] | undefined;

  /** @param source the file @param column what the cells are @param chunk where they lie @param rows of the group */
  constructor(
    source: RandomAccess,
    column: ParquetColumn,
    chunk: ColumnChunk,
    rows: number,
    budget: MemoryBudget,
  ) {
    this.#source = source;
    this.#column = column;
    this.#chunk = chunk;
    this.#budget = budget;
    this.#at = chunk.start;
    this.#rowsLeft = rows;
  }

  /** Writes the next `count` cells to `cells[0..count)`. @throws {Error} on damage */
  async read(cells: unknown[], count: number): Promise<void> {
    for (let done = 0; done < count;) {
      while (this.#left === 0) await this.#page();
      const end = done + Math.min(this.#left, count - done);
      this.#left -= end - done;
      const next = this.#next;
      while (done < end) cells[done++] = next();
    }
  }

  /** Gives the memory of the last page back. */
  close(): void {
    this.#hold(0);
    this.#budget.held += this.#dictionaryBytes;
    this.#dictionaryBytes = 0;
  }

  async #page(): Promise<void> {
    const left = this.#chunk.end - this.#at;
    if (left === 0) throw new Error(`its pages end ${this.#rowsLeft} rows too early`);
    const reader = new CompactReader(await this.#bytes(Math.min(left, MAX_HEADER_BYTES)));
    const header = reader.struct(HEADER);
    const type = integer(header, 1), unpacked = integer(header, 2) ?? -1, packed = integer(header, 3) ?? -1;
    this.#at += reader.offset;
    if (!(packed >= 0 && packed <= this.#chunk.end - this.#at && unpacked >= 0)) {
      throw new Error(`a page claims ${packed} bytes, ${unpacked} unpacked`);
    }
    const detail = inner(header, type === DICTIONARY_PAGE ? 7 : type === DATA_PAGE_V2 ? 8 : 5);
    const count = integer(detail, 1) ?? -1;
    if (type === INDEX_PAGE) {
      this.#at += packed;
      return;
    }
    this.#budget.unpacked -= unpacked;
    if (this.#budget.unpacked < 0) throw new Error(`a page claims to unpack ${packed} bytes to ${unpacked}`);
    const limit = type === DICTIONARY_PAGE ? unpacked : this.#rowsLeft;
    if (!(count >= 0 && count <= limit)) throw new Error(`a page claims ${count} values; want at most ${limit}`);
    if (type === DICTIONARY_PAGE) {
      if (this.#dictionary) throw new Error("it has a second dictionary");
      this.#dictionaryBytes = unpacked + ENTRY_BYTES * count;
      this.#spend(this.#dictionaryBytes);
      const bytes = await unpack(this.#chunk.codec, await this.#body(packed), unpacked);
      this.#dictionary = readDictionary(bytes, count, this.#column);
    } else if (type === DATA_PAGE || type === DATA_PAGE_V2) {
      this.#hold(unpacked);
      const body = await this.#body(packed);
      this.#next = type === DATA_PAGE
        ? this.#first(await unpack(this.#chunk.codec, body, unpacked), count, integer(detail, 2), integer(detail, 3))
        : await this.#second(body, unpacked, count, {
          encoding: integer(detail, 4),
          levels: integer(detail, 5) ?? 0,
          repetitions: integer(detail, 6) ?? 0,
          isPacked: detail?.get(7) !== false,
        });
      this.#left = count;
      this.#rowsLeft -= count;
    } else {
      throw new Error(`it has a page of unknown type ${type}`);
    }
  }

  /** Data page of version 1: levels with their length and values, packed together. */
  #first(bytes: Uint8Array, count: number, encoding = -1, levelEncoding = -1): NextValue {
    const cursor = new ByteCursor(bytes);
    if (!this.#column.optional) return this.#nullable(undefined, bytes, count, encoding);
    if (levelEncoding !== RLE) throw new Error(`a page has levels of encoding ${levelEncoding}; want ${RLE}`);
    const levels = cursor.take(cursor.uint32());
    return this.#nullable(levels, cursor.take(cursor.left), count, encoding);
  }

  /** Data page of version 2: levels as they are, then values, packed or not. */
  async #second(
    body: Uint8Array,
    unpacked: number,
    count: number,
    page: { encoding: number | undefined; levels: number; repetitions: number; isPacked: boolean },
  ): Promise<NextValue> {
    const cursor = new ByteCursor(body);
    cursor.take(page.repetitions);
    const levels = cursor.take(page.levels);
    const rest = cursor.take(cursor.left), size = unpacked - page.levels - page.repetitions;
    const bytes = page.isPacked ? await unpack(this.#chunk.codec, rest, size) : rest;
    return this.#nullable(this.#column.optional ? levels : undefined, bytes, count, page.encoding ?? -1);
  }

  #nullable(levels: Uint8Array | undefined, bytes: Uint8Array, count: number, encoding: number): NextValue {
    if (levels === undefined) return readValues({ bytes, encoding, count }, this.#column, this.#dictionary);
    const present = new RunReader(levels, 1);
    let next: NextValue | undefined; // a page of nulls only needs no values
    return () => {
      if (present.next() === 0) return undefined;
      next ??= readValues({ bytes, encoding, count }, this.#column, this.#dictionary);
      return next();
    };
  }

  /** The page before makes room for one of so many bytes. */
  #hold(bytes: number): void {
    this.#spend(bytes - this.#pageBytes);
    this.#pageBytes = bytes;
  }

  #spend(bytes: number): void {
    if (bytes > this.#budget.held) throw new Error(`a page claims ${bytes} bytes; want at most ${this.#budget.held}`);
    this.#budget.held -= bytes;
  }

  async #body(length: number): Promise<Uint8Array> {
    const bytes = await this.#bytes(length);
    this.#at += length;
    return bytes;
  }

  /** The next bytes, which lie within the chunk; reads ahead. */
  async #bytes(length: number): Promise<Uint8Array> {
    let from = this.#at - this.#windowStart;
    if (from < 0 || from + length > this.#window.length) {
      const end = Math.min(this.#at + Math.max(length, WINDOW_BYTES), this.#chunk.end);
      this.#window = new Uint8Array(await this.#source.slice(this.#at, end));
      this.#windowStart = this.#at;
      from = 0;
      if (this.#window.length < length) throw new Error(`the file ends at byte ${this.#at + this.#window.length}`);
    }
    return this.#window.subarray(from, from + length);
  }
}
