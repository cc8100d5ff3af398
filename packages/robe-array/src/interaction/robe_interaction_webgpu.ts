import { spreadWorkgroups, type Tensor, type WebGpuDevice } from "@pocketrec/compute";
import type { LookupPlan } from "../lookup/lookup_plan.ts";
import { interactInParts } from "./in_parts.ts";
import { capacityFor, interactionKernel } from "./robe_interaction.wgsl.ts";

/**
 * {@linkcode robeInteraction} on a GPU: fused where workgroup memory holds a sample's vectors.
 *
 * @param fuse for tests: software adapters run a workgroup's threads one after another between barriers, so there it is
 *   slower by default
 */
export function robeInteractionWebGpu(
  device: WebGpuDevice,
  plan: LookupPlan,
  dense: Tensor,
  out: Tensor,
  fuse: boolean = !device.isFallback,
): void {
  const { array, half, set: { layout, dim, records, scaled }, batch, tables, ids } = plan;
  const capacity = fuse ? capacityFor(tables + 1, dim) : undefined;
  if (!capacity) return interactInParts(device, plan, dense, out);
  device.dispatch(
    interactionKernel({ layout, dim, half, scaled, capacity }),
    [batch, tables, layout.size, layout.modulus],
    [array, records, ids, dense, out],
    spreadWorkgroups(batch),
  );
}
