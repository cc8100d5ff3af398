import { sameDevice } from "../device.ts";
import { planBags } from "../embedding_lookup/bag_plan.ts";
import type { Bags } from "../embedding_lookup/bags.ts";
import { checkTensor } from "../operand.ts";
import type { Tensor } from "../tensor.ts";
import { type SparseOptimizer, sparseStateShapes, stepScalars } from "./sparse_optimizer.ts";
import { sparseUpdateCpu } from "./sparse_update_cpu.ts";
import { sparseUpdateWebGpu } from "./sparse_update_webgpu.ts";

/**
 * The backward pass of {@linkcode embeddingLookup} fused with the optimiser's step: sums the gradient of each looked-up
 * row over its occurrences, then updates row and state in place. Rows that do not occur are not touched.
 *
 * Occurrences are sorted by row, stably, and added in the order of the bags: up to a fixed number one by one, longer lists
 * in chunks whose sums are added in order. The cut depends on the row's own occurrences alone, so the bits are the
 * same for any number of threads, and the same whatever else the batch holds.
 *
 * @param weights f32 `[rows, dim]`: the tables one after the other; updated
 * @param rowBase u32 `[tables]`: where each table starts; tables may share rows
 * @param bags what was looked up
 * @param gradOut f32 `[batch, tables, dim]`: gradient of the pooled output
 * @param optimizer the rule
 * @param states the rule's states, see {@linkcode sparseStateShapes}; updated
 * @param lr learning rate
 * @throws {TypeError} where a dtype or shape does not fit, or the number of states
 * @throws {RangeError} where a hyperparameter is out of range
 */
export function sparseUpdate(
  weights: Tensor,
  rowBase: Tensor,
  bags: Bags,
  gradOut: Tensor,
  optimizer: SparseOptimizer,
  states: readonly Tensor[],
  lr: number,
): void {
  const plan = planBags("sparseUpdate", weights, rowBase, bags);
  checkTensor("sparseUpdate", gradOut, "f32", plan.batch * plan.tables * plan.dim);
  const shapes = sparseStateShapes(optimizer.kind, plan.rows, plan.dim);
  if (states.length !== shapes.length) {
    throw new TypeError(
      `Cannot run sparseUpdate as ${optimizer.kind} has ${shapes.length} states: got ${states.length}`,
    );
  }
  shapes.forEach(([rows = 0, dim = 1], i) => checkTensor("sparseUpdate", states[i]!, "f32", rows * dim));
  const step = stepScalars(optimizer, lr);
  const operands = [weights, rowBase, bags.ids, bags.offsets, bags.weights, gradOut, ...states];
  const device = sameDevice("sparseUpdate", operands);
  if (plan.occurrences === 0 || plan.batch * plan.tables === 0 || weights.size === 0) return;
  switch (device.kind) {
    case "cpu":
      return sparseUpdateCpu(device, weights, plan, gradOut, step, states);
    case "webgpu":
      return sparseUpdateWebGpu(device, weights, plan, gradOut, step, states);
    default:
      device satisfies never;
  }
}
