/**
 * What is left of values after the codec, without encoding them.
 *
 * @module
 */
import { finiteRange, quantiseRows } from "./quantise_rows.ts";

/**
 * Replaces values by what a decoder would give for them: multiples of the step that belongs to the bound. Rows that the
 * codec would keep as they are stay, and so do all where their range is 0.
 *
 * @param values `[rows, rowLength]`, changed in place
 * @param relativeBound largest error as a share of the range of finite values, largest minus smallest
 * @returns the largest error made, never above the bound
 */
export function quantiseInPlace(values: Float32Array, rowLength: number, relativeBound: number): number {
  const { min, max } = finiteRange(values);
  const rows = quantiseRows(values, rowLength, relativeBound * (max - min));
  if (!rows) return 0;
  const { step, codes, escaped } = rows;
  let worst = 0;
  for (let row = 0, begin = 0; begin < values.length; row++, begin += rowLength) {
    if (escaped[row]) continue;
    const end = Math.min(values.length, begin + rowLength);
    for (let i = begin; i < end; i++) {
      const decoded = codes[i]! * step, error = Math.abs(values[i]! - decoded);
      if (error > worst) worst = error;
      values[i] = decoded;
    }
  }
  return worst;
}
