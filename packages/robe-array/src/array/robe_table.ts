/**
 * One table of an array.
 *
 * @module
 */
import type { RobeInput } from "./bags.ts";
import type { RobeIds } from "./ids.ts";
import type { RobeArray } from "./robe_array.ts";
import type { RobeOutputs } from "./robe_outputs.ts";

/** How a table is declared. */
export interface RobeTableOptions {
  /** Name, unique in the array. */
  readonly name: string;
  /** Ids are 0 up to, not including, this; at most 2^53 - 1. */
  readonly numEmbeddings: number;
  /** Elements of a row. */
  readonly dim: number;
  /** How the rows of a bag are pooled. Default `"sum"`. An empty bag gives zeros. */
  readonly mode?: "sum" | "mean";
  /** `"strict"` (default) refuses ids from `numEmbeddings` on; `"open"` looks them up like others and counts them. */
  readonly bounds?: "strict" | "open";
  /** Id that reads as zeros, gets no gradient and does not count in a mean. */
  readonly paddingIdx?: number | undefined;
  /** Factor of what is looked up and of the gradient, for tables of another natural size. Default 1. */
  readonly scale?: number;
  /** Number of the table in the hash. Default: the least that is free. Two processes agree on rows if they agree on it. */
  readonly index?: number;
}

/** A declared table with its defaults filled in. */
export interface RobeTableInfo extends Required<Omit<RobeTableOptions, "paddingIdx">> {
  /** See {@linkcode RobeTableOptions.paddingIdx}. */
  readonly paddingIdx: number | undefined;
}

/** How ids are cut into bags; see {@linkcode RobeInput}. */
export type BagOptions = Omit<RobeInput, "indices" | "offsets">;

/** One table of a `RobeArray`. It has no memory of its own. */
export class RobeTable {
  /** Name of the table. */
  readonly name: string;
  readonly #array: RobeArray;

  /** Use `RobeArray.addTable` or `RobeArray.table`. */
  constructor(array: RobeArray, name: string) {
    this.#array = array;
    this.name = name;
  }

  /** What the table was declared as, and grew to. */
  get info(): RobeTableInfo {
    return this.#array.tables.get(this.name)!;
  }

  /** Looks up and pools, as `torch.nn.EmbeddingBag`: see `RobeArray.forward`. */
  forward(indices: RobeIds, offsets?: RobeInput["offsets"], options: BagOptions = {}): RobeOutputs {
    return this.#array.forward({ [this.name]: { ...options, indices, offsets } });
  }

  /** One row as looked up: with its signs and the table's scale. */
  row(id: number | bigint): Promise<Float32Array<ArrayBuffer>> {
    return this.#array.row(this.name, id);
  }

  /** Where the blocks of rows start: u32 `[ids, blocks]`. */
  starts(ids: RobeIds): Uint32Array<ArrayBuffer> {
    return this.#array.starts(this.name, ids);
  }

  /**
   * Allows more ids. Only the bound moves: no memory, nothing is hashed anew.
   *
   * @throws {ConfigError} where the bound would shrink, or with `ref1` and `ref2` if other tables follow
   */
  grow(numEmbeddings: number): void {
    this.#array.growTable(this.name, numEmbeddings);
  }
}
