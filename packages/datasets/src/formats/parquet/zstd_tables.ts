/** Entropy tables of Zstandard (RFC 8878, section 4). @module */
import { bitsAt } from "./cursor.ts";

const damaged = (what: string): Error => new Error(`a page has damaged zstd data: ${what}`);

/** Finite state entropy: per state a symbol, and where the next state is found. */
export interface FseTable {
  /** Bits of the first state. */
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly base: Uint16Array;
}

/** Prefix code: per `log` bits a symbol and the bits it takes. */
export interface HuffmanTable {
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
}

/** Reads bits from the last to the first, as entropy coded streams are written; zeros before the first. */
export class BackwardBits {
  /** Bits that are left; negative if more were read than there are. */
  left: number;
  readonly #bytes: Uint8Array;

  /** @param bytes the stream; the highest set bit of its last byte marks the end */
  constructor(bytes: Uint8Array) {
    const last = bytes.at(-1) ?? 0;
    if (last === 0) throw damaged("a stream has no end mark");
    this.#bytes = bytes;
    this.left = bytes.length * 8 - 1 - Math.clz32(last << 24);
  }

  /** The next `count` (up to 32) bits. */
  read(count: number): number {
    const value = this.peek(count);
    this.left -= count;
    return value;
  }

  /** The next `count` (up to 32) bits, to be read again. */
  peek(count: number): number {
    const from = this.left - count;
    if (from >= 0) return count === 0 ? 0 : bitsAt(this.#bytes, from >>> 3, from & 7, count);
    return this.left <= 0 ? 0 : bitsAt(this.#bytes, 0, 0, this.left) << -from >>> 0;
  }
}

/** Builds the table of a distribution; -1 is "less than one". */
export function fseTable(counts: readonly number[], log: number): FseTable {
  const size = 1 << log, mask = size - 1;
  const symbols = new Uint8Array(size), bits = new Uint8Array(size), base = new Uint16Array(size);
  const next = new Uint16Array(counts.length);
  let high = size;
  counts.forEach((count, symbol) => {
    if (count === -1) symbols[--high] = symbol;
    next[symbol] = Math.abs(count);
  });
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  counts.forEach((count, symbol) => {
    for (let i = 0; i < count; i++) {
      symbols[at] = symbol;
      do at = at + step & mask; while (at >= high);
    }
  });
  for (let state = 0; state < size; state++) {
    const from = next[symbols[state]!]!++;
    bits[state] = log - 31 + Math.clz32(from);
    base[state] = (from << bits[state]!) - size;
  }
  return { log, symbols, bits, base };
}

/** A table of one symbol, which takes no bits. */
export function constantTable(symbol: number): FseTable {
  return { log: 0, symbols: Uint8Array.of(symbol), bits: new Uint8Array(1), base: new Uint16Array(1) };
}

/** Reads a distribution; gives its table and the bytes it takes. @throws {Error} on damage */
export function readFseTable(
  bytes: Uint8Array,
  maxLog: number,
  maxSymbol: number,
): { table: FseTable; length: number } {
  let bit = 0;
  const peek = (count: number): number => bitsAt(bytes, bit >>> 3, bit & 7, count);
  const log = peek(4) + 5;
  bit = 4;
  if (log > maxLog) throw damaged(`a table of 2^${log} states`);
  const counts: number[] = [];
  for (let left = 1 << log; left > 0;) {
    const width = 32 - Math.clz32(left + 1);
    const low = (1 << width - 1) - 1, threshold = (1 << width) - 2 - left;
    let value = peek(width);
    if ((value & low) < threshold) {
      value &= low;
      bit += width - 1;
    } else {
      if (value > low) value -= threshold;
      bit += width;
    }
    const count = value - 1;
    left -= Math.abs(count);
    counts.push(count);
    for (let zeros = count === 0 ? 3 : 0; zeros === 3;) {
      zeros = peek(2);
      bit += 2;
      for (let i = 0; i < zeros; i++) counts.push(0);
    }
    if (left < 0 || counts.length > maxSymbol + 1 || bit > bytes.length * 8) throw damaged("a distribution");
  }
  return { table: fseTable(counts, log), length: bit + 7 >> 3 };
}

const MAX_HUFFMAN_BITS = 11;

/** Reads a prefix code; gives its table and the bytes it takes. @throws {Error} on damage */
export function readHuffmanTable(bytes: Uint8Array): { table: HuffmanTable; length: number } {
  const head = bytes[0] ?? 0;
  const length = 1 + (head < 128 ? head : head - 126 >> 1);
  if (length > bytes.length) throw damaged("a prefix code is cut short");
  const weights = head < 128 ? packedWeights(bytes.subarray(1, length)) : plainWeights(bytes.subarray(1), head - 127);
  let sum = 0;
  for (const weight of weights) {
    if (weight > MAX_HUFFMAN_BITS) throw damaged("a prefix code");
    sum += weight === 0 ? 0 : 1 << weight - 1;
  }
  const log = 32 - Math.clz32(sum), rest = (1 << log) - sum;
  if (sum === 0 || log > MAX_HUFFMAN_BITS || (rest & rest - 1) !== 0) throw damaged("a prefix code");
  weights.push(32 - Math.clz32(rest)); // the last weight is what makes the code complete
  const symbols = new Uint8Array(1 << log), bits = new Uint8Array(1 << log);
  let at = 0;
  for (let weight = 1; weight <= log; weight++) {
    weights.forEach((of, symbol) => {
      if (of !== weight) return;
      const end = at + (1 << weight - 1);
      symbols.fill(symbol, at, end);
      bits.fill(log + 1 - weight, at, end);
      at = end;
    });
  }
  return { table: { log, symbols, bits }, length };
}

function plainWeights(bytes: Uint8Array, count: number): number[] {
  return Array.from({ length: count }, (_, i) => i % 2 === 0 ? bytes[i >> 1]! >> 4 : bytes[i >> 1]! & 15);
}

/** Two states take turns until the bits end. */
function packedWeights(bytes: Uint8Array): number[] {
  const { table, length } = readFseTable(bytes, 6, MAX_HUFFMAN_BITS + 1);
  const stream = new BackwardBits(bytes.subarray(length));
  const weights: number[] = [];
  let state = stream.read(table.log), other = stream.read(table.log);
  if (stream.left < 0) throw damaged("a prefix code is cut short");
  for (;;) {
    weights.push(table.symbols[state]!);
    const needed = table.bits[state]!;
    if (needed > stream.left) {
      weights.push(table.symbols[other]!);
      break;
    }
    const following = table.base[state]! + stream.read(needed);
    state = other;
    other = following;
    if (weights.length > 254) throw damaged("a prefix code of more than 255 symbols");
  }
  if (weights.length > 255) throw damaged("a prefix code of more than 255 symbols");
  return weights;
}
