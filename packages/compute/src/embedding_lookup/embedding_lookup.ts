import { sameDevice } from "../device.ts";
import type { Tensor } from "../tensor.ts";
import { checkTensor } from "../operand.ts";
import { planBags } from "./bag_plan.ts";
import type { Bags } from "./bags.ts";
import { embeddingLookupCpu } from "./embedding_lookup_cpu.ts";
import { embeddingLookupWebGpu } from "./embedding_lookup_webgpu.ts";

/**
 * Looks up rows of all embedding tables of a model and pools each bag:
 * `out[s, t] = sum over i in bag (s, t) of w[i] * weights[rowBase[t] + ids[i]]`, divided by the bag's length for means.
 * An empty bag gives zeros. Rows of a bag are added in the order of their ids, so results are reproducible bit by bit.
 *
 * @param weights f32 `[rows, dim]`: the tables one after the other
 * @param rowBase u32 `[tables]`: where each table starts
 * @param bags what to look up
 * @param out f32 `[batch, tables, dim]`
 * @throws {TypeError} where a dtype or shape does not fit
 */
export function embeddingLookup(weights: Tensor, rowBase: Tensor, bags: Bags, out: Tensor): void {
  const plan = planBags("embeddingLookup", weights, rowBase, bags);
  checkTensor("embeddingLookup", out, "f32", plan.batch * plan.tables * plan.dim);
  const device = sameDevice("embeddingLookup", [weights, rowBase, bags.ids, bags.offsets, bags.weights, out]);
  if (out.size === 0) return;
  switch (device.kind) {
    case "cpu":
      return embeddingLookupCpu(device, weights, plan, out);
    case "webgpu":
      return embeddingLookupWebGpu(device, weights, plan, out);
    default:
      device satisfies never;
  }
}
