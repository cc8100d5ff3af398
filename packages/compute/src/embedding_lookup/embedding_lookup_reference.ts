/** Bags in host arrays; see {@linkcode Bags}. */
export interface HostBags {
  /** Samples. */
  readonly batch: number;
  /** Tables. */
  readonly tables: number;
  /** Row of each table's first row among all rows, `[tables]`. */
  readonly rowBase: ArrayLike<number>;
  /** Row inside its table. */
  readonly ids: ArrayLike<number>;
  /** `[batch * tables + 1]`; absent: one id per bag. */
  readonly offsets?: ArrayLike<number>;
  /** Factor of each looked-up row. */
  readonly weights?: ArrayLike<number>;
  /** How a bag is pooled. */
  readonly mode?: "sum" | "mean";
}

/** One looked-up row: which bag it belongs to and its factor in the bag's pooled value. */
export interface Occurrence {
  /** `sample * tables + table`. */
  readonly bag: number;
  /** Row among the rows of all tables. */
  readonly row: number;
  /** Weight, divided by the bag's length for means. */
  readonly scale: number;
}

/** Lists what bags look up, in order of the bags. */
export function occurrencesOf(bags: HostBags): Occurrence[] {
  const found: Occurrence[] = [];
  for (let bag = 0; bag < bags.batch * bags.tables; bag++) {
    const first = bags.offsets?.[bag] ?? bag, end = bags.offsets?.[bag + 1] ?? bag + 1;
    for (let i = first; i < end; i++) {
      const scale = (bags.weights?.[i] ?? 1) / (bags.mode === "mean" ? end - first : 1);
      found.push({ bag, row: bags.rowBase[bag % bags.tables]! + bags.ids[i]!, scale });
    }
  }
  return found;
}

/**
 * The definition of {@linkcode embeddingLookup}, in float64:
 * `out[bag, j] = sum over i in bag of scale[i] * table[rowBase[bag mod tables] + ids[i], j]`.
 *
 * @param table `[rows, dim]`
 * @returns `[batch, tables, dim]`
 */
export function embeddingLookupReference(table: ArrayLike<number>, dim: number, bags: HostBags): Float64Array {
  const out = new Float64Array(bags.batch * bags.tables * dim);
  for (const { bag, row, scale } of occurrencesOf(bags)) {
    for (let j = 0; j < dim; j++) out[bag * dim + j]! += scale * (table[row * dim + j] ?? 0);
  }
  return out;
}
