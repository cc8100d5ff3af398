import { bitsAt, ByteCursor } from "./cursor.ts";

/** Parquet's hybrid of run lengths and bit-packed groups, value by value: a run costs nothing until it is read. */
export class RunReader {
  readonly #cursor: ByteCursor;
  readonly #width: number;
  #left = 0;
  #packed = false;
  #at = 0;
  #shift = 0;
  #value = 0;

  /** @param bytes the runs @param width bits per value, 0..32 */
  constructor(bytes: Uint8Array, width: number) {
    if (!(width >= 0 && width <= 32)) throw new Error(`a page claims values of ${width} bits; want at most 32`);
    this.#cursor = new ByteCursor(bytes);
    this.#width = width;
  }

  /** The next value, a uint32. @throws {Error} after the last run */
  next(): number {
    const width = this.#width;
    if (width === 0) return 0;
    if (this.#left === 0) this.#start();
    this.#left--;
    if (!this.#packed) return this.#value;
    const value = bitsAt(this.#cursor.bytes, this.#at, this.#shift, width);
    const bit = this.#shift + width;
    this.#at += bit >>> 3;
    this.#shift = bit & 7;
    return value;
  }

  #start(): void {
    const cursor = this.#cursor, width = this.#width;
    while (this.#left === 0) {
      const header = cursor.varint();
      this.#packed = header % 2 === 1;
      if (this.#packed) {
        // The last group may end with the values that are needed.
        const bytes = Math.min((header - 1) / 2 * width, cursor.left);
        this.#at = cursor.at;
        this.#shift = 0;
        this.#left = Math.floor(bytes * 8 / width);
        if (this.#left === 0) throw new Error("a page holds a run without values");
        cursor.at += bytes;
      } else {
        const bytes = cursor.take((width + 7) >> 3);
        this.#left = header / 2;
        this.#value = 0;
        bytes.forEach((byte, i) => this.#value = (this.#value | byte << 8 * i) >>> 0);
        if (width < 32 && this.#value >= 2 ** width) {
          throw new Error(`a page holds ${this.#value} as a value of ${width} bits`);
        }
      }
    }
  }
}
