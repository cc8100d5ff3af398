import { spreadWorkgroups, type Tensor, type WebGpuDevice } from "@pocketrec/compute";
import { gatherWidth } from "./gather.wgsl.ts";
import type { LookupPlan } from "./lookup_plan.ts";
import { LOOKUP_WORKGROUP, lookupKernel } from "./robe_lookup.wgsl.ts";

/** {@linkcode robeLookup} on a GPU: one dispatch for all tables. */
export function robeLookupWebGpu(device: WebGpuDevice, plan: LookupPlan, out: Tensor): void {
  const { array, half, set, batch, tables, ids, offsets, weights, mean } = plan;
  const { layout, dim, scaled } = set;
  const variant = { layout, dim, half, offsets: !!offsets, weights: !!weights, mean, scaled };
  const tensors = [array, set.records, ids, out];
  if (offsets) tensors.push(offsets);
  if (weights) tensors.push(weights);
  device.dispatch(
    lookupKernel(variant),
    [batch * tables, tables, ids.size, layout.size, layout.modulus],
    tensors,
    spreadWorkgroups(Math.ceil(out.size / gatherWidth(variant) / LOOKUP_WORKGROUP)),
  );
}
