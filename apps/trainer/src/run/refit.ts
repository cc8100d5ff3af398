/**
 * The last pass of a run: the best model also learns from the rows that chose it.
 *
 * @module
 */
import type { CtrSplit } from "@pocketrec/datasets";
import { RunError } from "../errors.ts";
import { breathe } from "./breathe.ts";
import type { TrainableModel } from "./model.ts";

/** How to walk the rows. */
export interface RefitPlan {
  readonly batch: number;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly epochs: number;
  /** The step number that the first batch gets. */
  readonly firstStep: number;
  learningRate(step: number): number;
}

/**
 * Trains one pass over the rows. Nothing is saved on the way: from the same checkpoint it gives the same bits again.
 *
 * @param stopped asked after every step; when true the pass is given up.
 * @throws {RunError} when the loss is no longer finite.
 */
export async function refit(
  model: TrainableModel,
  rows: CtrSplit,
  plan: RefitPlan,
  stopped: () => boolean,
): Promise<void> {
  let step = plan.firstStep;
  const rest = breathe();
  model.setLoss({ sum: 0, count: 0 });
  // The epochs of the training have the numbers 0 to epochs - 1.
  const shuffle = plan.shuffle ? { shuffle: { seed: plan.seed, epoch: plan.epochs } } : {};
  for await (const batch of rows.batches({ batchSize: plan.batch, ...shuffle })) {
    if (stopped()) return;
    await model.trainStep(batch, plan.learningRate(step++), () => {});
    await rest();
  }
  const { sum } = await model.readLoss();
  if (!Number.isFinite(sum)) {
    throw new RunError(`Training diverged in the pass over the validation rows as the loss is ${sum}; want --no-refit`);
  }
}
