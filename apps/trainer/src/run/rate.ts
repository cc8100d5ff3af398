import { learningRate } from "@pocketrec/dlrm-model";
import type { TrainConfig } from "../config/resolve.ts";

/** The learning rate by step, as configured. */
export function rateOf(config: TrainConfig): (step: number) => number {
  const schedule = { warmupSteps: config.warmup, decayStart: config.decayStart, decaySteps: config.decaySteps };
  return (step) => learningRate(config.lr, step, schedule);
}
