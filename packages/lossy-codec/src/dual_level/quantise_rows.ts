/**
 * The codec's quantiser alone: what it makes of rows, without encoding them.
 *
 * @module
 */
import { chooseUnit } from "../chunk/unit.ts";
import { F32 } from "../kernels/kernels.ts";
import { withWorkspace } from "../kernels/workspace.ts";
import { chunkBound, planOf } from "../options.ts";

/** Rows as codes. */
export interface QuantisedRows {
  /** Every element of a row that is not escaped is decoded as its code times this. */
  readonly step: number;
  /** One per element; those of escaped rows are 0. */
  readonly codes: Int32Array;
  /** 1 for a row that stays as it is: not finite somewhere, or too large for the codes. */
  readonly escaped: Uint8Array;
  /** How many these are. */
  readonly escapedRows: number;
  /** Largest error of the other rows. */
  readonly maxError: number;
}

/**
 * Quantises rows as one chunk.
 *
 * @param values `[rows, rowLength]`
 * @param relativeBound largest error as a share of the range of finite values, largest minus smallest
 * @returns `undefined` where all stays as it is: no range, or a bound too small for it
 * @throws {RangeError} where the values are not of whole rows
 * @throws {CodecError} `BOUND`
 */
export function quantiseRows(
  values: Float32Array,
  rowLength: number,
  relativeBound: number,
): QuantisedRows | undefined {
  const count = values.length, rows = count / rowLength;
  if (!(Number.isInteger(rowLength) && rowLength >= 1 && Number.isInteger(rows))) {
    throw new RangeError(`Cannot quantise ${count} elements in rows of ${rowLength}: want whole rows`);
  }
  if (count === 0) return undefined;
  const plan = planOf({ bound: { rel: relativeBound }, rowLength }, count);
  return withWorkspace("auto", ({ kernels, arena }) => {
    const src = arena.take(4 * count), list = arena.take(4 * rows), result = arena.take(32);
    const codes = arena.take(4 * count), escapes = arena.take(rows);
    const { f32, u32 } = kernels.memory;
    f32.set(values, src >>> 2);
    for (let row = 0; row < rows; row++) u32[(list >>> 2) + row] = row;
    const told = () => kernels.memory.f64.slice(result >>> 3, (result >>> 3) + 4);

    kernels.range(F32, src, count, result);
    const [least, greatest, bad, magnitude] = told();
    const unit = bad === count ? undefined : chooseUnit(F32, chunkBound(plan, least!, greatest!), magnitude!);
    if (unit?.kind !== "step") return undefined;
    const { step, maxCode, errorBound } = unit;
    kernels.quantise(F32, src, list, rows, rowLength, step, maxCode, errorBound, codes, escapes, result);
    const [maxError, escapedRows] = told();
    const { i32, u8 } = kernels.memory;
    return {
      step,
      codes: i32.slice(codes >>> 2, (codes >>> 2) + count),
      escaped: u8.slice(escapes, escapes + rows),
      escapedRows: escapedRows!,
      maxError: maxError!,
    };
  });
}
