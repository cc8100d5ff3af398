/**
 * Deep learning recommendation models (DLRM): the model, its embedding tables and the interface that other embeddings
 * plug into, optimisers, metrics, schedule, and safetensors files with facebookresearch/dlrm's tensor names.
 *
 * @module
 */
export type { Tensor, TensorData } from "@pocketrec/compute";
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
export * from "./src/safetensors/mod.ts";
