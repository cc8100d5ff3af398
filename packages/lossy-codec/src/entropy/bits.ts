/**
 * Bit fields of table descriptions, least significant bit first.
 *
 * @module
 */

/** Appends fields to a list of bytes. */
export class BitWriter {
  readonly #bytes: number[];
  #pending = 0;
  #held = 0;

  /** Fields go behind what `bytes` holds. */
  constructor(bytes: number[]) {
    this.#bytes = bytes;
  }

  /** Appends `bits` (at most 16) bits of `value`. */
  write(value: number, bits: number): void {
    this.#pending |= value << this.#held;
    this.#held += bits;
    while (this.#held >= 8) {
      this.#bytes.push(this.#pending & 255);
      this.#pending >>>= 8;
      this.#held -= 8;
    }
  }

  /** Fills the last byte with zeros. */
  close(): void {
    if (this.#held > 0) this.#bytes.push(this.#pending & 255);
    this.#held = 0;
    this.#pending = 0;
  }
}

/** Reads fields; beyond the end it reads zeros and counts on. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #at: number;

  /** Fields begin at byte `offset`. */
  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.#at = offset * 8;
  }

  /** Byte behind the last field read; beyond the array if the fields were not all there. */
  get end(): number {
    return Math.ceil(this.#at / 8);
  }

  /** Reads a field of at most 16 bits. */
  read(bits: number): number {
    const byte = this.#at >> 3;
    const window = (this.#bytes[byte] ?? 0) | (this.#bytes[byte + 1] ?? 0) << 8 | (this.#bytes[byte + 2] ?? 0) << 16;
    const value = (window >>> (this.#at & 7)) & ((1 << bits) - 1);
    this.#at += bits;
    return value;
  }
}
