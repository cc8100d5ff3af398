import { addressOf, anyDevice, type CpuModule, spreadWorkgroups, type Tensor } from "@pocketrec/compute";
import type { IdBatch } from "../../embedding_collection.ts";
import { MAP_WORKGROUP, mapIdsKernel } from "./map_ids.wgsl.ts";
import { mapIdsWasm } from "./map_ids_wasm.ts";

/** An id that stands for no row: it reads as zeros and gets no update. */
export const NO_ROW = 0xffff_ffff;

/** Options of {@linkcode mapIds}; the tensors are u32 `[tables]`. */
export interface MapIdsOptions {
  /** What ids are divided by, at least 1. */
  readonly divisors: Tensor;
  /** What the quotients are taken modulo; 0 maps every id of that table to {@linkcode NO_ROW}. */
  readonly moduli: Tensor;
  /** The table's first row among all. */
  readonly rowBase: Tensor;
  /** Rows from `start` up to `end` count from `start` on; all others become {@linkcode NO_ROW}. */
  readonly start: number;
  /** See `start`. */
  readonly end: number;
}

const MODULE: CpuModule = { label: "dlrm-model/map_ids", base64: mapIdsWasm };
const BAGS_PER_TASK = 4096;

/**
 * Rewrites row ids for tables that are stored otherwise than one row per id: shared rows, factors, or parts of the rows
 * in several tensors. `out[i] = row - start` with
 * `row = rowBase[t] + floor(ids[i] / divisors[t]) mod moduli[t]`, where that is in range.
 *
 * @param bags ids of any form; an id of {@linkcode NO_ROW} stays
 * @param out u32, as large as the ids
 */
export function mapIds(bags: IdBatch, out: Tensor, options: MapIdsOptions): void {
  const { divisors, moduli, rowBase, start, end } = options;
  const count = bags.batch * bags.tables;
  const device = anyDevice(out.device);
  const scalars = [count, bags.tables, start, end];
  switch (device.kind) {
    case "cpu": {
      const kernel = device.kernel(MODULE, "mapIds");
      const offsets = bags.offsets ? addressOf(bags.offsets) : 0;
      const tensors = [bags.ids, divisors, moduli, rowBase, out].map(addressOf);
      return device.run(kernel, Math.ceil(count / BAGS_PER_TASK), [...scalars, BAGS_PER_TASK, offsets, ...tensors]);
    }
    case "webgpu": {
      const tensors = [bags.ids, divisors, moduli, rowBase, out];
      if (bags.offsets) tensors.push(bags.offsets);
      const groups = spreadWorkgroups(Math.ceil(count / MAP_WORKGROUP));
      return device.dispatch(mapIdsKernel(bags.offsets !== undefined), scalars, tensors, groups);
    }
    default:
      device satisfies never;
  }
}
