/**
 * Reads bytes that nobody has vouched for.
 *
 * @module
 */
import { viewOf } from "./fields.ts";
import { CodecError, truncated } from "../errors.ts";

/** A cursor over bytes, little endian; every read is checked. */
export class Reader {
  /** The bytes read from. */
  readonly bytes: Uint8Array;
  /** Where the next read begins. */
  at: number;
  /** Behind the last byte that may be read. */
  readonly end: number;
  readonly #view: DataView;

  /**
   * @param bytes Bytes to read from.
   * @param at Where to begin.
   * @param end Behind the last byte that may be read.
   */
  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    this.#view = viewOf(bytes);
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.end - this.at;
  }

  /**
   * Passes over bytes.
   *
   * @param bytes How many.
   * @param what What they are, for the message.
   * @returns Where they begin.
   * @throws {CodecError} `TRUNCATED`
   */
  skip(bytes: number, what: string): number {
    if (!(bytes <= this.left)) throw truncated(`${what} at ${this.at}: ${this.left} left; want ${bytes}`);
    const begin = this.at;
    this.at += bytes;
    return begin;
  }

  /** Reads 4 bytes. */
  u32(what: string): number {
    return this.#view.getUint32(this.skip(4, what), true);
  }

  /** Reads 8 bytes as f64. */
  f64(what: string): number {
    return this.#view.getFloat64(this.skip(8, what), true);
  }

  /**
   * Reads a u64 that a double holds.
   *
   * @throws {CodecError} `LIMIT` from 2^53 on, `TRUNCATED`
   */
  u64(what: string): number {
    const value = this.#view.getBigUint64(this.skip(8, what), true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new CodecError("LIMIT", `Cannot decode as ${what} is ${value}: want less than 2^53`);
    }
    return Number(value);
  }
}
