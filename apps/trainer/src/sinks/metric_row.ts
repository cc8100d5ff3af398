/**
 * One point of a run's history: what the CSV file, TensorBoard, the checkpoint and the report's curves all hold.
 *
 * @module
 */

/** A reading of the training loss, or an evaluation on a held-out part. */
export interface MetricRow {
  /** Steps done so far. */
  readonly step: number;
  /** 1-based. */
  readonly epoch: number;
  /** Training rows seen so far. */
  readonly samples: number;
  /** `refit`: a reading of the training loss in the final fit. */
  readonly split: "train" | "refit" | "valid" | "test";
  /** Mean loss per row: since the last reading (train, refit), or over the part (log loss). */
  readonly loss: number;
  /** Learning rate of the last step; train and refit only. */
  readonly lr?: number;
  /** Valid and test only. */
  readonly auc?: number;
  /** Valid and test only. */
  readonly accuracy?: number;
}

/** Receives the rows of a run as they come. */
export interface MetricSink {
  write(row: MetricRow): void;
  close(): void;
}
