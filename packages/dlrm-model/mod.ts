/**
 * Deep learning recommendation models (DLRM): the model, its embedding tables and the interface that other embeddings
 * plug into, optimisers, metrics, schedule, and safetensors files with facebookresearch/dlrm's tensor names.
 *
 * @module
 */
export * from "./src/embedding_collection.ts";
export * from "./src/config.ts";
export * from "./src/sizes.ts";
export * from "./src/schedule.ts";
export * from "./src/permutation.ts";
export * from "./src/compression/index_split.ts";
export * from "./src/compression/plan.ts";
export {
  type CalibrationBin,
  type ClickMetrics,
  ClickMetricsAccumulator,
  type ClickMetricsOptions,
  rocAuc,
} from "./src/metrics/click_metrics.ts";
export * from "@pocketrec/compute/safetensors";
export type { OptimizerConfig } from "./src/optimizer.ts";
export { stateNames } from "./src/optimizer.ts";
export { TableCollection, type TableCollectionOptions } from "./src/tables/table_collection.ts";
export type { LossConfig } from "./src/loss/click_loss.ts";
export type { Exchange } from "./src/model/exchange.ts";
export type { OutOfRange, SampleBatch, TrainingBatch } from "./src/model/host_batch.ts";
export { Dlrm, type DlrmOptions, type LossSum } from "./src/model/dlrm.ts";
