import { sameDevice } from "../device.ts";
import { checkTensor, operandError } from "../operand.ts";
import type { Tensor } from "../tensor.ts";
import { segmentedSumCpu } from "./segmented_sum_cpu.ts";
import { segmentedSumWebGpu } from "./segmented_sum_webgpu.ts";

/** Options of {@linkcode segmentedSum}. */
export interface SegmentedSumOptions {
  /** u32 `[n]`: the row of `values` at each position; a row may occur more than once. Default: the position itself. */
  readonly order?: Tensor;
}

/**
 * Adds up rows by segment: `out[s] = sum of values[order[i]]` over `starts[s] <= i < starts[s + 1]`, for the first
 * `count` segments; further rows of `out` are unspecified. An empty segment gives zeros.
 *
 * Up to a fixed number of rows are added one by one; longer segments are cut into chunks from their start and the
 * chunks' sums are added by a fixed tree, so a segment's bits depend on its own rows alone.
 *
 * @param values f32 `[rows, dim]`
 * @param starts u32 `[m + 1]`, ascending, as {@linkcode runLength} writes them; at most `n` positions
 * @param count u32 `[1]`: number of segments, at most m
 * @param out f32 `[m, dim]`
 * @throws {TypeError} where a dtype or shape does not fit
 */
export function segmentedSum(
  values: Tensor,
  starts: Tensor,
  count: Tensor,
  out: Tensor,
  options: SegmentedSumOptions = {},
): void {
  const { order } = options;
  if (values.dtype !== "f32" || values.shape.length !== 2) {
    throw operandError("segmentedSum", values, "f32 [rows, dim]");
  }
  const dim = values.shape[1]!, segments = starts.size - 1;
  if (starts.dtype !== "u32" || segments < 0) throw operandError("segmentedSum", starts, "u32 [m + 1]");
  checkTensor("segmentedSum", count, "u32", 1);
  checkTensor("segmentedSum", out, "f32", segments * dim);
  if (order) checkTensor("segmentedSum", order, "u32", order.size);
  const device = sameDevice("segmentedSum", [values, starts, count, out, order]);
  if (out.size === 0) return;
  const plan = { dim, segments, positions: order ? order.size : values.shape[0]! };
  switch (device.kind) {
    case "cpu":
      return segmentedSumCpu(device, plan, values, starts, count, out, order);
    case "webgpu":
      return segmentedSumWebGpu(device, plan, values, starts, count, out, order);
    default:
      device satisfies never;
  }
}

/** Sizes of a checked call. */
export interface SegmentedSumPlan {
  /** Elements per row. */
  readonly dim: number;
  /** The most segments. */
  readonly segments: number;
  /** The most positions. */
  readonly positions: number;
}
