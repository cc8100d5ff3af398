/**
 * The homogenization index of every table of a trained model, and the classes that follow, from dumps of its exchange.
 *
 * @module
 */
import {
  addCounts,
  countRows,
  HOMOGENIZATION_BOUND,
  homogenizationIndex,
  noCounts,
  type RowCounts,
  type TableClass,
  tableClass,
} from "@pocketrec/lossy-codec/dual-level";
import { npyFloats } from "../../stats/trainer_process.ts";

/** Relative bounds to index at. */
export const INDEX_BOUNDS: readonly number[] = [0.005, 0.01, 0.02, 0.03, 0.05];

/** Share of the dumps that is left out as warm-up. */
const WARM_UP = 1 / 3;

/** A table of the trained model. */
export interface TableIndex {
  readonly name: string;
  /** Rows of the table. */
  readonly rows: number;
  /** Mean number of distinct rows in a batch. */
  readonly distinct: number;
  /** The index at each of {@linkcode INDEX_BOUNDS}. */
  readonly index: readonly number[];
  readonly class: TableClass;
}

/** The tables over the sampled batches of a run. */
export interface ModelIndex {
  /** Files that were looked at. */
  readonly batches: number;
  /** Samples in each. */
  readonly batch: number;
  readonly tables: readonly TableIndex[];
}

/**
 * Indexes all tables from the files `step-*-fwd.npy` of a folder, each `[tables, batch, dim]`, the earliest third left
 * out.
 */
export async function indexTables(
  folder: string,
  tables: readonly { readonly name: string; readonly rows: number }[],
  dim: number,
): Promise<ModelIndex> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) if (name.endsWith("-fwd.npy")) names.push(name);
  const sampled = names.sort().slice(Math.floor(names.length * WARM_UP));
  let counts: RowCounts[] = tables.map(() => noCounts(INDEX_BOUNDS.length));
  let batch = 0;
  for (const name of sampled) {
    const data = npyFloats(await Deno.readFile(`${folder}/${name}`));
    const size = data.length / tables.length;
    batch = size / dim;
    counts = counts.map((before, t) =>
      addCounts(before, countRows(data.subarray(t * size, (t + 1) * size), dim, INDEX_BOUNDS))
    );
  }
  return {
    batches: sampled.length,
    batch,
    tables: tables.map(({ name, rows }, t) => {
      const own = counts[t]!;
      const index = INDEX_BOUNDS.map((_, i) => homogenizationIndex(own, i));
      const homogenization = index[INDEX_BOUNDS.indexOf(HOMOGENIZATION_BOUND)]!;
      return { name, rows, distinct: own.rows / own.batches, index, class: tableClass({ rows, homogenization }) };
    }),
  };
}
