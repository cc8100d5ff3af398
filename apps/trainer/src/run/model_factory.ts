/**
 * What it takes to build a model for the loop.
 *
 * @module
 */
import type { AnyDevice } from "@pocketrec/compute";
import type { ModelChoice } from "../config/model_choice.ts";
import type { TrainConfig } from "../config/resolve.ts";
import type { GrowthStep } from "../config/robe_spec.ts";
import type { CodecOrder } from "../model/codec_exchange.ts";
import type { TrainableModel } from "./model.ts";

/** Dumps of what passes the exchange seam. */
export interface DumpRequest {
  readonly folder: string;
  /** Steps between two dumps. */
  readonly every: number;
}

/** The order for a model. */
export interface ModelOrder {
  readonly device: AnyDevice;
  readonly config: Pick<
    TrainConfig,
    | "optimizer"
    | "lr"
    | "embeddingLr"
    | "eps"
    | "loss"
    | "lossWeights"
    | "lossThreshold"
    | "seed"
    | "batch"
    | "testBatch"
  >;
  readonly choice: Pick<ModelChoice, "shape" | "embedding">;
  /** When the array of `choice` grows, by steps of the run; none without. */
  readonly growth?: readonly GrowthStep[];
  readonly dump?: DumpRequest;
  /** What vectors and gradients go through; nothing without. */
  readonly codec?: CodecOrder;
  /** The step that the run goes on from; 0 for a new one. */
  readonly startStep: number;
}

/** Builds a model with fresh weights. */
export type ModelFactory = (order: ModelOrder) => TrainableModel & Disposable;
