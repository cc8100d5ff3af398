/**
 * Scores a model on held-out rows.
 *
 * @module
 */
import type { CtrSplit } from "@pocketrec/datasets";
import { RunError } from "../errors.ts";
import type { TrainableModel } from "./model.ts";
import { breathe } from "./breathe.ts";

/** Exact metrics over all rows of a part. */
export interface Metrics {
  /** NaN when all labels are equal. */
  readonly auc: number;
  readonly logloss: number;
  readonly accuracy: number;
}

/** Computes metrics from probabilities and labels. */
export type MetricFunction = (scores: Float32Array, labels: Float32Array) => Metrics;

/** Probabilities and labels of a part, in file order. */
export interface Scored {
  readonly scores: Float32Array;
  readonly labels: Float32Array;
}

/**
 * Predicts all rows of a part.
 *
 * @param stopped asked between batches; when true the scoring is given up.
 * @returns `undefined` when given up.
 * @throws {RunError} when a probability is not a number.
 */
export async function scoreSplit(
  model: TrainableModel,
  split: CtrSplit,
  batchSize: number,
  stopped: () => boolean,
): Promise<Scored | undefined> {
  const scores = new Float32Array(split.rows), labels = new Float32Array(split.rows);
  let at = 0;
  const rest = breathe();
  for await (const batch of split.batches({ batchSize })) {
    if (stopped()) return undefined;
    const part = await model.predict(batch);
    scores.set(part.subarray(0, batch.rows), at);
    labels.set(batch.labels.subarray(0, batch.rows), at);
    at += batch.rows;
    await rest();
  }
  const bad = scores.findIndex((score) => Number.isNaN(score));
  if (bad >= 0) {
    throw new RunError(`Training diverged as the prediction for row ${bad} is not a number; want a lower --lr`);
  }
  return { scores, labels };
}
