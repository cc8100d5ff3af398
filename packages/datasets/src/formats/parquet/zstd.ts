/**
 * Zstandard (RFC 8878), written for bytes that mean harm: every loop is bounded by the input or by the room for the
 * output. Dictionaries are not read, checksums are not verified.
 *
 * @module
 */
import { bitsAt, ByteCursor } from "./cursor.ts";
import { Output } from "./output.ts";
import {
  BackwardBits,
  constantTable,
  type FseTable,
  fseTable,
  type HuffmanTable,
  readFseTable,
  readHuffmanTable,
} from "./zstd_tables.ts";

const MAGIC = 0xfd2fb528, SKIPPABLE = 0x184d2a50;
const MAX_BLOCK = 2 ** 17;

const damaged = (what: string): Error => new Error(`a page has damaged zstd data: ${what}`);

/** Codes of lengths: what they begin at and how many bits follow. */
interface Codes {
  readonly base: readonly number[];
  readonly bits: readonly number[];
}

/** Codes `0..plain-1` stand for themselves (plus `start`), the others for ranges of `2^bits`. */
function codes(start: number, plain: number, wide: readonly number[]): Codes {
  const bits = [...new Array<number>(plain).fill(0), ...wide];
  const base: number[] = [];
  let at = start;
  for (const count of bits) {
    base.push(at);
    at += 1 << count;
  }
  return { base, bits };
}

