/**
 * The definition of {@linkcode segmentedSum}, in float64: `out[s] = sum of values[order[i]], starts[s] <= i < starts[s + 1]`.
 *
 * @param values `[n, dim]`
 * @param starts one more than segments
 */
export function segmentedSumReference(
  values: ArrayLike<number>,
  dim: number,
  starts: ArrayLike<number>,
  order?: ArrayLike<number>,
): Float64Array {
  const out = new Float64Array((starts.length - 1) * dim);
  for (let segment = 0; segment + 1 < starts.length; segment++) {
    for (let i = starts[segment]!; i < starts[segment + 1]!; i++) {
      for (let j = 0; j < dim; j++) out[segment * dim + j]! += values[(order?.[i] ?? i) * dim + j]!;
    }
  }
  return out;
}
