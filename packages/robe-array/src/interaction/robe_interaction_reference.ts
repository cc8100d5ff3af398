import type { RobeLayout } from "../layout.ts";
import { type RobeHostBags, robeLookupReference } from "../lookup/robe_lookup_reference.ts";
import type { RobeTableSpec } from "../table_set.ts";

/**
 * The definition of {@linkcode robeInteraction}, in float64: per sample the dense vector, then the products of each vector
 * with those before it, the dense one being the first.
 *
 * @param dense `[batch, dim]`
 * @returns `[batch, dim + F (F - 1) / 2]` with F one more than there are tables
 */
export function robeInteractionReference(
  array: ArrayLike<number>,
  layout: RobeLayout,
  dim: number,
  tables: readonly RobeTableSpec[],
  bags: RobeHostBags,
  dense: ArrayLike<number>,
): Float64Array {
  const rows = robeLookupReference(array, layout, dim, tables, bags);
  const out: number[] = [];
  for (let s = 0; s < bags.batch; s++) {
    const vectors = [Array.from({ length: dim }, (_, k) => dense[s * dim + k]!)];
    for (let t = 0; t < tables.length; t++) {
      const at = (s * tables.length + t) * dim;
      vectors.push([...rows.subarray(at, at + dim)]);
    }
    out.push(...vectors[0]!);
    vectors.forEach((x, i) => {
      for (const y of vectors.slice(0, i)) out.push(x.reduce((sum, value, k) => sum + value * y[k]!, 0));
    });
  }
  return Float64Array.from(out);
}
