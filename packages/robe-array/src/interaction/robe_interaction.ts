import { type Bags, interactionWidth, type Tensor } from "@pocketrec/compute";
import { checkSize, planLookup } from "../lookup/lookup_plan.ts";
import type { RobeTableSet } from "../table_set.ts";
import { robeInteractionWebGpu } from "./robe_interaction_webgpu.ts";
import { interactInParts } from "./in_parts.ts";

/**
 * Look-up and the "dot" interaction of DLRM in one, for inference: what `dotInteraction(dense, rows, out)` gives for the
 * `rows` of {@linkcode robeLookup}, without storing them. On a GPU the rows of a sample stay in workgroup memory where
 * 16 KiB hold them; else, and on the CPU, samples are taken in parts whose rows stay in cache.
 *
 * @param array as for {@linkcode robeLookup}
 * @param tables the tables, of equal width
 * @param bags one id per bag, without weights
 * @param dense f32 `[batch, dim]`
 * @param out f32 `[batch, interactionWidth(tables + 1, dim)]`; overwritten
 * @throws {TypeError} where a dtype or size does not fit, bags have offsets or weights, or `out` shares memory with another
 *   tensor
 */
export function robeInteraction(array: Tensor, tables: RobeTableSet, bags: Bags, dense: Tensor, out: Tensor): void {
  if (bags.offsets || bags.weights) {
    throw new TypeError("Cannot run robeInteraction with offsets or weights of ids: want one id per bag");
  }
  const { device, plan } = planLookup("robeInteraction", array, tables, bags, [out], [dense]);
  checkSize("robeInteraction", dense, "f32", plan.batch * tables.dim);
  checkSize("robeInteraction", out, "f32", plan.batch * interactionWidth(plan.tables + 1, tables.dim));
  if (out.size === 0) return;
  switch (device.kind) {
    case "cpu":
      return interactInParts(device, plan, dense, out);
    case "webgpu":
      return robeInteractionWebGpu(device, plan, dense, out);
    default:
      device satisfies never;
  }
}
