/**
 * A decoder written from FORMAT.md alone, as plainly as it goes: it trusts its input, and is slow. Tests compare the codec with
 * it, and through it with the page.
 *
 * @module
 */
import { codeLengths } from "./entropy/huffman.ts";

/** The code printed in FORMAT.md. */
interface PrintedFamily {
  weights(shape: number, k: number, direct: boolean): number[];
  frequencies(weights: number[], t: number): number[];
}

const page = await Deno.readTextFile(new URL("../FORMAT.md", import.meta.url));
const printed = /```ts\n([\s\S]*?)```/.exec(page)![1]!;
/** The family of tables as printed. */
export const family: PrintedFamily = await import(
  `data:application/typescript,${encodeURIComponent(printed + "\nexport { weights, frequencies };")}`
);

/** Bits, least significant first. */
export class Bits {
  at: number;
  constructor(readonly bytes: Uint8Array, begin: number) {
    this.at = 8 * begin;
  }
  read(n: number): number {
    let value = 0;
    for (let i = 0; i < n; i++, this.at++) value += (this.bytes[this.at >> 3]! >> (this.at & 7) & 1) * 2 ** i;
    return value;
  }
  /** Index of the first byte not begun. */
  get end(): number {
    return Math.ceil(this.at / 8);
  }
}

/** XXH32 of specification 0.1.1. */
export function xxh32(bytes: Uint8Array, seed: number): number {
  const [p1, p2, p3, p4, p5] = [2654435761, 2246822519, 3266489917, 668265263, 374761393] as const;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), { length } = bytes;
  const rotate = (x: number, n: number) => x << n | x >>> 32 - n;
  const lanes = [seed + p1 + p2, seed + p2, seed, seed - p1];
  let at = 0;
  for (; length - at >= 16; at += 16) {
    lanes.forEach((lane, i) => {
      const mixed = lane + Math.imul(view.getUint32(at + 4 * i, true), p2);
      lanes[i] = Math.imul(rotate(mixed, 13), p1);
    });
  }
  const turns = [1, 7, 12, 18];
  let hash = length < 16 ? seed + p5 : lanes.reduce((sum, lane, i) => sum + rotate(lane, turns[i]!), 0);
  hash += length;
  for (; length - at >= 4; at += 4) hash = Math.imul(rotate(hash + Math.imul(view.getUint32(at, true), p3), 17), p4);
  for (; at < length; at++) hash = Math.imul(rotate(hash + Math.imul(bytes[at]!, p5), 11), p1);
  hash = Math.imul(hash ^ hash >>> 15, p2);
  hash = Math.imul(hash ^ hash >>> 13, p3);
  return (hash ^ hash >>> 16) >>> 0;
}

/** Checksum of chunk number `number`. */
function checksum(chunk: Uint8Array<ArrayBuffer>, number: number): number {
  const blocks = Math.ceil(chunk.length / 4096), hashes = new DataView(new ArrayBuffer(4 * blocks));
  chunk.fill(0, 12, 16);
  for (let block = 0; block < blocks; block++) {
    hashes.setUint32(4 * block, xxh32(chunk.subarray(4096 * block, 4096 * block + 4096), 0), true);
  }
  return xxh32(new Uint8Array(hashes.buffer), (chunk.length + number * 2654435761) % 2 ** 32);
}

/** Compares a hash with the one that is stored. */
export function expectHash(met: number, stored: number): void {
  if (met !== stored) throw new Error(`the checksum is ${met}: want ${stored}`);
}

/** Tables of the last sequence of a kind that brought its own. */
export interface Book {
  tables?: number[][];
  columns?: number[];
}

/** What reads the symbols of a group. */
interface Group {
  raw(n: number): number;
  /** The next token, by its table. */
  token(table: number[]): number;
  close(): void;
}

