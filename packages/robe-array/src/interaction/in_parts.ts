import { type AnyDevice, dotInteraction, interactionWidth, type Tensor } from "@pocketrec/compute";
import type { LookupPlan } from "../lookup/lookup_plan.ts";
import { robeLookupCpu } from "../lookup/robe_lookup_cpu.ts";
import { robeLookupWebGpu } from "../lookup/robe_lookup_webgpu.ts";

/** Floats of looked-up rows that stay in the caches of a core, and in those of a GPU. */
const CPU_FLOATS = 2 ** 18, GPU_FLOATS = 2 ** 22;

/** Samples of a part are a multiple of this, so that a part starts where any device can bind a view. */
const GRAIN = 64;

/**
 * Look-up, then interaction, part by part of the batch: rows are read again before they leave the cache. Results do not
 * depend on the cut.
 *
 * @param samples most samples of a part, for tests
 */
export function interactInParts(
  device: AnyDevice,
  plan: LookupPlan,
  dense: Tensor,
  out: Tensor,
  samples: number = samplesPerPart(device, plan),
): void {
  const { batch, tables, set: { dim } } = plan;
  const width = interactionWidth(tables + 1, dim);
  const scratch = device.workspace("robe-array/rows", "f32", Math.min(samples, batch) * tables * dim);
  for (let first = 0; first < batch; first += samples) {
    const count = Math.min(samples, batch - first);
    const rows = scratch.view(0, [count, tables, dim], "robe rows");
    const part = { ...plan, batch: count, ids: plan.ids.view(first * tables, [count, tables]) };
    if (device.kind === "cpu") robeLookupCpu(device, part, rows);
    else robeLookupWebGpu(device, part, rows);
    dotInteraction(dense.view(first * dim, [count, dim]), rows, out.view(first * width, [count, width]));
  }
}

function samplesPerPart(device: AnyDevice, { tables, set }: LookupPlan): number {
  const floats = device.kind === "cpu" ? CPU_FLOATS * device.threads : GPU_FLOATS;
  return GRAIN * Math.max(1, Math.floor(floats / (GRAIN * tables * set.dim)));
}
