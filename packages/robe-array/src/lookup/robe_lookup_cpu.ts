import { addressOf, type CpuDevice, type CpuModule, type Tensor } from "@pocketrec/compute";
import type { LookupPlan } from "./lookup_plan.ts";
import { robeLookupWasm } from "./robe_lookup_wasm.ts";

const MODULE: CpuModule = { label: "robe-array/lookup", base64: robeLookupWasm };

/** Rows that one task looks up, about: enough to pay for claiming it, few enough to balance small batches. */
const ROWS_PER_TASK = 1024;

/** Rows that are hashed together, at most. */
const CHUNK_ROWS = 128;
/** Words of scratch memory that a chunk's addresses and signs should not exceed: they stay in the nearest cache. */
const CHUNK_WORDS = 4096;

/** HEADER of _slots.as.ts in words. */
const HEADER_WORDS = 96;

/** {@linkcode robeLookup} on the CPU. */
export function robeLookupCpu(device: CpuDevice, plan: LookupPlan, out: Tensor): void {
  const { set, batch, tables, ids, offsets, weights, half } = plan;
  const { layout, dim } = set;
  const bags = batch * tables;
  const perBag = offsets ? Math.max(1, ids.size / bags) : 1;
  const bagsPerTask = tables * Math.max(1, Math.round(ROWS_PER_TASK / perBag / tables));
  const words = plan.blocks + (layout.sign ? Math.ceil(dim / 32) : 0);
  const chunk = Math.max(4, Math.min(CHUNK_ROWS, Math.floor(CHUNK_WORDS / words / 4) * 4));
  // In front of addresses and signs of a chunk the hashes' constants, behind them its ids, factors and bags.
  const scratchWords = HEADER_WORDS + Math.ceil((words + 3) * chunk / 16) * 16;
  const scratch = device.workspace("robe-array/lookup", "u32", scratchWords * device.threads);
  const pooled = offsets !== undefined || weights !== undefined || set.scaled;
  const affine = layout.affine;
  device.run(
    device.kernel(MODULE, (pooled ? "lookupBags" : "lookupRows") + (half ? "Half" : "")),
    Math.ceil(bags / bagsPerTask),
    [
      addressOf(plan.array),
      addressOf(set.records),
      addressOf(ids),
      addressOf(out),
      bags,
      tables,
      dim,
      bagsPerTask,
      offsets ? addressOf(offsets) : 0,
      weights ? addressOf(weights) : 0,
      Number(plan.mean),
      ids.size,
      addressOf(scratch),
      scratchWords * 4,
      chunk,
      layout.blockSize,
      layout.size,
      layout.modulus,
      layout.align,
      Number(layout.sign),
      plan.blocks,
      plan.rowsPerBlock,
      affine?.starts.prime ?? 0,
      affine?.starts.x ?? 0,
      affine?.starts.k ?? 0,
      affine?.signs?.x ?? 0,
      affine?.signs?.k ?? 0,
      half ? 1 : 2,
    ],
  );
}
