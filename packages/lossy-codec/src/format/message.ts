/**
 * The head of a message between parties that share everything else: u16 table | u16 destination | u32 bytes of the chunk that
 * follows.
 *
 * @module
 */
import { viewOf } from "./fields.ts";
import { truncated } from "../errors.ts";
import { checkSize } from "./layout.ts";

/** Bytes of the head. */
export const MESSAGE_HEADER_BYTES = 8;

/** What the head of a message says. */
export interface MessageHeader {
  /** Number of the embedding table, or of whatever kind of data this is: 0 to 65,535. */
  readonly table: number;
  /** Number of the receiver: 0 to 65,535. */
  readonly destination: number;
  /** Length of the chunk behind the head. */
  readonly bytes: number;
}

/** Writes the head of a message at `at`. */
export function writeMessageHeader({ table, destination, bytes }: MessageHeader, dst: Uint8Array, at: number): void {
  const view = viewOf(dst);
  view.setUint16(at, table, true);
  view.setUint16(at + 2, destination, true);
  view.setUint32(at + 4, bytes, true);
}

/**
 * Reads the head of a message, and checks that the message lies within the bytes.
 *
 * @param bytes Where it lies.
 * @param at Index of its first byte.
 * @throws {CodecError} `TRUNCATED`, `CORRUPT`
 */
export function readMessageHeader(bytes: Uint8Array, at = 0): MessageHeader {
  const left = bytes.length - at - MESSAGE_HEADER_BYTES;
  if (!(left >= 0)) throw truncated("the head of a message");
  const view = viewOf(bytes);
  const size = checkSize(view.getUint32(at + 4, true));
  if (size > left) throw truncated(`a message of ${size} bytes: ${left} are there`);
  return { table: view.getUint16(at, true), destination: view.getUint16(at + 2, true), bytes: size };
}
