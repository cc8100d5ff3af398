import type { Preprocessor } from "./preprocess/preprocessor.ts";

/** One mini-batch. The arrays belong to the receiver. */
export interface CtrBatch {
  /** Samples in this batch; the last one of a pass may be smaller. */
  readonly rows: number;
  /** `[rows, denseFeatures]`, row-major, preprocessed. */
  readonly dense: Float32Array;
  /** `[rows, tables]`, sample-major, `0 <= id < tables[t].rows`. */
  readonly ids: Uint32Array;
  /** `[rows]`, 0 or 1; all 0 for unlabelled input. */
  readonly labels: Float32Array;
}

/** Widths of the features. */
export interface CtrSchema {
  /** Number of dense features (13 for Criteo). */
  readonly denseFeatures: number;
  /** One embedding table per categorical feature. */
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
}

/** How to walk a split. */
export interface BatchOptions {
  /** Samples per batch, at least 1. */
  batchSize: number;
  /** Order rows by a permutation that depends on these two numbers only; file order if left out. */
  shuffle?: { seed: number; epoch: number };
  /** Batches to leave out at the beginning: what follows is exactly what an uninterrupted walk yields from there. */
  startBatch?: number;
  /** Leave out a last batch that is not full. Default false. */
  dropLast?: boolean;
}

/** One part (train, valid or test) of a data set. */
export interface CtrSplit {
  /** Number of rows. */
  readonly rows: number;
  /** Walks the rows once. @throws {RangeError} on impossible options */
  batches(options: BatchOptions): AsyncIterable<CtrBatch>;
}

/** Counts and origin of a data set. */
export interface CtrInfo {
  /** Rows in all parts. */
  readonly rows: number;
  /** Rows for training. */
  readonly train: number;
  /** Rows for validation. */
  readonly valid: number;
  /** Rows for the final test. */
  readonly test: number;
  /** Mean label over all parts. */
  readonly ctr: number;
  /** AUC of the true probabilities on the test part (synthetic data only). */
  readonly bayesAuc?: number;
  /** Mean log loss (nats) of the true probabilities on the test part (synthetic data only). */
  readonly bayesLogloss?: number;
  /** SHA-256 (hex) of the source: the files' bytes, or the generator's parameters. */
  readonly contentHash: string;
  /** The source as the caller named it. */
  readonly source: string;
  /** Rows refused under `onBadRow: "skip"`. */
  readonly badRows?: number;
  /** Messages of the first ten refused rows. */
  readonly badRowExamples?: readonly string[];
}

/** A data set ready for training. Dispose it to close files and end workers. */
export interface CtrDataset extends AsyncDisposable {
  /** Feature widths. */
  readonly schema: CtrSchema;
  /** Rows to train on. */
  readonly train: CtrSplit;
  /** Rows for early stopping. */
  readonly valid: CtrSplit;
  /** Rows for the final score. */
  readonly test: CtrSplit;
  /** Counts and origin. */
  readonly info: CtrInfo;
  /** What turned raw rows into `dense` and `ids`; absent for synthetic data, which needs none. */
  readonly preprocessor?: Preprocessor;
}

/** Allocates a zero-filled batch. */
export function createBatch(rows: number, schema: CtrSchema): CtrBatch {
  return {
    rows,
    dense: new Float32Array(rows * schema.denseFeatures),
    ids: new Uint32Array(rows * schema.tables.length),
    labels: new Float32Array(rows),
  };
}
