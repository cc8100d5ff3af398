/** Reads bytes that need not be there: every step checks the end. */
export class ByteCursor {
  readonly bytes: Uint8Array;
  /** Next byte to read. */
  at: number;

  /** @param bytes what to read @param at where to begin */
  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /** Bytes that are left. */
  get left(): number {
    return this.bytes.length - this.at;
  }

  /** The next byte. @throws {Error} at the end */
  byte(): number {
    if (this.at >= this.bytes.length) throw new Error("a page is cut short");
    return this.bytes[this.at++]!;
  }

  /** The next bytes, not copied. @throws {Error} if there are not so many */
  take(length: number): Uint8Array {
    if (!(length >= 0 && length <= this.left)) {
      throw new Error(`a page is cut short: ${length} bytes wanted, ${this.left} left`);
    }
    return this.bytes.subarray(this.at, this.at += length);
  }

  /** The next little-endian uint32. @throws {Error} at the end */
  uint32(): number {
    return bitsAt(this.take(4), 0, 0, 32);
  }

  /** The next LEB128 number below 2^35. @throws {Error} at the end or beyond 5 bytes */
  varint(): number {
    let value = 0, scale = 1;
    for (let i = 0; i < 5; i++, scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new Error("a page holds a length of more than 5 bytes");
  }

  /** The next zigzag number of up to 64 bits. @throws {Error} at the end or beyond 10 bytes */
  zigzag(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asIntN(64, value >> 1n ^ -(value & 1n));
    }
    throw new Error("a page holds a number of more than 10 bytes");
  }
}

/** `width` (up to 32) bits from bit `shift` (0..7) of byte `at` on, as uint32; zeros beyond the end. */
export function bitsAt(bytes: Uint8Array, at: number, shift: number, width: number): number {
  let low = (bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24) >>> shift;
  if (shift + width > 32) low |= bytes[at + 4]! << 32 - shift;
  return (width === 32 ? low : low & (1 << width) - 1) >>> 0;
}
