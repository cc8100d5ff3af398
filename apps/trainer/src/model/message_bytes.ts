/**
 * What a slice takes on the way.
 *
 * @module
 */
import { compress, inspect } from "@pocketrec/lossy-codec";

/** Bytes of the head of a message; ranks share the policy, so it says no more than table, destination and length. */
const HEAD = 8;

/**
 * Bytes of a slice as messages, one per chunk. Codebooks are not shared between messages here.
 *
 * @param values `[rows, rowLength]`
 * @param relativeBound as in `--codec lossy:<bound>`
 */
export function messageBytes(values: Float32Array, rowLength: number, relativeBound: number): number {
  const file = compress(values, { bound: { rel: relativeBound }, rowLength });
  // The head of a file is not sent.
  return inspect(file).chunks.reduce((sum, chunk) => sum + HEAD + chunk.bytes, 0);
}
