import { addressOf, type CpuDevice, type CpuModule } from "../cpu/cpu_device.ts";
import type { Tensor } from "../tensor.ts";
import type { BagPlan } from "./bag_plan.ts";
import { embeddingLookupWasm } from "./embedding_lookup_wasm.ts";

/** Kernels of the look-up; {@linkcode gather} runs one of them too. */
export const EMBEDDING_LOOKUP_MODULE: CpuModule = { label: "compute/embedding_lookup", base64: embeddingLookupWasm };

/** Rows that one task looks up, about: enough to pay for claiming it, few enough to balance small batches. */
export const ROWS_PER_TASK = 1024;

/** {@linkcode embeddingLookup} on the CPU. */
export function embeddingLookupCpu(device: CpuDevice, weights: Tensor, plan: BagPlan, out: Tensor): void {
  const { batch, tables, ids, offsets } = plan;
  const bags = batch * tables;
  const perBag = offsets ? Math.max(1, ids.size / bags) : 1;
  const bagsPerTask = tables * Math.max(1, Math.round(ROWS_PER_TASK / perBag / tables));
  const pooled = offsets !== undefined || plan.weights !== undefined;
  device.run(
    device.kernel(EMBEDDING_LOOKUP_MODULE, pooled ? "lookupBags" : "lookupRows"),
    Math.ceil(bags / bagsPerTask),
    [
      addressOf(weights),
      addressOf(plan.rowBase),
      addressOf(ids),
      addressOf(out),
      bags,
      tables,
      plan.dim,
      plan.rows,
      bagsPerTask,
      offsets ? addressOf(offsets) : 0,
      plan.weights ? addressOf(plan.weights) : 0,
      Number(plan.mean),
      ids.size,
    ],
  );
}