/** Reads one file, or parts of other streams. */
export class Decoder {
  readonly #view: DataView;
  readonly codesBook: Book;
  readonly mapBook: Book;
  constructor(readonly bytes: Uint8Array, codesBook: Book = {}, mapBook: Book = {}) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.codesBook = codesBook;
    this.mapBook = mapBook;
  }

  u16 = (at: number): number => this.#view.getUint16(at, true);
  u32 = (at: number): number => this.#view.getUint32(at, true);

  /** Bytes of the elements. */
  file(): Uint8Array {
    const { bytes, u16, u32 } = this,
      streamed = (bytes[6]! & 2) !== 0,
      dtype = bytes[7]!,
      d = u32(12),
      chunkRows = u32(16);
    let n = 1;
    for (let axis = 0; axis < bytes[9]!; axis++) n *= Number(this.#view.getBigUint64(44 + 8 * axis, true));
    const trailer = bytes.length - 12;
    if (streamed) n = Number(this.#view.getBigUint64(trailer - 16, true));
    const rows = Math.ceil(n / d),
      chunks = Math.ceil(rows / chunkRows),
      size = 2 ** dtype,
      out = new Uint8Array(n * size);
    let at = u16(10) + (streamed ? 4 : 4 * chunks + 4);
    const checksums = (bytes[6]! & 1) !== 0, end = bytes.length - 8;
    expectHash(xxh32(bytes.subarray(0, at - 4), 0), u32(at - 4));
    if (streamed) expectHash(xxh32(bytes.subarray(end - 20 - 4 * chunks, end), 0), u32(end));
    for (let chunk = 0; chunk < chunks; chunk++) {
      const length = u32(streamed ? at : u16(10) + 4 * chunk), begin = chunk * chunkRows * d;
      if (streamed) at += 4;
      const elements = Math.min(chunkRows * d, n - begin);
      if (checksums) expectHash(checksum(bytes.slice(at, at + length), chunk), u32(at + 12));
      out.set(this.chunk(at, dtype, d, elements).subarray(0, elements * size), begin * size);
      at += length;
    }
    return out;
  }

  chunk(begin: number, dtype: number, d: number, elements: number): Uint8Array {
    const { bytes, u16, u32 } = this, pad = (at: number) => begin + Math.ceil((at - begin) / 4) * 4;
    const [coder, flags, low, high] = [bytes[begin]!, bytes[begin + 1]!, bytes[begin + 10]!, bytes[begin + 11]!];
    const rows = u16(begin + 4) + 1, stored = u16(begin + 6) + 1, escaped = coder === 0 ? stored : u16(begin + 8);
    const relative = (flags & 8) !== 0, size = 2 ** dtype, rowBytes = d * size;
    let at = begin + 16;
    if (coder >= 2 && (dtype === 3 || relative)) at += 4;
    let map = Array.from({ length: rows }, (_, row) => row);
    if (flags & 1) {
      ({ map, end: at } = this.map(begin, at, rows, stored, high === 2 ? "packed" : high === 4, this.mapBook));
    }
    const raw = Array.from({ length: stored }, () => coder < 2);
    if (coder >= 2 && escaped > 0) {
      const bits = new Bits(bytes, at);
      raw.forEach((_, row) => raw[row] = bits.read(1) === 1);
      at = pad(at + Math.ceil(stored / 8));
    }
    const coded = coder < 2 ? 0 : stored - escaped;
    let codes: number[] = [];
    if (coded > 0) ({ codes, end: at } = this.codes(begin, at, coder, coded, d, low));
    if (flags & 2) unlorenzo(codes, d, (flags & 4) !== 0);
    const values = new DataView(new ArrayBuffer(codes.length * size));
    codes.forEach((q, i) => {
      if (relative) restoreRelative(values, i, dtype, q, u16(begin + 2), u32(begin + 16));
      else {
        const pattern = new DataView(new ArrayBuffer(8));
        if (dtype === 3) pattern.setUint32(0, u32(begin + 16));
        else pattern.setUint16(0, u16(begin + 2));
        write(values, i, dtype, q * (dtype === 3 ? pattern.getFloat64(0) : pattern.getFloat32(0)) + 0);
      }
    });
    const out = new Uint8Array(rows * rowBytes);
    if (coder === 1) {
      for (let i = 0; i < rows * d; i++) out.set(bytes.subarray(at, at + size), i * size);
      return out;
    }
    // The last row may lack elements, which are then copies of the last one.
    const rawRows = new Uint8Array(escaped * rowBytes),
      short = elements < rows * d && raw[stored - 1] && map[rows - 1] === stored - 1;
    const present = rawRows.length - (short ? (rows * d - elements) * size : 0);
    rawRows.set(bytes.subarray(at, at + present));
    for (let i = present; i < rawRows.length; i++) rawRows[i] = rawRows[i - size]!;
    const place: Uint8Array[] = [];
    let nextRaw = 0, nextCoded = 0;
    for (const isRaw of raw) {
      const from = (isRaw ? nextRaw++ : nextCoded++) * rowBytes;
      place.push(isRaw ? rawRows.subarray(from, from + rowBytes) : new Uint8Array(values.buffer, from, rowBytes));
    }
    map.forEach((row, i) => out.set(place[row]!, i * rowBytes));
    return out;
  }

  map(
    begin: number,
    at: number,
    rows: number,
    stored: number,
    coder: "packed" | boolean,
    book: Book,
  ): { map: number[]; end: number } {
    let values: number[], end: number;
    if (coder === "packed") {
      const bits = new Bits(this.bytes, at), k = 32 - Math.clz32(stored);
      values = Array.from({ length: rows }, () => bits.read(k));
      end = begin + Math.ceil((bits.end - begin) / 4) * 4;
    } else ({ values, end } = this.sequence(begin, at, rows, 1, coder, book));
    let next = 0;
    return { map: values.map((value) => value === 0 ? next++ : value - 1), end };
  }

  codes(
    begin: number,
    at: number,
    coder: number,
    rows: number,
    d: number,
    width: number,
  ): { codes: number[]; end: number } {
    const { bytes, u32 } = this, pad = (at: number) => begin + Math.ceil((at - begin) / 4) * 4;
    if (coder === 2) {
      const bits = new Bits(bytes, at + 4), least = u32(at);
      const codes = Array.from({ length: rows * d }, () => bits.read(width) + least | 0);
      return { codes, end: pad(bits.end) };
    }
    if (coder < 5) {
      const { values, end } = this.sequence(begin, at, rows, d, coder === 4, this.codesBook);
      return { codes: values.map(signed), end };
    }
    const blocks = Math.ceil(rows / 2048), tokens = Array.from({ length: blocks }, (_, block) => u32(at + 4 * block));
    let flags = at + 4 * blocks, data = flags + tokens.reduce((sum, n) => sum + Math.ceil(n / 8), 0);
    const out: number[][] = [];
    for (const count of tokens) {
      for (let token = 0; token < count; token++) {
        if (bytes[flags + (token >> 3)]! >> (token & 7) & 1) {
          const length = bytes[data]!, distance = bytes[data + 1]!;
          for (let i = 0; i < length; i++) out.push(out[out.length - distance]!);
          data += 2;
        } else {
          out.push([...new Int8Array(bytes.slice(data, data + d).buffer)]);
          data += d;
        }
      }
      flags += Math.ceil(count / 8);
    }
    return { codes: out.flat(), end: pad(data) };
  }

  sequence(
    begin: number,
    src: number,
    rows: number,
    d: number,
    ans: boolean,
    book: Book,
  ): { values: number[]; end: number } {
    const { bytes, u16 } = this, pad = (at: number) => begin + Math.ceil((at - begin) / 4) * 4;
    const form = bytes[src]!, direct = (form & 1) === 1, r = form >> 1 & 3, c = form >> 3 & 3;
    let at = src + 1;
    const earlier = bytes[at] === 254, tables: number[][] = earlier ? book.tables! : [];
    if (earlier) at += 2;
    for (let i = tables.length; i < 2 ** (r + c); i++) {
      const { table, end } = this.table(at, direct, ans);
      tables.push(table);
      at = end;
    }
    at = pad(at);
    const classes = (count: number, bits: number) => {
      const reader = new Bits(bytes, at), list = Array.from({ length: count }, () => reader.read(bits));
      at = pad(reader.end);
      return list;
    };
    const columns = earlier ? book.columns! : classes(d, c), rowClasses = classes(rows, r);
    Object.assign(book, { tables, columns });
    const total = rows * d, least = total >= 32768 ? 2048 : 1024, g = d > 4096 ? 4096 : d * Math.ceil(least / d);
    const groups = Math.ceil(total / g), width = bytes[at + 2]!;
    const words = Array.from({ length: groups }, (_, group) => {
      const above = width === 0 ? 0 : width === 1 ? bytes[at + 4 + group]! : u16(at + 4 + 2 * group);
      return u16(at) + above;
    });
    at = pad(at + 4 + groups * width);
    const values: number[] = [];
    for (const count of words) {
      const symbols = Math.min(g, total - values.length), next = ans ? this.ans(at, count) : this.huffman(at);
      for (let i = 0; i < symbols; i++) {
        const row = Math.floor(values.length / d), column = values.length % d;
        const token = next.token(tables[rowClasses[row]! * 2 ** c + columns[column]!]!);
        if (direct || token < 64) values.push(token);
        else {
          const raw = Math.floor(token / 4) - 12;
          values.push((4 + token % 4) * 2 ** raw + next.raw(raw));
        }
      }
      next.close();
      at += 2 * count;
    }
    return { values, end: pad(at) };
  }

  table(begin: number, direct: boolean, ans: boolean): { table: number[]; end: number } {
    const kind = this.bytes[begin]!, tokens = this.bytes[begin + 1]! + 1;
    if (kind < 240) {
      const table = family.frequencies(family.weights(Math.floor(kind / 60), kind % 60, direct), tokens);
      return { table: ans ? table : [...codeLengths(Float64Array.from(table.slice(0, tokens)))], end: begin + 2 };
    }
    const table: number[] = [], bits = new Bits(this.bytes, begin + 2);
    while (table.length < tokens) {
      const length = bits.read(4);
      if (length === 15) table.push(...Array<number>(bits.read(4) + 3).fill(0));
      else if (length === 0 || !ans) table.push(length);
      else {
        const below = Math.min(2, length - 1);
        table.push((2 ** below + bits.read(below)) * 2 ** (length - 1 - below));
      }
    }
    if (ans) {
      const largest = table.indexOf(Math.max(...table));
      table[largest] = 4096 - table.reduce((a, b) => a + b) + table[largest]!;
    }
    return { table, end: bits.end };
  }

  ans(at: number, words: number): Group {
    const { u16 } = this, end = at + 2 * words;
    let x = u16(at) * 65536 + u16(at + 2);
    at += 4;
    const refill = () => {
      if (x >= 65536 || at >= end) return;
      x = x * 65536 + u16(at);
      at += 2;
    };
    const raw = (n: number): number => {
      const piece = Math.min(n, 16), bits = x % 2 ** piece;
      x = Math.floor(x / 2 ** piece);
      refill();
      return n > 16 ? bits + raw(n - 16) * 65536 : bits;
    };
    const token = (table: number[]) => {
      const s = x % 4096;
      let t = 0, c = 0;
      while (s >= c + table[t]!) c += table[t++]!;
      x = table[t]! * Math.floor(x / 4096) + s - c;
      refill();
      return t;
    };
    const close = () => {
      if (x !== 0 || at !== end) throw new Error("the group does not end as it should");
    };
    return { raw, token, close };
  }

  huffman(at: number): Group {
    const bits = new Bits(this.bytes, at);
    const token = (lengths: number[]) => {
      const used = lengths.filter((length) => length > 0);
      if (used.length === 1) return lengths.findIndex((length) => length > 0);
      let code = 0, first = 0;
      for (let length = 1;; length++) {
        code = 2 * code + bits.read(1);
        first *= 2;
        const these = lengths.flatMap((other, t) => other === length ? [t] : []);
        if (code - first < these.length) return these[code - first]!;
        first += these.length;
      }
    };
    return { raw: (n: number) => bits.read(n), token, close: () => {} };
  }
}

/** The integer of a symbol. */
export function signed(z: number): number {
  return z >>> 1 ^ -(z & 1);
}

function unlorenzo(q: number[], d: number, order1: boolean): void {
  for (let i = 0; i < q.length; i++) {
    const left = order1 ? i > 0 : i % d > 0, up = !order1 && i >= d;
    q[i] = q[i]! + (left ? q[i - 1]! : 0) + (up ? q[i - d]! : 0) - (left && up ? q[i - d - 1]! : 0) | 0;
  }
}

/** Sets element `i`, of a dtype by number. */
export function write(view: DataView, i: number, dtype: number, x: number): void {
  if (dtype === 1) view.setFloat16(2 * i, x, true);
  else if (dtype === 2) view.setFloat32(4 * i, x, true);
  else view.setFloat64(8 * i, x, true);
}

function restoreRelative(view: DataView, i: number, dtype: number, q: number, keep: number, top: number): void {
  const bits = new DataView(new ArrayBuffer(8)), pattern = q === 0 ? 0n : BigInt(top + 1 - Math.abs(q));
  if (dtype === 3) bits.setBigUint64(0, pattern << BigInt(52 - keep));
  else bits.setUint32(0, Number(pattern << BigInt(23 - keep)));
  const size = dtype === 3 ? bits.getFloat64(0) : bits.getFloat32(0);
  write(view, i, dtype, q < 0 ? -size : size);
}

/** Bytes of the elements of a file in order. */
export function decodeByTheBook(file: Uint8Array): Uint8Array {
  return new Decoder(file).file();
}
