import { bitsAt, type ByteCursor } from "./cursor.ts";

const MAX_BLOCK = 2 ** 20;

/** Integers stored as differences (DELTA_BINARY_PACKED), value by value. Arithmetic wraps as the format says. */
export class DeltaReader {
  /** How many values there are. */
  readonly total: number;
  readonly #cursor: ByteCursor;
  readonly #bits: 32 | 64;
  readonly #perMiniblock: number;
  readonly #miniblocks: number;
  #read = 0;
  #narrow = 0;
  #wide = 0n;
  #minimum = 0n;
  #narrowMinimum = 0;
  #widths: Uint8Array = new Uint8Array();
  #miniblock = 0;
  #width = 0;
  #left = 0;
  #at = 0;
  #shift = 0;

  /**
   * @param cursor where the values begin; behind the last value's miniblock when all have been read
   * @param bits of an integer
   * @param limit values there can be at most
   */
  constructor(cursor: ByteCursor, bits: 32 | 64, limit: number) {
    this.#cursor = cursor;
    this.#bits = bits;
    const block = cursor.varint();
    this.#miniblocks = cursor.varint();
    this.#perMiniblock = block / this.#miniblocks;
    if (!(block <= MAX_BLOCK && this.#perMiniblock >= 8 && this.#perMiniblock % 8 === 0)) {
      throw new Error(`a page holds blocks of ${block} values in ${this.#miniblocks} parts`);
    }
    this.total = cursor.varint();
    if (this.total > limit) throw new Error(`a page holds ${this.total} values; want at most ${limit}`);
    this.#set(cursor.zigzag());
  }

  /** The next value, rounded beyond 2^53. @throws {Error} after the last value */
  next(): number {
    if (this.#read >= this.total) throw new Error(`a page holds ${this.total} values; want more`);
    if (this.#read++ > 0) this.#step();
    return this.#bits === 32 ? this.#narrow : Number(this.#wide);
  }

  #set(value: bigint): void {
    this.#wide = BigInt.asIntN(64, value);
    this.#narrow = Number(BigInt.asIntN(32, value));
  }

  #step(): void {
    if (this.#left === 0) this.#start();
    this.#left--;
    const { bytes } = this.#cursor, width = this.#width;
    const low = width === 0 ? 0 : bitsAt(bytes, this.#at, this.#shift, Math.min(width, 32));
    if (this.#bits === 32) {
      this.#narrow = this.#narrow + this.#narrowMinimum + low | 0;
    } else {
      let delta = BigInt(low);
      if (width > 32) delta |= BigInt(bitsAt(bytes, this.#at + 4, this.#shift, width - 32)) << 32n;
      this.#wide = BigInt.asIntN(64, this.#wide + this.#minimum + delta);
    }
    const bit = this.#shift + width;
    this.#at += bit >>> 3;
    this.#shift = bit & 7;
  }

  #start(): void {
    const cursor = this.#cursor;
    if (this.#miniblock === this.#widths.length) {
      this.#minimum = cursor.zigzag();
      this.#narrowMinimum = Number(BigInt.asIntN(32, this.#minimum));
      this.#widths = cursor.take(this.#miniblocks);
      this.#miniblock = 0;
    }
    this.#width = this.#widths[this.#miniblock++]!;
    if (this.#width > 64) throw new Error(`a page holds differences of ${this.#width} bits; want at most 64`);
    this.#left = this.#perMiniblock;
    this.#at = cursor.at;
    this.#shift = 0;
    cursor.take(this.#perMiniblock * this.#width / 8);
  }
}
