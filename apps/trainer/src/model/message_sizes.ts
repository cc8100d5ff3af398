/**
 * What slices take on the way.
 *
 * @module
 */
import { Encoder } from "@pocketrec/lossy-codec/messages";

/**
 * Encodes slices to see how long their messages are, heads included. Every message stands alone: only some steps are
 * looked at, and a resumed run must come to the same lengths. Where tables are shared between messages they are shorter.
 */
export class MessageSizes {
  readonly #encoder = new Encoder({ bound: "lossless", shareTables: false });
  #scratch = new Uint8Array(0);

  /**
   * Bytes of a slice.
   *
   * @param values `[rows, rowLength]`
   * @param relativeBound as in `--codec lossy:<bound>`
   */
  of(values: Float32Array, rowLength: number, relativeBound: number): number {
    const most = this.#encoder.maxEncodedBytes(values.length, "f32", rowLength);
    if (this.#scratch.length < most) this.#scratch = new Uint8Array(most);
    return this.#encoder.encode(values, this.#scratch, { bound: { rel: relativeBound }, rowLength });
  }
}
