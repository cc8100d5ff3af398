/** Order of the pair products: `"tril"` as facebookresearch/dlrm and this package, `"triu"` as TorchRec. */
export type InteractionOrder = "tril" | "triu";

/**
 * Reorders the input columns of the first top layer between the two conventions for pair products, so that weights
 * trained with one work with the other. With vectors 0 (dense) to F - 1:
 *
 * - tril: the lower triangle, row by row: pair (i, j), i > j, is product `i (i - 1) / 2 + j`
 * - triu: the upper triangle, row by row: pair (a, b), a < b, is product `a F - a (a + 1) / 2 + b - a - 1`
 *
 * The first `dim` columns, which take the dense vector, stay.
 *
 * @param weight `[out, dim + F (F - 1) / 2]`, row-major
 * @param options shape, and the order wanted; the weight is taken to be in the other one
 * @returns a new array
 * @throws {RangeError} where the weight is no whole number of such rows
 */
export function permuteInteraction(
  weight: Float32Array,
  options: { readonly vectors: number; readonly dim: number; readonly to: InteractionOrder },
): Float32Array<ArrayBuffer> {
  const { vectors, dim, to } = options;
  const width = dim + vectors * (vectors - 1) / 2;
  if (weight.length % width !== 0) {
    throw new RangeError(`Cannot permute a weight of ${weight.length} elements: want rows of ${width}`);
  }
  const triuOfTril = new Uint32Array(width - dim);
  for (let i = 1, k = 0; i < vectors; i++) {
    for (let j = 0; j < i; j++, k++) triuOfTril[k] = j * vectors - j * (j + 1) / 2 + i - j - 1;
  }
  const permuted = weight.slice();
  for (let row = 0; row < weight.length; row += width) {
    const at = row + dim;
    triuOfTril.forEach((triu, tril) => {
      if (to === "tril") permuted[at + tril] = weight[at + triu]!;
      else permuted[at + triu] = weight[at + tril]!;
    });
  }
  return permuted;
}
