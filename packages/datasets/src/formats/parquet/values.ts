import { ByteCursor } from "./cursor.ts";
import { DeltaReader } from "./delta.ts";
import type { ParquetColumn, PhysicalType } from "./footer.ts";
import { RunReader } from "./runs.ts";

/** Gives the next value of a page: a number, a boolean or a string; undefined for null. */
export type NextValue = () => unknown;

/** The values of a page, unpacked. */
export interface PageValues {
  readonly bytes: Uint8Array;
  /** Parquet's number of the encoding. */
  readonly encoding: number;
  /** Values at most, nulls included. */
  readonly count: number;
}

const PLAIN = 0, PLAIN_DICTIONARY = 2, RLE = 3, DELTA_BINARY_PACKED = 5;
const DELTA_LENGTH_BYTE_ARRAY = 6, DELTA_BYTE_ARRAY = 7, RLE_DICTIONARY = 8;

/** Strings are cut to so many bytes: no cell has more than 11, no message shows more than 40. */
const MAX_TEXT = 64;

/** Reads the values that are not null. @throws {Error} for encodings that the type does not have, and on damage */
export function readValues(
  { bytes, encoding, count }: PageValues,
  { type, unsigned }: ParquetColumn,
  dictionary: readonly unknown[] | undefined,
): NextValue {
  const cursor = new ByteCursor(bytes);
  if (encoding === PLAIN) return plain(cursor, type!, unsigned);
  if (encoding === PLAIN_DICTIONARY || encoding === RLE_DICTIONARY) {
    if (!dictionary) throw new Error("a page refers to a dictionary that is not there");
    return looked(cursor, dictionary);
  }
  if (encoding === RLE && type === "BOOLEAN") {
    const runs = new RunReader(cursor.take(cursor.uint32()), 1);
    return () => runs.next() === 1;
  }
  if (encoding === DELTA_BINARY_PACKED && (type === "INT32" || type === "INT64")) {
    const numbers = new DeltaReader(cursor, type === "INT32" ? 32 : 64, count);
    if (!unsigned) return () => numbers.next();
    const modulus = type === "INT32" ? 2 ** 32 : 2 ** 64;
    return () => {
      const value = numbers.next();
      return value < 0 ? value + modulus : value;
    };
  }
  if (encoding === DELTA_LENGTH_BYTE_ARRAY && type === "BYTE_ARRAY") {
    const strings = deltaStrings(cursor, count);
    return () => text(strings());
  }
  if (encoding === DELTA_BYTE_ARRAY && type === "BYTE_ARRAY") return frontCoded(cursor, count);
  throw new Error(`a page of ${type} has the encoding ${encoding}; want plain, dictionary or delta`);
}

/** Reads a dictionary page; entries take at least one byte each. @throws {Error} on damage */
export function readDictionary(bytes: Uint8Array, count: number, { type, unsigned }: ParquetColumn): unknown[] {
  if (type === "BOOLEAN" || count > bytes.length) throw new Error(`a dictionary of ${type} claims ${count} entries`);
  const next = plain(new ByteCursor(bytes), type!, unsigned);
  return Array.from({ length: count }, next);
}

function plain(cursor: ByteCursor, type: PhysicalType, unsigned: boolean): NextValue {
  const { bytes } = cursor;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const step = (size: number): number => {
    const { at } = cursor;
    cursor.take(size);
    return at;
  };
  switch (type) {
    case "BOOLEAN": {
      let bits = 0, left = 0;
      return () => {
        if (left === 0) bits = cursor.byte(), left = 8;
        return (bits >> 8 - left-- & 1) === 1;
      };
    }
    case "INT32":
      return unsigned ? () => view.getUint32(step(4), true) : () => view.getInt32(step(4), true);
    case "INT64":
      return () => {
        const at = step(8);
        const high = unsigned ? view.getUint32(at + 4, true) : view.getInt32(at + 4, true);
        return high * 2 ** 32 + view.getUint32(at, true);
      };
    case "FLOAT":
      return () => view.getFloat32(step(4), true);
    case "DOUBLE":
      return () => view.getFloat64(step(8), true);
    case "BYTE_ARRAY":
      return () => text(cursor.take(cursor.uint32()));
  }
}

function looked(cursor: ByteCursor, dictionary: readonly unknown[]): NextValue {
  // A page of nulls only may have no index width.
  if (cursor.left === 0) return () => cursor.byte();
  const width = cursor.byte();
  const indexes = new RunReader(cursor.take(cursor.left), width);
  return () => {
    const index = indexes.next();
    if (index >= dictionary.length) {
      throw new Error(`a page refers to entry ${index} of a dictionary of ${dictionary.length}`);
    }
    return dictionary[index];
  };
}

/** Lengths first, then all bytes: the lengths are walked once to find the bytes, and again beside them. */
function deltaStrings(cursor: ByteCursor, limit: number): () => Uint8Array {
  if (cursor.left === 0) return () => cursor.take(1);
  const lengths = new DeltaReader(new ByteCursor(cursor.bytes, cursor.at), 32, limit);
  const walk = new DeltaReader(cursor, 32, limit);
  for (let i = 0; i < walk.total; i++) walk.next();
  return () => cursor.take(lengths.next());
}

/** Each string begins with so many bytes of the one before it. */
function frontCoded(cursor: ByteCursor, limit: number): NextValue {
  if (cursor.left === 0) return () => cursor.byte();
  const prefixes = new DeltaReader(new ByteCursor(cursor.bytes, cursor.at), 32, limit);
  const walk = new DeltaReader(cursor, 32, limit);
  for (let i = 0; i < walk.total; i++) walk.next();
  const suffixes = deltaStrings(cursor, limit);
  const last = new Uint8Array(MAX_TEXT);
  let length = 0;
  return () => {
    const prefix = prefixes.next(), suffix = suffixes();
    if (!(prefix >= 0 && prefix <= length)) {
      throw new Error(`a page repeats ${prefix} bytes of a string of ${length}`);
    }
    length = prefix + suffix.length;
    if (prefix < MAX_TEXT) last.set(suffix.subarray(0, MAX_TEXT - prefix), prefix);
    return text(last.subarray(0, length));
  };
}

const decoder = new TextDecoder();

function text(bytes: Uint8Array): string {
  const length = Math.min(bytes.length, MAX_TEXT);
  let ascii = "";
  for (let i = 0; i < length; i++) {
    if (bytes[i]! >= 128) return decoder.decode(bytes.subarray(0, length));
    ascii += String.fromCharCode(bytes[i]!);
  }
  return ascii;
}
