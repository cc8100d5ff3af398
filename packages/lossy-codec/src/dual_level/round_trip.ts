/**
 * What is left of values after the codec, without encoding them.
 *
 * @module
 */
import { quantiseRows } from "./quantise_rows.ts";

/**
 * Replaces values by what a decoder would give for them, had they been one chunk that is smaller as codes: multiples of the
 * step that belongs to the bound. Rows that the codec keeps as they are stay.
 *
 * @param values `[rows, rowLength]`, changed in place
 * @param relativeBound largest error as a share of the range of finite values, largest minus smallest
 * @returns the largest error made, never above the bound
 * @throws {RangeError} where the values are not of whole rows
 * @throws {CodecError} `BOUND`, where the bound is no number from 0 on
 */
export function quantiseInPlace(values: Float32Array, rowLength: number, relativeBound: number): number {
  const quantised = quantiseRows(values, rowLength, relativeBound);
  if (!quantised) return 0;
  const { step, codes, escaped, escapedRows, maxError } = quantised;
  for (let row = 0, begin = 0; begin < values.length; row++, begin += rowLength) {
    if (escapedRows > 0 && escaped[row]) continue;
    // A code of 0 is +0 times the step, also where a product of integers would keep a sign.
    for (let i = begin; i < begin + rowLength; i++) values[i] = codes[i]! * step;
  }
  return maxError;
}
