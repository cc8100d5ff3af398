/**
 * `[batch, tables, dim]` as one rank would send it: slices of the batch, table by table.
 *
 * @module
 */

/** A slice's place. */
export interface SlicePlace {
  readonly table: number;
  /** Number of the part of the batch, from 0. */
  readonly part: number;
}

/**
 * Visits the vectors of each table in each of `parts` parts of the batch, which are as equal as they can be. What the
 * visitor leaves in the slice goes back where it came from.
 *
 * @param data `[batch, tables, dim]`
 * @param visit gets `[rows, dim]` of one table, never of no row; the array is used again for the next slice
 */
export function eachTableSlice(
  data: Float32Array,
  [batch, tables, dim]: readonly [number, number, number],
  parts: number,
  visit: (slice: Float32Array<ArrayBuffer>, place: SlicePlace) => void,
): void {
  const scratch = new Float32Array(Math.ceil(batch / parts) * dim);
  for (let part = 0; part < parts; part++) {
    const begin = Math.floor(part * batch / parts), end = Math.floor((part + 1) * batch / parts);
    if (begin === end) continue;
    const slice = scratch.subarray(0, (end - begin) * dim);
    for (let table = 0; table < tables; table++) {
      const at = (row: number) => (row * tables + table) * dim;
      for (let row = begin; row < end; row++) slice.set(data.subarray(at(row), at(row) + dim), (row - begin) * dim);
      visit(slice, { table, part });
      for (let row = begin; row < end; row++) {
        data.set(slice.subarray((row - begin) * dim, (row - begin + 1) * dim), at(row));
      }
    }
  }
}
