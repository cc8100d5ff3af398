/**
 * One place to turn numbers into bit patterns and back: write one view, read another.
 *
 * @module
 */

/** A double. */
export const double: Float64Array<ArrayBuffer> = new Float64Array(1);
/** A single, in the place of the double's lower word. */
export const single: Float32Array<ArrayBuffer> = new Float32Array(double.buffer);
/** The pattern of the single, or lower and upper word of the double's. */
export const words: Uint32Array<ArrayBuffer> = new Uint32Array(double.buffer);
