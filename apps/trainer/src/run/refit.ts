/**
 * The final fit: once the validation part has told how long to train, a fresh model learns from the train and validation
 * rows together, for as many passes. The newest rows before the test are worth more than any other, and a model that
 * never saw them would be judged on yesterday.
 *
 * @module
 */
import type { CtrSplit } from "@pocketrec/datasets";
import type { TrainConfig } from "../config/resolve.ts";
import type { LoopPlan } from "./loop.ts";
import { rateOf } from "./rate.ts";
import type { RunState } from "./state.ts";

/** Nothing to look at: the final fit has no rows held out. */
export const NO_ROWS: CtrSplit = {
  rows: 0,
  batches: () => ({
    async *[Symbol.asyncIterator]() {},
  }),
};

/** Whether a run that has found its best step is to be followed by a final fit. */
export function wantsRefit(config: TrainConfig, state: RunState, validRows: number): boolean {
  // Without a choice between evaluations there was nothing to hold rows out for.
  return config.refit && state.best !== null && validRows > 0;
}

/** Turns the state of a finished search into that of a final fit before its first step. Steps and epochs count on. */
export function beginRefit(state: RunState, outcome: "finished" | "early-stop"): void {
  state.refitFrom = { step: state.step, epoch: state.epoch, outcome };
  state.batch = 0;
  state.pending = { sum: 0, count: 0 };
  state.evalDue = false;
  state.worse = 0;
  state.finished = "no";
}

/**
 * The plan of the final fit: the best step's number of passes, over more rows.
 *
 * @param rows of the search and of the final fit.
 */
export function refitPlan(
  config: TrainConfig,
  state: RunState,
  rows: { readonly search: number; readonly fit: number },
): LoopPlan {
  const { refitFrom, best } = state;
  if (!refitFrom || !best) throw new TypeError("Cannot plan a final fit before the search has ended");
  const growth = rows.fit / rows.search;
  const steps = Math.max(1, Math.round(best.step * growth));
  const rate = rateOf(config);
  return {
    ...config,
    epochs: Infinity, // the number of steps ends it
    totalSteps: refitFrom.step + steps,
    patience: 0,
    // The schedule is that of the search, stretched.
    learningRate: (step) => rate(Math.max(1, Math.round((step - refitFrom.step) / growth))),
  };
}
