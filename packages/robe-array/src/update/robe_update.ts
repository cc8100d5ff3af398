/**
 * The backward pass of a ROBE array, fused with the optimiser.
 *
 * @module
 */
import { sameDevice, type Tensor } from "@pocketrec/compute";
import type { RobeOptimizer } from "./robe_optimizer.ts";
import { robeUpdateCpu } from "./robe_update_cpu.ts";
import { robeUpdateWebGpu } from "./robe_update_webgpu.ts";
import { planUpdate, type RobeGradient } from "./update_plan.ts";

/** Options of {@linkcode robeUpdate}. */
export interface RobeUpdateOptions {
  /** How gradients are added up; see {@linkcode robeUpdate}. Default `"sorted"`. */
  readonly accumulation?: "sorted" | "fixed-point";
}

/**
 * Adds up the gradient of every slot over all rows that lie on it, then updates array and states in place, once per
 * slot. Ids beyond their table and padding have no gradient.
 *
 * - `"sorted"`: all in f32 and in an order that depends on the device's kind and the shapes alone, so that bits depend
 *   neither on threads nor on the run. On the CPU addends have the order of the occurrences: by part, chunk of samples
 *   (at most 16 chunks), table and sample. On WebGPU the gradients of a row are added first, in the order of the samples
 *   (chunks of 64, whose sums are added in order); then the rows that cover a slot: blocks that wrap around the array's
 *   end, then the others, each by start, equal starts by part, table and id.
 * - `"fixed-point"`: gradients become multiples of a power of two, chosen by the largest of them so that 64 bits hold
 *   any sum, and are added as integers: exact whatever the order, error at most 2^-(s+1) per addend with
 *   s = 62 - e - max(11, log2(addends)), where all addends are below 2^e. Sums are rounded once, to the nearest float.
 *   Given identical gradients, sums have the same bits on CPU and WebGPU; sgd and momentum compute with subnormal
 *   numbers as zeros, so that these updates have, too. Adagrad, segment-adagrad and adam need roots and quotients, whose
 *   last bits WebGPU leaves open. Where a gradient is NaN or infinite, every slot that is looked up becomes NaN.
 *
 * @param array f32 `[size]`; updated
 * @param parts gradients of sets of tables in this array, one set per width
 * @param optimizer the rule
 * @param states the rule's states, see {@linkcode robeStateShapes}; updated
 * @param lr learning rate
 * @throws {TypeError} where a dtype, shape or layout does not fit, or the number of states
 * @throws {RangeError} where a hyperparameter is out of range
 */
export function robeUpdate(
  array: Tensor,
  parts: readonly RobeGradient[],
  optimizer: RobeOptimizer,
  states: readonly Tensor[],
  lr: number,
  options: RobeUpdateOptions = {},
): void {
  const plan = planUpdate(array, parts, optimizer, states, lr, options.accumulation);
  const operands = parts.flatMap(({ tables, bags, gradOut }) => [
    tables.records,
    bags.ids,
    bags.offsets,
    bags.weights,
    gradOut,
  ]);
  const device = sameDevice("robeUpdate", [array, ...states, ...operands]);
  if (plan.pairs === 0 && !plan.step.dense) return;
  switch (device.kind) {
    case "cpu":
      return robeUpdateCpu(device, plan);
    case "webgpu":
      return robeUpdateWebGpu(device, plan);
    default:
      device satisfies never;
  }
}
