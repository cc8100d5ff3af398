/**
 * Devices, tensors and operators: the compute layer that every other package stands on.
 *
 * @module
 */
export * from "./src/errors.ts";
export * from "./src/tensor.ts";
export * from "./src/device.ts";
export * from "./src/cpu/cpu_device.ts";
export * from "./src/webgpu/kernel.ts";
export * from "./src/webgpu/webgpu_device.ts";
export { type Activation, gemm, type GemmOptions } from "./src/gemm/gemm.ts";
export { sumRows } from "./src/gemm/sum_rows.ts";
export * from "./src/embedding_lookup/bags.ts";
export * from "./src/embedding_lookup/check_ids.ts";
export * from "./src/embedding_lookup/embedding_lookup.ts";
export * from "./src/embedding_lookup/embedding_lookup_reference.ts";
export * from "./src/gather/gather.ts";
export {
  dotInteraction,
  dotInteractionBackward,
  type InteractionOptions,
  interactionWidth,
} from "./src/interaction/interaction.ts";
export { type BceOptions, bceWithLogits, type LossOptions, lossTotal, softmaxCrossEntropy } from "./src/loss/loss.ts";
export { type SparseOptimizer, sparseStateShapes } from "./src/sparse_update/sparse_optimizer.ts";
export * from "./src/sparse_update/sparse_update.ts";
export * from "./src/sparse_update/sparse_update_reference.ts";
export { copy, copyColumns, type CopyColumnsOptions, fill } from "./src/elementwise/copy.ts";
export { add, axpy, mul, mulAdd, scale, sigmoid } from "./src/elementwise/elementwise.ts";
export { type DenseOptimizer, denseStates, denseUpdate } from "./src/optimizer/dense_update.ts";
export { sum, sumSquares } from "./src/reduce/reduce.ts";
export { philox4x32, streamOf, type Words4 } from "./src/random/philox.ts";
export {
  type NormalOptions,
  randomNormal,
  type RandomSource,
  randomUniform,
  type UniformOptions,
} from "./src/random/random.ts";
export * from "./src/radix_sort/radix_sort.ts";
export * from "./src/run_length/run_length.ts";
export { segmentedSum, type SegmentedSumOptions } from "./src/segmented_sum/segmented_sum.ts";
