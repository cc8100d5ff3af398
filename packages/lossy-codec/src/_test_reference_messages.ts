/**
 * A decoder of messages between ends that remember rows, written from FORMAT.md alone like that of files.
 *
 * @module
 */
import { Bits, type Book, Decoder, expectHash, signed, write, xxh32 } from "./_test_reference_decoder.ts";

/** Reads messages of one table and destination between ends that remember rows. */
export class MessagesByTheBook {
  readonly #books: Book[] = [{}, {}, {}, {}];
  readonly #rows: Uint8Array[] = [];
  #next = 0;
  #hash = 0;

  /** Of a dtype by number; `remembered` rows of `d` elements. */
  constructor(readonly dtype: number, readonly d: number, readonly remembered: number) {}

  /** Bytes of the elements of an array that is one message. */
  decode(message: Uint8Array, elements: number): Uint8Array {
    const [codesBook, mapBook, rowsBook, differencesBook] = this.#books as [Book, Book, Book, Book];
    const reader = new Decoder(message, codesBook, mapBook), { u16 } = reader, { d, dtype } = this, begin = 8;
    const rows = Math.ceil(elements / d), distinct = u16(12) + 1, known = u16(14), close = u16(16), step = u16(18);
    const number = 65536 * u16(0) + u16(2), end = 8 + reader.u32(4);
    expectHash(xxh32(message.subarray(12, end), (this.#hash + number * 2654435761) % 2 ** 32), reader.u32(8));
    this.#hash = reader.u32(8);
    const pad = (at: number) => Math.ceil(at / 4) * 4, fresh = distinct - known - close, rowBytes = d * 2 ** dtype;
    let at = 20, map = Array.from({ length: rows }, (_, row) => row);
    if (distinct < rows) {
      ({ map, end: at } = reader.map(begin, at, rows, distinct, step & 0x8000 ? true : "packed", rowsBook));
    }
    const list = (count: number, bits: number) => {
      const reader = new Bits(message, at), values = Array.from({ length: count }, () => reader.read(bits));
      at = pad(reader.end);
      return values;
    };
    const names = [...fresh ? ["new"] : [], ...known ? ["known"] : [], ...close ? ["close"] : []];
    const kinds = list(distinct, names.length - 1).map((number) => names[number]!);
    const places = list(known + close, 32 - Math.clz32(this.#rows.length));
    let differences: number[] = [];
    if (close > 0) {
      ({ values: differences, end: at } = reader.sequence(begin, at, close, d, true, differencesBook));
    }
    const pattern = new DataView(new ArrayBuffer(4));
    pattern.setUint16(0, step & 0x7fff);
    const unit = pattern.getFloat32(0), changes = new Map<number, Uint8Array>();
    const added = fresh > 0 ? reader.chunk(at, dtype, d, fresh * d) : new Uint8Array(0), stored: Uint8Array[] = [];
    let nextNew = 0;
    for (const kind of kinds) {
      if (kind === "new") {
        stored.push(added.subarray(nextNew, nextNew += rowBytes));
        continue;
      }
      const place = places.shift()!, there = this.#rows[place]!;
      if (kind === "known") {
        stored.push(there);
        continue;
      }
      const elements = new DataView(there.buffer, there.byteOffset, rowBytes),
        restored = new DataView(new ArrayBuffer(rowBytes));
      for (
        const [j, code] of rowCodes(Array.from({ length: d }, (_, j) => elements.getFloat32(4 * j, true)), unit)
          .entries()
      ) {
        write(restored, j, dtype, (code + signed(differences.shift()!)) * unit + 0);
      }
      stored.push(new Uint8Array(restored.buffer));
      changes.set(place, stored.at(-1)!);
    }
    for (const [place, row] of changes) this.#rows[place] = row;
    for (let i = 0; i < fresh; i++) {
      this.#rows[this.#next] = added.slice(i * rowBytes, (i + 1) * rowBytes);
      this.#next = (this.#next + 1) % this.remembered;
    }
    const out = new Uint8Array(rows * rowBytes);
    map.forEach((row, i) => out.set(stored[row]!, i * rowBytes));
    return out.subarray(0, elements * 2 ** dtype);
  }
}

/** Codes of a remembered row. */
function rowCodes(row: number[], step: number): number[] {
  let significant = 8;
  while (significant > 1 && step / 2 ** (Math.floor(Math.log2(step)) - significant + 2) % 1 === 0) significant--;
  const most = 2 ** Math.min(21, 24 - significant) - 1;
  const codes = row.map((p) => {
    const floor = Math.floor(p / step), rest = p / step - floor;
    return floor + (rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? 1 : 0);
  });
  const fits = (q: number) => Math.abs(q) <= most && Math.fround((Math.abs(q) + 1) * step) < Infinity;
  return codes.every(fits) ? codes : codes.map(() => 0);
}
