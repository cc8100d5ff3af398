/** What {@linkcode CompactReader} gives; integers beyond 2^53 are rounded. */
export type ThriftValue = number | boolean | Uint8Array | ThriftStruct | ThriftValue[];

/** Fields by number. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;

/** The fields to keep of a struct, or of every struct of a list; `true` keeps a value without fields, or a list of such. */
export interface ThriftShape {
  readonly [field: number]: true | ThriftShape;
}

const MAX_DEPTH = 16;
const MAX_ITEMS = 2 ** 20;
const NONE: ThriftShape = {};

/**
 * Reads Thrift's compact protocol from bytes that need not be well-formed: nothing is kept that was not asked for, at
 * most a million structs and list items are, and work is in proportion to the bytes.
 */
export class CompactReader {
  /** Next byte to read. */
  offset: number;
  readonly #bytes: Uint8Array;
  #items = MAX_ITEMS;

  /** @param bytes what to read @param offset where to begin */
  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes;
    this.offset = offset;
  }

  /** The next struct. @throws {Error} on damage */
  struct(shape: ThriftShape): ThriftStruct {
    return this.#struct(shape, 0);
  }

  #struct(shape: ThriftShape, depth: number): ThriftStruct {
    if (depth > MAX_DEPTH) throw new Error("its metadata is nested too deeply");
    const fields = new Map<number, ThriftValue>();
    for (let id = 0;;) {
      const byte = this.#byte();
      const type = byte & 15;
      if (type === 0) return fields;
      id = byte >> 4 ? id + (byte >> 4) : this.#zigzag();
      const wanted = shape[id];
      const value = type < 3 ? type === 1 : this.#value(type, wanted, depth);
      if (wanted !== undefined && value !== undefined) fields.set(id, value);
    }
  }

  #value(type: number, wanted: true | ThriftShape | undefined, depth: number): ThriftValue | undefined {
    switch (type) {
      case 1:
      case 2:
        return this.#byte() === 1;
      case 3:
        return this.#byte() << 24 >> 24;
      case 4:
      case 5:
      case 6:
        return this.#zigzag();
      case 7:
        this.#take(8);
        return undefined;
      case 8: {
        const length = this.#varint();
        return this.#take(length);
      }
      case 9:
      case 10:
        return this.#list(wanted, depth);
      case 12: {
        if (wanted !== undefined) this.#count();
        const fields = this.#struct(typeof wanted === "object" ? wanted : NONE, depth + 1);
        return typeof wanted === "object" ? fields : undefined;
      }
      default:
        throw new Error(`its metadata has a field of unknown type ${type}`);
    }
  }

  #list(wanted: true | ThriftShape | undefined, depth: number): ThriftValue[] | undefined {
    if (depth >= MAX_DEPTH) throw new Error("its metadata is nested too deeply");
    const byte = this.#byte();
    const size = byte >> 4 === 15 ? this.#varint() : byte >> 4;
    if (size > this.#bytes.length - this.offset) throw new Error(`its metadata has a list of ${size} items`);
    const items: ThriftValue[] | undefined = wanted === undefined ? undefined : [];
    for (let i = 0; i < size; i++) {
      const item = this.#value(byte & 15, wanted, depth + 1);
      if (!items || item === undefined) continue;
      this.#count();
      items.push(item);
    }
    return items;
  }

  #count(): void {
    if (--this.#items < 0) throw new Error(`its metadata has more than ${MAX_ITEMS} items`);
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.length - this.offset) throw new Error("its metadata is cut short");
    return this.#bytes.subarray(this.offset, this.offset += length);
  }

  #byte(): number {
    if (this.offset >= this.#bytes.length) throw new Error("its metadata is cut short");
    return this.#bytes[this.offset++]!;
  }

  #varint(): number {
    let value = 0, scale = 1;
    for (let i = 0; i < 10; i++, scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new Error("its metadata holds a number of more than 10 bytes");
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

/** An integer field, or undefined if there is none of this number. */
export function integer(struct: ThriftStruct | undefined, field: number): number | undefined {
  const value = struct?.get(field);
  return typeof value === "number" ? value : undefined;
}

/** A struct field, or undefined if there is none of this number. */
export function inner(struct: ThriftStruct | undefined, field: number): ThriftStruct | undefined {
  const value = struct?.get(field);
  return value instanceof Map ? value : undefined;
}

/** A list field; empty if there is none of this number. */
export function list(struct: ThriftStruct | undefined, field: number): readonly ThriftValue[] {
  const value = struct?.get(field);
  return Array.isArray(value) ? value : [];
}
