/**
 * Bytes of the dictionaries of a table, little-endian 32-bit words: "CDIC", version, number of columns; per column its
 * size, the place of "missing" and the values; XXH32 of everything before it.
 *
 * @module
 */
import { DataFormatError } from "./errors.ts";
import { xxh32 } from "./hash.ts";
import type { ColumnDictionary } from "./table.ts";

const MAGIC = 0x43494443; // "CDIC"
const VERSION = 1;

/** Serialises dictionaries. */
export function encodeDictionaries(columns: readonly ColumnDictionary[]): Uint8Array {
  const words = new Uint32Array(columns.reduce((sum, { values }) => sum + 2 + values.length, 4));
  words.set([MAGIC, VERSION, columns.length]);
  let at = 3;
  for (const { values, missingId } of columns) {
    words[at++] = values.length;
    words[at++] = missingId;
    words.set(values, at);
    at += values.length;
  }
  const bytes = new Uint8Array(words.buffer);
  words[at] = xxh32(bytes.subarray(0, 4 * at));
  return bytes;
}

/** Reads dictionaries. @throws {DataFormatError} on damage */
export function decodeDictionaries(bytes: Uint8Array, file: string): ColumnDictionary[] {
  const fail = (reason: string): never => {
    throw new DataFormatError({ file }, `Cannot read dictionaries as ${reason}`);
  };
  if (bytes.length < 16 || bytes.length % 4 !== 0) fail(`their size is impossible: ${bytes.length}`);
  if (bytes.byteOffset % 4 !== 0) bytes = bytes.slice();
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const end = words.length - 1;
  if (words[0] !== MAGIC || words[1] !== VERSION) fail(`they do not begin with CDIC, version ${VERSION}`);
  if (xxh32(bytes.subarray(0, 4 * end)) !== words[end]) fail("the checksum does not match");
  const columns: ColumnDictionary[] = [];
  let at = 3;
  for (let column = 0; column < words[2]!; column++) {
    if (at + 2 > end) fail("they are cut short");
    const size = words[at]!, missingId = words[at + 1]! | 0;
    at += 2;
    if (size > end - at || missingId < -1 || missingId >= size) fail(`column ${column} is damaged`);
    columns.push({ values: words.subarray(at, at + size), missingId });
    at += size;
  }
  if (at !== end) fail(`${end - at} words are left over`);
  return columns;
}
