import type { Bags, Tensor } from "@pocketrec/compute";
import type { RobeTableSet } from "../table_set.ts";
import { checkSize, planLookup } from "./lookup_plan.ts";
import { robeLookupCpu } from "./robe_lookup_cpu.ts";
import { robeLookupWebGpu } from "./robe_lookup_webgpu.ts";

/**
 * Looks up rows of all tables of a set in their shared array (Eq. 2 of arXiv 2108.02191) and pools each bag:
 * `out[s, t] = scale[t] * sum over i in bag (s, t) of w[i] * row(t, ids[i])`; for means the sum is first divided by the
 * number of ids in the bag that are not padding. `row(t, x)` is `sign * array[slot]` for each slot of
 * {@linkcode rowSlots}.
 *
 * An empty bag, a padding id and an id beyond its table read as zeros. Rows are added in the order of their ids in f32, so
 * results are reproducible bit by bit; unweighted sums are the same bits on all devices, apart from the sign of a zero.
 *
 * @param array f32 `[size]`; or f16, two to a u32 `[ceil(size / 2)]`, element `2 i` in the low half
 * @param tables the tables, of equal width
 * @param bags what to look up, with ids inside their tables
 * @param out f32 `[batch, tables, dim]`; overwritten
 * @throws {TypeError} where a dtype or size does not fit, or `out` shares memory with another tensor
 */
export function robeLookup(array: Tensor, tables: RobeTableSet, bags: Bags, out: Tensor): void {
  const { device, plan } = planLookup("robeLookup", array, tables, bags, [out]);
  checkSize("robeLookup", out, "f32", plan.batch * plan.tables * tables.dim);
  if (out.size === 0) return;
  switch (device.kind) {
    case "cpu":
      return robeLookupCpu(device, plan, out);
    case "webgpu":
      return robeLookupWebGpu(device, plan, out);
    default:
      device satisfies never;
  }
}
