import { type RobeLayout, rowSigns, rowSlots, tableHash } from "../layout.ts";
import type { RobeTableSpec } from "../table_set.ts";

/** Bags in host arrays; see compute's `Bags`. */
export interface RobeHostBags {
  /** Samples. */
  readonly batch: number;
  /** Row inside its table. */
  readonly ids: ArrayLike<number>;
  /** `[batch * tables + 1]`; absent: one id per bag. */
  readonly offsets?: ArrayLike<number>;
  /** Factor of each looked-up row. */
  readonly weights?: ArrayLike<number>;
  /** How a bag is pooled. Default: sum. */
  readonly mode?: "sum" | "mean";
}

/**
 * The definition of {@linkcode robeLookup} in plain loops. Every operation is rounded by `round`: by default not at all,
 * which leaves float64; with `Math.fround` the result is that of the devices, bit for bit.
 *
 * @param array elements of the array
 * @param layout its layout
 * @param dim elements per row
 * @param tables the tables
 * @param bags what to look up
 * @param round rounding of each operation
 * @returns `[batch, tables, dim]`
 */
export function robeLookupReference(
  array: ArrayLike<number>,
  layout: RobeLayout,
  dim: number,
  tables: readonly RobeTableSpec[],
  bags: RobeHostBags,
  round: (value: number) => number = (value) => value,
): Float64Array {
  const out = new Float64Array(bags.batch * tables.length * dim);
  let idsBefore = 0;
  tables.forEach(({ index, rows, paddingIdx, scale = 1, firstId }, t) => {
    const hash = tableHash(layout, index ?? t, firstId ?? idsBefore);
    idsBefore += rows;
    for (let bag = t; bag < bags.batch * tables.length; bag += tables.length) {
      const pooled = out.subarray(bag * dim, (bag + 1) * dim);
      const first = bags.offsets?.[bag] ?? bag, end = bags.offsets?.[bag + 1] ?? bag + 1;
      let counted = 0;
      for (let at = first; at < end; at++) {
        const id = bags.ids[at]!;
        if (id === paddingIdx) continue;
        counted++;
        if (id >= rows) continue;
        const slots = rowSlots(layout, hash, dim, id), signs = rowSigns(layout, hash, dim, id);
        slots.forEach((slot, i) => {
          pooled[i] = round(pooled[i]! + round((bags.weights?.[at] ?? 1) * signs[i]! * array[slot]!));
        });
      }
      const count = bags.mode === "mean" && bags.offsets ? Math.max(1, counted) : 1;
      for (let i = 0; i < dim; i++) pooled[i] = round(round(pooled[i]! / count) * scale);
    }
  });
  return out;
}
