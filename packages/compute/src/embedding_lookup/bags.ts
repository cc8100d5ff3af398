import type { Tensor } from "../tensor.ts";

/**
 * Which rows each sample looks up in each table. A bag is the list of one sample's rows of one table; without
 * `offsets` every bag holds exactly one (one-hot features).
 */
export interface Bags {
  /** Samples. */
  readonly batch: number;
  /** Tables. */
  readonly tables: number;
  /**
   * Row inside its table, u32. One-hot: `[batch, tables]`, sample-major. With offsets: `[nnz]`, bag after bag. A row
   * beyond the end of all tables reads as zeros and gets no update; see {@linkcode checkIdBatch} for refusing it.
   */
  readonly ids: Tensor;
  /** u32 `[batch * tables + 1]`, ascending: bag `sample * tables + table` holds the ids from its offset to the next. */
  readonly offsets?: Tensor;
  /** f32 `[nnz]` (one-hot: `[batch, tables]`): factor of each looked-up row. Default: 1. */
  readonly weights?: Tensor;
  /** `"sum"` (default), or `"mean"`: the (weighted) sum divided by the number of ids in the bag. */
  readonly mode?: "sum" | "mean";
}