const LITERALS = codes(0, 16, [1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
const MATCHES = codes(3, 32, [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);

/** How the codes of literal lengths, offsets and match lengths are stored: default table, greatest log and symbol. */
const KINDS = [
  {
    table: fseTable(
      [4, 3, ...times(2, 11), ...times(1, 3), ...times(2, 9), 3, 2, ...times(1, 5), ...times(-1, 4)],
      6,
    ),
    maxLog: 9,
    maxSymbol: 35,
  },
  {
    table: fseTable([...times(1, 6), 2, 2, 2, ...times(1, 15), ...times(-1, 5)], 5),
    maxLog: 8,
    maxSymbol: 31,
  },
  {
    table: fseTable([1, 4, 3, ...times(2, 6), ...times(1, 37), ...times(-1, 7)], 6),
    maxLog: 9,
    maxSymbol: 52,
  },
];

function times(value: number, count: number): number[] {
  return new Array<number>(count).fill(value);
}

/** What a frame's blocks hand on. */
interface FrameState {
  huffman: HuffmanTable | undefined;
  readonly tables: (FseTable | undefined)[];
  readonly offsets: [number, number, number];
  /** Where the frame begins in the output: no match reaches before it. */
  readonly start: number;
}

/** Unpacks frames of Zstandard. @throws {Error} on damage, or if they unpack to more than `size` bytes */
export function unpackZstd(bytes: Uint8Array, size: number): Uint8Array {
  const cursor = new ByteCursor(bytes), output = new Output(size);
  while (cursor.left > 0) {
    const magic = cursor.uint32();
    if (magic === MAGIC) unpackFrame(cursor, output);
    else if ((magic & ~15) === SKIPPABLE) cursor.take(cursor.uint32());
    else throw damaged("a frame has no magic number");
  }
  return output.bytes();
}

function unpackFrame(cursor: ByteCursor, output: Output): void {
  const head = cursor.byte();
  if (head & 8) throw damaged("a frame is of an unknown version");
  const isSingle = (head & 32) !== 0;
  if (!isSingle) cursor.byte(); // the window: all output is at hand
  if (cursor.take([0, 1, 2, 4][head & 3]!).some((byte) => byte !== 0)) throw damaged("a frame wants a dictionary");
  cursor.take([isSingle ? 1 : 0, 2, 4, 8][head >> 6]!); // the size: the caller knows it
  const state: FrameState = { huffman: undefined, tables: [], offsets: [1, 4, 8], start: output.length };
  for (let isLast = false; !isLast;) {
    const header = bitsAt(cursor.take(3), 0, 0, 24);
    isLast = (header & 1) === 1;
    const type = header >> 1 & 3, size = header >> 3;
    if (type === 0) output.append(cursor.take(size));
    else if (type === 1) output.fill(cursor.byte(), size);
    else if (type === 2 && size <= MAX_BLOCK) unpackBlock(new ByteCursor(cursor.take(size)), output, state);
    else throw damaged(`a block of type ${type} has ${size} bytes`);
  }
  if (head & 4) cursor.take(4);
}

function unpackBlock(cursor: ByteCursor, output: Output, state: FrameState): void {
  const literals = new ByteCursor(readLiterals(cursor, state));
  let count = cursor.byte();
  if (count === 255) count = cursor.byte() + cursor.byte() * 256 + 0x7f00;
  else if (count > 127) count = (count - 128) * 256 + cursor.byte();
  if (count > 0) {
    const modes = cursor.byte();
    if (modes & 3) throw damaged("a block of sequences is of an unknown version");
    KINDS.forEach((_, kind) => state.tables[kind] = readTable(cursor, kind, modes >> 6 - 2 * kind & 3, state));
    unpackSequences(count, new BackwardBits(cursor.take(cursor.left)), literals, output, state);
  }
  output.append(literals.take(literals.left));
}

function readTable(cursor: ByteCursor, kind: number, mode: number, state: FrameState): FseTable {
  const { table, maxLog, maxSymbol } = KINDS[kind]!;
  if (mode === 0) return table;
  if (mode === 1) {
    const symbol = cursor.byte();
    if (symbol > maxSymbol) throw damaged(`a code ${symbol}`);
    return constantTable(symbol);
  }
  if (mode === 2) {
    const { table, length } = readFseTable(cursor.bytes.subarray(cursor.at), maxLog, maxSymbol);
    cursor.take(length);
    return table;
  }
  const before = state.tables[kind];
  if (!before) throw damaged("a block repeats a table that is not there");
  return before;
}

/** Literals of a block, at most 128 KiB. */
function readLiterals(cursor: ByteCursor, state: FrameState): Uint8Array {
  const head = cursor.byte();
  const type = head & 3, format = head >> 2 & 3;
  if (type < 2) {
    const size = format === 1
      ? (head >> 4) + cursor.byte() * 16
      : format === 3
      ? (head >> 4) + cursor.byte() * 16 + cursor.byte() * 4096
      : head >> 3;
    if (size > MAX_BLOCK) throw damaged(`a block has ${size} literals`);
    return type === 0 ? cursor.take(size) : new Uint8Array(size).fill(cursor.byte());
  }
  const width = [10, 10, 14, 18][format]!;
  const sizes = cursor.take([2, 2, 3, 4][format]!).reduce((sum, byte, i) => sum + byte * 2 ** (8 * i + 4), head >> 4);
  const size = sizes % 2 ** width, packed = Math.floor(sizes / 2 ** width);
  if (size > MAX_BLOCK) throw damaged(`a block has ${size} literals`);
  const body = new ByteCursor(cursor.take(packed));
  if (type === 2) {
    const { table, length } = readHuffmanTable(body.bytes);
    state.huffman = table;
    body.take(length);
  }
  if (!state.huffman) throw damaged("a block repeats a prefix code that is not there");
  const literals = new Uint8Array(size);
  if (format === 0) {
    decode(body.take(body.left), literals, state.huffman);
    return literals;
  }
  const lengths = [0, 1, 2].map(() => body.byte() + body.byte() * 256);
  const quarter = size + 3 >> 2;
  if (3 * quarter > size) throw damaged(`a block has ${size} literals in four streams`);
  for (let i = 0; i < 4; i++) {
    const stream = body.take(i < 3 ? lengths[i]! : body.left);
    decode(stream, literals.subarray(i * quarter, i < 3 ? (i + 1) * quarter : size), state.huffman);
  }
  return literals;
}

function decode(stream: Uint8Array, output: Uint8Array, { log, symbols, bits }: HuffmanTable): void {
  const source = new BackwardBits(stream);
  for (let i = 0; i < output.length; i++) {
    const code = source.peek(log);
    output[i] = symbols[code]!;
    source.left -= bits[code]!;
  }
  if (source.left !== 0) throw damaged("a stream of literals has another length than it claims");
}

/** Each sequence appends some literals and repeats some output. */
function unpackSequences(
  count: number,
  source: BackwardBits,
  literals: ByteCursor,
  output: Output,
  { tables, offsets, start }: FrameState,
): void {
  const [literalTable, offsetTable, matchTable] = tables as [FseTable, FseTable, FseTable];
  let literalState = source.read(literalTable.log);
  let offsetState = source.read(offsetTable.log);
  let matchState = source.read(matchTable.log);
  for (let i = 0; i < count; i++) {
    const offsetCode = offsetTable.symbols[offsetState]!;
    const matchCode = matchTable.symbols[matchState]!;
    const literalCode = literalTable.symbols[literalState]!;
    const offset = 2 ** offsetCode + source.read(offsetCode);
    const match = MATCHES.base[matchCode]! + source.read(MATCHES.bits[matchCode]!);
    const literal = LITERALS.base[literalCode]! + source.read(LITERALS.bits[literalCode]!);
    if (i + 1 < count) {
      literalState = literalTable.base[literalState]! + source.read(literalTable.bits[literalState]!);
      matchState = matchTable.base[matchState]! + source.read(matchTable.bits[matchState]!);
      offsetState = offsetTable.base[offsetState]! + source.read(offsetTable.bits[offsetState]!);
    }
    if (source.left < 0) throw damaged("a block of sequences is cut short");
    output.append(literals.take(literal));
    const distance = distanceOf(offset, literal, offsets);
    if (distance > output.length - start) throw damaged(`a match reaches ${distance} bytes back`);
    output.repeat(distance, match);
  }
  if (source.left !== 0) throw damaged("a block of sequences is longer than it claims");
}

/** Small offsets mean the latest three distances (RFC 8878, section 3.1.1.5). */
function distanceOf(offset: number, literal: number, latest: [number, number, number]): number {
  if (offset > 3) {
    latest[2] = latest[1];
    latest[1] = latest[0];
    return latest[0] = offset - 3;
  }
  const place = offset - (literal === 0 ? 0 : 1);
  if (place === 0) return latest[0];
  const distance = place === 3 ? latest[0] - 1 : latest[place]!;
  if (place > 1) latest[2] = latest[1];
  latest[1] = latest[0];
  return latest[0] = distance;
}
