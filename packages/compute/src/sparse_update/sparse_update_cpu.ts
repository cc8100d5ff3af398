import { addressOf, type CpuDevice, type CpuModule } from "../cpu/cpu_device.ts";
import type { BagPlan } from "../embedding_lookup/bag_plan.ts";
import { radixSortCpu } from "../radix_sort/radix_sort_cpu.ts";
import type { Tensor } from "../tensor.ts";
import type { StepScalars } from "./sparse_optimizer.ts";
import { sparseUpdateWasm } from "./sparse_update_wasm.ts";

const MODULE: CpuModule = { label: "compute/sparse_update", base64: sparseUpdateWasm };

/** Positions per task, and occurrences of a row that are added one by one before chunks begin. */
const CHUNK = 256;
const BAGS_PER_TASK = 2048;
/** Batches from here on sort tables with wider digits; see `digitPasses` of the radix sort. */
const WIDE_DIGITS_FROM = 8192;

/** Occurrences sorted by row; addresses, 0 where there is nothing to look up. */
interface SortedOccurrences {
  readonly keys: number;
  readonly order: number;
  readonly bagOf: number;
  readonly scales: number;
  /** The most occurrences that one row can have. */
  readonly longest: number;
}

/** {@linkcode sparseUpdate} on the CPU. */
export function sparseUpdateCpu(
  device: CpuDevice,
  weights: Tensor,
  plan: BagPlan,
  gradOut: Tensor,
  step: StepScalars,
  states: readonly Tensor[],
): void {
  const n = plan.occurrences, blocks = Math.ceil(n / CHUNK);
  const sorted = plan.offsets || !isAscending(device, plan.rowBase) ? sortAll(device, plan) : sortTables(device, plan);
  const scratch = device.workspace("sparseUpdate.rows", "f32", 3 * blocks * plan.dim);
  const args = [
    sorted.keys,
    sorted.order,
    n,
    addressOf(gradOut),
    sorted.bagOf,
    sorted.scales,
    plan.dim,
    plan.rows,
    CHUNK,
    addressOf(scratch),
    addressOf(weights),
    states[0] ? addressOf(states[0]) : 0,
    states[1] ? addressOf(states[1]) : 0,
    step.kind,
    step.rate,
    step.epsilon,
    step.blend1,
    step.blend2,
    addressOf(scratch) + 4 * 2 * blocks * plan.dim,
  ];
  if (sorted.longest > CHUNK) device.run(device.kernel(MODULE, "sumChunks"), blocks, args);
  device.run(device.kernel(MODULE, "updateRows"), blocks, args);
}

/** Sorts each table by itself: fewer bits, and tables side by side on the threads. */
function sortTables(device: CpuDevice, plan: BagPlan): SortedOccurrences {
  const { batch, tables, ids, rowBase, rows } = plan;
  const [keys, order] = sortBuffers(device, ids.size);
  const width = batch >= WIDE_DIGITS_FROM ? 11 : 8;
  device.run(device.kernel(MODULE, "sortTable"), tables, [
    addressOf(ids),
    addressOf(rowBase),
    batch,
    tables,
    rows,
    addressOf(keys),
    addressOf(order),
    addressOf(device.workspace("sparseUpdate.spareKeys", "u32", ids.size)),
    addressOf(device.workspace("sparseUpdate.spareOrder", "u32", ids.size)),
    width,
    addressOf(device.workspace("sparseUpdate.counts", "u32", tables << width)),
  ]);
  const scales = plan.weights ? addressOf(plan.weights) : 0;
  return { keys: addressOf(keys), order: addressOf(order), bagOf: 0, scales, longest: batch };
}

/** Sorts all occurrences together: any bags, and tables that share rows. */
function sortAll(device: CpuDevice, plan: BagPlan): SortedOccurrences {
  const { batch, tables, ids, offsets, rowBase, rows } = plan;
  const n = ids.size, bags = batch * tables;
  const [keys, order] = sortBuffers(device, n);
  const rowOf = device.workspace("sparseUpdate.spareKeys", "u32", n);
  const bagOf = offsets ? addressOf(device.workspace("sparseUpdate.bagOf", "u32", n)) : 0;
  const scales = plan.weights || plan.mean ? addressOf(device.workspace("sparseUpdate.scales", "f32", n)) : 0;
  device.run(device.kernel(MODULE, "listOccurrences"), Math.ceil(bags / BAGS_PER_TASK), [
    addressOf(ids),
    addressOf(rowBase),
    bags,
    tables,
    rows,
    addressOf(rowOf),
    bagOf,
    scales,
    offsets ? addressOf(offsets) : 0,
    plan.weights ? addressOf(plan.weights) : 0,
    Number(plan.mean),
    n,
    BAGS_PER_TASK,
  ]);
  // `rows` itself is the key of ids that lie in no table.
  radixSortCpu(device, rowOf, undefined, keys, order, n, 32 - Math.clz32(rows));
  return { keys: addressOf(keys), order: addressOf(order), bagOf, scales, longest: n };
}

function sortBuffers(device: CpuDevice, n: number): readonly [keys: Tensor, order: Tensor] {
  return [device.workspace("sparseUpdate.keys", "u32", n), device.workspace("sparseUpdate.order", "u32", n)];
}

/** Whether no two tables can share rows. */
function isAscending(device: CpuDevice, rowBase: Tensor): boolean {
  return device.hostView(rowBase).every((base, table, all) => table === 0 || base > all[table - 1]!);
}
