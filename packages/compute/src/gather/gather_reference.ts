/** The definition of {@linkcode gather}: `out[i, j] = table[ids[i], j]`, zero beyond the table. */
export function gatherReference(table: ArrayLike<number>, dim: number, ids: ArrayLike<number>): Float64Array {
  return Float64Array.from(
    { length: ids.length * dim },
    (_, at) => table[ids[Math.floor(at / dim)]! * dim + at % dim] ?? 0,
  );
}
