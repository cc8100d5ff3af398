/**
 * How much a bound makes different rows of a table alike (homogenization, arXiv 2407.04272): what decides how tight the
 * bound of a table must be.
 *
 * @module
 */
import { quantiseRows } from "./quantise_rows.ts";
import { firstOfEachRow } from "./unique_rows.ts";

/** Distinct rows of some batches of a table, before and after quantisation. */
export interface RowCounts {
  /** Batches counted. */
  readonly batches: number;
  /** Distinct rows, summed over batches. */
  readonly rows: number;
  /** The same after quantisation, by bound. */
  readonly quantised: readonly number[];
}

/**
 * Counts distinct rows of one batch, and distinct rows of codes for each bound. A row that quantisation would leave as it
 * is counts as itself.
 *
 * @param batch looked-up vectors of one table, `[rows, rowLength]`
 * @param relativeBounds each a share of the batch's range of finite values, largest minus smallest
 * @throws {RangeError} where the batch is not of whole rows
 */
export function countRows(batch: Float32Array, rowLength: number, relativeBounds: readonly number[]): RowCounts {
  if (!(Number.isInteger(rowLength) && rowLength >= 1 && batch.length % rowLength === 0)) {
    throw new RangeError(`Cannot count rows of ${rowLength} in ${batch.length} elements: want whole rows`);
  }
  const words = wordsOf(batch);
  const firsts = firstOfEachRow(words, rowLength);
  // Equal rows have equal codes, and without repeats the range is the same: one of each will do from here on.
  const distinct = new Float32Array(firsts.length * rowLength);
  firsts.forEach((row, i) => distinct.set(batch.subarray(row * rowLength, (row + 1) * rowLength), i * rowLength));
  return {
    batches: 1,
    rows: firsts.length,
    quantised: relativeBounds.map((bound) => countQuantised(distinct, rowLength, bound)),
  };
}

/** The counts of all batches together. */
export function addCounts(a: RowCounts, b: RowCounts): RowCounts {
  return {
    batches: a.batches + b.batches,
    rows: a.rows + b.rows,
    quantised: a.quantised.map((count, i) => count + b.quantised[i]!),
  };
}

/** Counts of no batch. */
export function noCounts(bounds: number): RowCounts {
  return { batches: 0, rows: 0, quantised: Array<number>(bounds).fill(0) };
}

/**
 * The homogenization index: distinct rows after quantisation over distinct rows before. 1 where nothing was merged, small
 * where much was.
 *
 * @param bound index of the bound among those of {@linkcode countRows}
 * @returns 1 for counts of no row
 */
export function homogenizationIndex(counts: RowCounts, bound = 0): number {
  return counts.rows === 0 ? 1 : counts.quantised[bound]! / counts.rows;
}

function countQuantised(distinct: Float32Array, rowLength: number, relativeBound: number): number {
  const rows = quantiseRows(distinct, rowLength, relativeBound);
  if (!rows) return distinct.length / rowLength;
  if (rows.escapedRows === 0) return firstOfEachRow(rows.codes, rowLength).length;
  // Escaped rows are distinct already, and never equal to codes.
  const kept = new Int32Array(rows.codes.length - rows.escapedRows * rowLength);
  let at = 0;
  rows.escaped.forEach((escaped, row) => {
    if (escaped) return;
    kept.set(rows.codes.subarray(row * rowLength, (row + 1) * rowLength), at);
    at += rowLength;
  });
  return rows.escapedRows + firstOfEachRow(kept, rowLength).length;
}

function wordsOf(batch: Float32Array): Uint32Array {
  return new Uint32Array(batch.buffer, batch.byteOffset, batch.length);
}
