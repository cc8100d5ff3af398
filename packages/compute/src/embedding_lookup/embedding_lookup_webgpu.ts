import type { Tensor } from "../tensor.ts";
import { spreadWorkgroups } from "../webgpu/kernel.ts";
import type { WebGpuDevice } from "../webgpu/webgpu_device.ts";
import type { BagPlan } from "./bag_plan.ts";
import { LOOKUP_WORKGROUP, lookupKernel } from "./embedding_lookup.wgsl.ts";

/** {@linkcode embeddingLookup} on a GPU: one dispatch for all tables. */
export function embeddingLookupWebGpu(device: WebGpuDevice, weights: Tensor, plan: BagPlan, out: Tensor): void {
  const { batch, tables, dim, rows, rowBase, ids, offsets } = plan;
  const width = dim % 4 === 0 ? 4 : 1;
  const kernel = lookupKernel({ width, offsets: !!offsets, weights: !!plan.weights, mean: plan.mean });
  const tensors = [weights, rowBase, ids, out];
  if (offsets) tensors.push(offsets);
  if (plan.weights) tensors.push(plan.weights);
  const threads = out.size / width;
  const groups = spreadWorkgroups(Math.ceil(threads / LOOKUP_WORKGROUP));
  device.dispatch(kernel, [batch * tables, tables, dim / width, rows, ids.size], tensors, groups);
}
