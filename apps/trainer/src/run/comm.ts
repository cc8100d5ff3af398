/**
 * What went through the codec in a run.
 *
 * @module
 */

/** Sums over the steps of a run; a checkpoint keeps them. */
export interface CommTotals {
  /** Bytes as float32. */
  rawBytes: number;
  /** Those of them that were encoded to see what they take. */
  sizedRawBytes: number;
  /** What they take. */
  sizedBytes: number;
  /** Largest difference between a value and what came out for it. */
  maxError: number;
  /** Time in the codec, in milliseconds. */
  ms: number;
}

/** Totals of nothing. */
export function noComm(): CommTotals {
  return { rawBytes: 0, sizedRawBytes: 0, sizedBytes: 0, maxError: 0, ms: 0 };
}
