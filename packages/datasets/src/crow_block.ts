/**
 * One block of a `.crow` shard: up to 16,384 rows, column by column, every column bit-packed over its own range.
 *
 * Words are little-endian 32-bit: rows, zero, number of words, XXH32 of all words from the fifth on; then per column
 * (13 integers, 26 ids) its smallest value and its width (+ 256 if a bitset of missing values precedes it); then the
 * label bitset and the columns.
 *
 * @module
 */
import { bitWidth, packBits, packedWords, unpackBits } from "./bits.ts";
import { DataFormatError, type DataPosition } from "./errors.ts";
import { xxh32 } from "./hash.ts";
import { CATEGORIES, createRawBlock, DENSE_FEATURES, type RawBlock } from "./layout.ts";

const COLUMNS = DENSE_FEATURES + CATEGORIES;
const HEADER = 4 + 2 * COLUMNS;
const HAS_MISSING = 256;
/** No reader allocates for more rows than this, whatever a damaged block says. */
const MAX_BLOCK_ROWS = 1 << 16;

/**
 * Encodes a block whose `cats` hold ids. `catMissing` is not kept: a missing category has an id of its own. Values of
 * missing integers are overwritten.
 */
export function encodeBlock(block: RawBlock): Uint8Array {
  const { rows, labels, ints, intMissing, cats } = block;
  const table = new Int32Array(2 * COLUMNS);
  let total = HEADER + packedWords(rows, 1);
  const plan = (column: number, values: Int32Array | Uint32Array, stride: number, offset: number, missing: number) => {
    let low = Infinity, high = -Infinity;
    for (let r = 0, i = offset; r < rows; r++, i += stride) {
      if (missing && (intMissing[r]! >>> column) & 1) continue;
      const value = values[i]!;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    const width = low > high ? 0 : bitWidth(high - low);
    table[2 * column] = low > high ? 0 : low;
    table[2 * column + 1] = width | (missing ? HAS_MISSING : 0);
    total += packedWords(rows, width) + (missing ? packedWords(rows, 1) : 0);
  };
  let anyMissing = 0;
  for (let r = 0; r < rows; r++) anyMissing |= intMissing[r]!;
  for (let c = 0; c < DENSE_FEATURES; c++) plan(c, ints, DENSE_FEATURES, c, (anyMissing >>> c) & 1);
  for (let c = 0; c < CATEGORIES; c++) plan(DENSE_FEATURES + c, cats, CATEGORIES, c, 0);

  const words = new Uint32Array(total);
  words[0] = rows;
  words[2] = total;
  words.set(table, 4);
  let at = HEADER;
  for (let r = 0; r < rows; r++) words[at + (r >>> 5)]! |= labels[r]! << (r & 31);
  at += packedWords(rows, 1);
  for (let column = 0; column < COLUMNS; column++) {
    const dense = column < DENSE_FEATURES;
    const width = table[2 * column + 1]! & 255;
    if (table[2 * column + 1]! & HAS_MISSING) {
      for (let r = 0; r < rows; r++) words[at + (r >>> 5)]! |= ((intMissing[r]! >>> column) & 1) << (r & 31);
      at += packedWords(rows, 1);
    }
    const values = dense ? ints : cats;
    const stride = dense ? DENSE_FEATURES : CATEGORIES;
    const base = dense ? table[2 * column]! : table[2 * column]! >>> 0;
    const offset = dense ? column : column - DENSE_FEATURES;
    if (table[2 * column + 1]! & HAS_MISSING) clearMissing(block, column, base);
    packBits(values, { offset, stride, count: rows, base, width }, words, at);
    at += packedWords(rows, width);
  }
  const bytes = new Uint8Array(words.buffer);
  words[3] = xxh32(bytes.subarray(16));
  return bytes;
}

/** A missing integer takes the base so that its packed value is 0 and fits any width. */
function clearMissing(block: RawBlock, column: number, base: number): void {
  for (let r = 0; r < block.rows; r++) {
    if ((block.intMissing[r]! >>> column) & 1) block.ints[r * DENSE_FEATURES + column] = base;
  }
}

/**
 * Decodes a block: `cats` holds the ids, `ints` is 0 where missing, `catMissing` stays 0.
 *
 * @param bytes exactly one block, aligned to 4 bytes or copied if it is not
 * @param into a block to fill; a new one of the right size if left out
 * @throws {DataFormatError} if the bytes are not an undamaged block
 */
export function decodeBlock(bytes: Uint8Array, position: DataPosition, into?: RawBlock): RawBlock {
  const fail = (reason: string): never => {
    throw new DataFormatError(position, `Cannot read a block as ${reason}`);
  };
  if (bytes.byteLength < HEADER * 4 || bytes.byteLength % 4 !== 0) fail(`its size is impossible: ${bytes.byteLength}`);
  if (bytes.byteOffset % 4 !== 0) bytes = bytes.slice();
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const rows = words[0]!;
  if (words[2] !== words.length) fail(`it holds ${words.length} words; want ${words[2]}`);
  const sum = xxh32(bytes.subarray(16));
  if (sum !== words[3]) fail(`its checksum is ${sum}; want ${words[3]}`);
  let total = HEADER + packedWords(rows, 1);
  for (let column = 0; column < COLUMNS; column++) {
    const descriptor = words[5 + 2 * column]!;
    const missing = (descriptor & HAS_MISSING) !== 0;
    if ((descriptor & 255) > 32 || descriptor > 511 || (missing && column >= DENSE_FEATURES)) {
      fail(`column ${column} has an impossible width: ${descriptor}`);
    }
    total += packedWords(rows, descriptor & 255) + (missing ? packedWords(rows, 1) : 0);
  }
  if (total !== words.length) fail(`its columns take ${total} words; want ${words.length}`);
  if (into && into.labels.length < rows) fail(`it has ${rows} rows; want at most ${into.labels.length}`);
  if (rows > MAX_BLOCK_ROWS) fail(`it has ${rows} rows; want at most ${MAX_BLOCK_ROWS}`);

  const block = into ?? createRawBlock(rows);
  block.rows = rows;
  let at = HEADER;
  for (let r = 0; r < rows; r++) block.labels[r] = (words[at + (r >>> 5)]! >>> (r & 31)) & 1;
  at += packedWords(rows, 1);
  block.intMissing.fill(0, 0, rows);
  block.catMissing.fill(0, 0, rows);
  for (let column = 0; column < COLUMNS; column++) {
    const dense = column < DENSE_FEATURES;
    const descriptor = words[5 + 2 * column]!;
    const width = descriptor & 255;
    const missingAt = at;
    if (descriptor & HAS_MISSING) at += packedWords(rows, 1);
    const stride = dense ? DENSE_FEATURES : CATEGORIES;
    const offset = dense ? column : column - DENSE_FEATURES;
    const base = dense ? words[4 + 2 * column]! | 0 : words[4 + 2 * column]!;
    unpackBits(words, at, { offset, stride, count: rows, base, width }, dense ? block.ints : block.cats);
    at += packedWords(rows, width);
    if (!(descriptor & HAS_MISSING)) continue;
    for (let r = 0; r < rows; r++) {
      if (!((words[missingAt + (r >>> 5)]! >>> (r & 31)) & 1)) continue;
      block.intMissing[r]! |= 1 << column;
      block.ints[r * DENSE_FEATURES + column] = 0;
    }
  }
  return block;
}
