/**
 * What went through the codec in a run.
 *
 * @module
 */

/** Sums over the steps of a run; a checkpoint keeps them. */
export interface CommTotals {
  /** Bytes as float32. */
  rawBytes: number;
  /** Bytes as encoded. */
  bytes: number;
  /** Largest difference between a value and what came out for it. */
  maxError: number;
  /** Time in the codec, in milliseconds. */
  ms: number;
}

/** Totals of nothing. */
export function noComm(): CommTotals {
  return { rawBytes: 0, bytes: 0, maxError: 0, ms: 0 };
}
