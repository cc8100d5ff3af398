/**
 * Checks the page headers of a Parquet column before its pages are decoded. The decoder trusts them: a negative size
 * sends it backwards for ever, and a page is allocated at whatever size it claims. The runs inside a page are not checked:
 * Parquet files from people who mean harm are not for this reader.
 *
 * @module
 */

const MAX_PAGE_BYTES = 2 ** 28;
const DATA_PAGE = 0, DICTIONARY_PAGE = 2, DATA_PAGE_V2 = 3;

/** Field numbers with integer values; structs are nested. */
type Fields = Map<number, number | Fields>;

/** @throws {Error} unless `chunk` is a sequence of plausible pages with `rows` values in all */
export function checkPages(chunk: Uint8Array, rows: number): void {
  const reader = new CompactReader(chunk);
  let values = 0;
  while (values < rows) {
    const at = reader.offset;
    if (at >= chunk.length) throw new Error(`its pages hold ${values} values; want ${rows}`);
    const header = reader.struct(0);
    const type = header.get(1), unpacked = header.get(2), packed = header.get(3);
    if (typeof unpacked !== "number" || typeof packed !== "number" || unpacked < 0 || packed < 0) {
      throw new Error(`the page at byte ${at} of a column has an impossible size`);
    }
    if (packed > chunk.length - reader.offset || unpacked > MAX_PAGE_BYTES) {
      throw new Error(`the page at byte ${at} of a column claims ${packed} bytes, ${unpacked} unpacked`);
    }
    const detail = header.get(type === DICTIONARY_PAGE ? 7 : type === DATA_PAGE_V2 ? 8 : 5);
    const count = detail instanceof Map ? detail.get(1) : undefined;
    if (typeof count !== "number" || count < 0 || count > MAX_PAGE_BYTES) {
      throw new Error(`the page at byte ${at} of a column has an impossible number of values`);
    }
    if (type === DATA_PAGE_V2 && detail instanceof Map) {
      const levels = [detail.get(5) ?? 0, detail.get(6) ?? 0] as number[];
      if (levels.some((length) => !(length >= 0 && length <= packed))) {
        throw new Error(`the page at byte ${at} of a column claims levels of ${levels.join(" and ")} bytes`);
      }
    }
    if (type === DATA_PAGE || type === DATA_PAGE_V2) {
      if (count === 0) throw new Error(`the page at byte ${at} of a column is empty`);
      values += count;
    } else if (type !== DICTIONARY_PAGE) {
      throw new Error(`the page at byte ${at} of a column is of unknown type ${type}`);
    }
    reader.offset += packed;
  }
  if (values !== rows) throw new Error(`its pages hold ${values} values; want ${rows}`);
}

/** Reads Thrift's compact protocol as far as page headers use it. */
class CompactReader {
  offset = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  struct(depth: number): Fields {
    if (depth > 4) throw new Error("a page header is nested too deeply");
    const fields: Fields = new Map();
    for (let id = 0;;) {
      const byte = this.#byte();
      const type = byte & 15;
      if (type === 0) return fields;
      id = byte >> 4 ? id + (byte >> 4) : this.#zigzag();
      const value = this.#value(type, depth);
      if (value !== undefined) fields.set(id, value);
    }
  }

  #value(type: number, depth: number): number | Fields | undefined {
    switch (type) {
      case 1:
      case 2:
        return 2 - type;
      case 3:
        return this.#byte();
      case 4:
      case 5:
      case 6:
        return this.#zigzag();
      case 7:
        this.offset += 8;
        return undefined;
      case 8:
        this.offset += this.#varint();
        return undefined;
      case 12:
        return this.struct(depth + 1);
      default:
        throw new Error(`a page header has a field of unknown type ${type}`);
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.offset++];
    if (byte === undefined) throw new Error("a page header is cut short");
    return byte;
  }

  #varint(): number {
    let value = 0, scale = 1;
    for (let i = 0; i < 10; i++, scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new Error("a page header holds a number of more than 10 bytes");
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
