/**
 * Arrays that were trained with the authors' code.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";
import { robeLayout } from "../layout.ts";
import { checkTables, type RobeModelData, type RobeTableData } from "./model_data.ts";

/** A table of the authors' model, in the order in which it numbers its ids. */
export interface AuthorsTable {
  /** Unique. */
  readonly name: string;
  /** Ids of the table: the difference of neighbouring `val_offset`s. */
  readonly numEmbeddings: number;
  /** Elements of a row. */
  readonly dim: number;
  /** How rows are pooled. Default `"sum"`. */
  readonly mode?: "sum" | "mean";
  /** Id that reads as zeros. */
  readonly paddingIdx?: number;
}

/** How the authors' code read an array. */
export interface AuthorsLayout {
  /**
   * `"ref1"`: universal_memory_allocation, robez, compressed-embeddings (2021). `"ref2"`: the branches
   * `profiling_cpu_robez` and `new-robez` of their dlrm (2022-23).
   */
  readonly hash: "ref1" | "ref2";
  /** Z, called `chunk_size` or `uma_chunk_size` there. */
  readonly blockSize: number;
  /** Default 1024, as theirs. */
  readonly seed?: number;
  /** All tables, in order: ids count on from one to the next. */
  readonly tables: readonly AuthorsTable[];
}

/**
 * Takes over an array of the authors' code: its M floats and what it was read with. The result goes into a file by
 * `encodeRobeFile`; its rows have the bits that the authors' code reads.
 *
 * @throws {ConfigError} where the layout does not fit the floats, or a table is not as wanted
 */
export function importAuthorsArray(weights: Float32Array, options: AuthorsLayout): RobeModelData {
  const { hash, blockSize, seed = 1024 } = options;
  if (hash !== "ref1" && hash !== "ref2") {
    throw new ConfigError(`Cannot import an array with hash "${hash}": want ref1 or ref2`);
  }
  const layout = { size: weights.length, blockSize, align: 1, sign: false, hash, seed } as const;
  robeLayout(layout);
  const tables = options.tables.map((table, index): RobeTableData => ({ mode: "sum", ...table, index, scale: 1 }));
  checkTables(tables, true, (reason) => new ConfigError(`Cannot import an array as ${reason}`));
  return { layout, dtype: "f32", tables, weight: weights, states: {}, step: 0 };
}
