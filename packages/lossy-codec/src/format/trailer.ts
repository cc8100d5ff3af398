/**
 * The end of a streamed file: u32 bytes of each chunk | u64 elements | f64 greatest error | u32 chunks | XXH32 of all this |
 * "PRLX".
 *
 * @module
 */
import { CodecError, truncated } from "../errors.ts";
import { Reader } from "./reader.ts";
import { xxh32 } from "./xxh32.ts";

/** "PRLX", read as u32. */
export const TRAILER_MAGIC = 0x584c5250;
/** Bytes behind the sizes. */
const FIXED_BYTES = 28;

/** What the end of a streamed file says. */
export interface Trailer {
  /** Bytes of each chunk. */
  readonly sizes: readonly number[];
  /** Elements in all. */
  readonly elements: number;
  /** Greatest |x - x^|. */
  readonly maxError: number;
  /** Index in the file at which it begins. */
  readonly length: number;
}

/** Bytes of a trailer. */
export function trailerBytes(chunks: number): number {
  return 4 * chunks + FIXED_BYTES;
}

/** A trailer as bytes. */
export function writeTrailer(sizes: readonly number[], elements: number, maxError: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(trailerBytes(sizes.length)), view = new DataView(bytes.buffer);
  sizes.forEach((size, chunk) => view.setUint32(4 * chunk, size, true));
  const at = 4 * sizes.length;
  view.setBigUint64(at, BigInt(elements), true);
  view.setFloat64(at + 8, maxError, true);
  view.setUint32(at + 16, sizes.length, true);
  view.setUint32(at + 20, xxh32(bytes, 0, at + 20), true);
  view.setUint32(at + 24, TRAILER_MAGIC, true);
  return bytes;
}

/**
 * Reads the trailer that ends `bytes`.
 *
 * @param begin Index before which it cannot begin.
 * @throws {CodecError} `TRUNCATED`, `CHECKSUM`, `LIMIT`
 */
export function readTrailer(bytes: Uint8Array, begin: number): Trailer {
  const tail = new Reader(bytes, Math.max(begin, bytes.length - 12));
  const chunks = tail.u32("the trailer"), hash = tail.u32("the trailer"), magic = tail.u32("the trailer");
  const at = bytes.length - trailerBytes(chunks);
  if (magic !== TRAILER_MAGIC || at < begin) {
    throw truncated("a streamed file: want a trailer that ends in PRLX");
  }
  if (xxh32(bytes, at, bytes.length - 8) !== hash) {
    throw new CodecError("CHECKSUM", `Cannot decode as the trailer's checksum is not ${hash}: want it to be`);
  }
  const reader = new Reader(bytes, at);
  const sizes = Array.from({ length: chunks }, () => reader.u32("the trailer"));
  return { sizes, elements: reader.u64("the trailer"), maxError: reader.f64("the trailer"), length: at };
}
