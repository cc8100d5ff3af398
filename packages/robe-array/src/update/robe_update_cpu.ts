import { addressOf, type CpuDevice, type CpuModule, radixSort, type Tensor } from "@pocketrec/compute";
import { robeUpdateWasm } from "./robe_update_wasm.ts";
import type { UpdatePart, UpdatePlan } from "./update_plan.ts";
import { fixedPointUnit } from "./fixed_point.ts";

const MODULE: CpuModule = { label: "robe-array/update", base64: robeUpdateWasm };

/** Slots of a tile, as in robe_update.as.ts. */
const TILE = 4096;
/** Tasks that the array is cut into at most: their sums together stay in the caches. */
const MAX_TASKS = 64;
const ROWS_PER_TASK = 256;
const BAGS_PER_TASK = 1024;
const FLOATS_PER_TASK = 65_536;
/** Tables with this many ids or more are sorted by wider digits. */
const WIDE_DIGITS_FROM = 8192;
/** First slot of the layout's arguments, as in _blocks.as.ts. */
const LAYOUT_SLOT = 32;

/** Blocks to add: keys are starts, values the numbers of records. */
interface Pairs {
  readonly count: number;
  readonly keys: Tensor;
  readonly records: Tensor;
  /** Bytes of a record. */
  readonly stride: number;
}

/** The update on the CPU. */
export function robeUpdateCpu(device: CpuDevice, plan: UpdatePlan): void {
  const { layout, array, states, step, longest, shift } = plan;
  const signWords = layout.sign ? Math.ceil(longest / 32) : 0, stride = 16 + 4 * signWords;
  const capacity = {
    keys: device.workspace("robeUpdate.starts", "u32", Math.max(1, plan.pairs)),
    records: device.workspace("robeUpdate.records", "u32", Math.max(1, plan.pairs) * stride / 4),
    stride,
  };
  let count = 0, unit = 0;
  if (plan.fixed) {
    for (const part of plan.parts) listOccurrenceBlocks(device, plan, part, { ...capacity, count: part.firstPair });
    count = plan.pairs;
    unit = fixedUnitOf(device, plan);
  } else {
    plan.parts.forEach((part, i) => count = listRowBlocks(device, plan, part, i, { ...capacity, count }));
  }
  const [keys, order] = sortPairs(device, plan, { ...capacity, count });
  const perTask = TILE * Math.ceil(Math.ceil(layout.size / TILE) / MAX_TASKS);
  const tasks = Math.ceil(layout.size / perTask);
  device.run(device.kernel(MODULE, "updateSlots"), tasks, [
    keys,
    order,
    count,
    addressOf(capacity.records),
    stride,
    shift,
    longest,
    layout.size,
    perTask,
    addressOf(device.workspace("robeUpdate.sums", "f32", tasks * TILE * 4)),
    addressOf(array),
    states[0] ? addressOf(states[0]) : 0,
    states[1] ? addressOf(states[1]) : 0,
    step.kind,
    step.rate,
    step.epsilon,
    step.blend1,
    step.blend2,
    Number(step.dense),
    Number(layout.sign),
    Number.isNaN(unit) ? 1 : unit,
    Number(Number.isNaN(unit)),
  ]);
}

/** Sorts blocks by start; those marked as void come last. */
function sortPairs(device: CpuDevice, plan: UpdatePlan, pairs: Pairs): readonly [keys: number, order: number] {
  const { count } = pairs;
  const keys = device.workspace("robeUpdate.sortedStarts", "u32", Math.max(1, count)).view(0, [count]);
  const order = device.workspace("robeUpdate.sortedRecords", "u32", Math.max(1, count)).view(0, [count]);
  const bits = 32 - Math.clz32(plan.layout.size / 2 ** plan.shift);
  radixSort(pairs.keys.view(0, [count]), undefined, keys, order, { bits });
  return [addressOf(keys), addressOf(order)];
}

/** Arguments from slot 32 on: how rows lie in the array, and where blocks are listed. */
function withLayout(args: readonly number[], plan: UpdatePlan, part: UpdatePart, pairs: Pairs): number[] {
  const { layout } = plan, { affine } = layout;
  return [
    ...args,
    ...new Array<number>(LAYOUT_SLOT - args.length).fill(0),
    part.dim,
    layout.blockSize,
    part.shape.blocks,
    part.shape.rowsPerBlock,
    layout.size,
    layout.modulus,
    layout.align,
    Number(layout.sign),
    Number(affine !== undefined),
    affine?.starts.prime ?? 0,
    affine?.starts.x ?? 0,
    affine?.starts.k ?? 0,
    affine?.signs?.x ?? 0,
    affine?.signs?.k ?? 0,
    plan.shift,
    addressOf(pairs.keys),
    addressOf(pairs.records),
    pairs.stride,
    (pairs.stride - 16) / 4,
  ];
}

/** Lists the blocks of a part's rows behind the pairs there are; returns how many there are then. */
function listRowBlocks(device: CpuDevice, plan: UpdatePlan, part: UpdatePart, number: number, pairs: Pairs): number {
  const { tables: set, bags, dim, occurrences: n } = part, { tables, batch, ids, offsets, weights } = bags;
  const u32 = (name: string, elements: number) => device.workspace(`robeUpdate.${name}`, "u32", elements);
  const host = (tensor: Tensor, elements: number) => wordsOf(device, tensor).subarray(0, elements);

  const bases = u32("bases", tables), counts = u32("counts", 4 * tables + 1);
  const sizes = host(counts, tables);
  if (offsets) {
    const args = [addressOf(offsets), batch, tables, n, addressOf(counts)];
    device.run(device.kernel(MODULE, "countIds"), tables, args);
  } else {
    sizes.fill(batch);
  }
  exclusiveSum(sizes, host(bases, tables));

  const longest = Math.max(...sizes), width = longest >= WIDE_DIGITS_FROM ? 11 : 8;
  const factors = weights || part.mean ? device.workspace("robeUpdate.factors", "f32", n) : undefined;
  // A weight per one-hot id stands beside its bag.
  const ownFactors = offsets ? factors : weights;
  const bagOf = offsets ? addressOf(u32("bagOf", n)) : 0;
  const keys = u32("ids", n), order = u32("order", n), starts = u32("rowStarts", n + tables), places = u32("places", n);
  const all = Number(ownFactors !== undefined || set.scaled);
  const rowCounts = addressOf(counts), sumCounts = rowCounts + 4 * tables;
  device.run(device.kernel(MODULE, "sortTable"), tables, [
    addressOf(ids),
    offsets ? addressOf(offsets) : 0,
    batch,
    tables,
    addressOf(set.records),
    addressOf(bases),
    addressOf(keys),
    addressOf(order),
    addressOf(u32("spareIds", n)),
    addressOf(u32("spareOrder", n)),
    width,
    addressOf(u32("digits", tables << width)),
    bagOf,
    ownFactors && offsets ? addressOf(ownFactors) : 0,
    weights ? addressOf(weights) : 0,
    Number(part.mean),
    n,
    addressOf(starts),
    addressOf(places),
    all,
    rowCounts,
    sumCounts,
  ]);

  const all4 = host(counts, 4 * tables + 1);
  const rows = exclusiveSum(all4.subarray(0, tables), all4.subarray(2 * tables, 3 * tables));
  all4[3 * tables] = rows;
  const sums = exclusiveSum(all4.subarray(tables, 2 * tables), all4.subarray(tables, 2 * tables));
  const tasks = Math.ceil(rows / ROWS_PER_TASK);
  const args = [
    addressOf(counts) + 8 * tables,
    addressOf(set.records),
    addressOf(starts),
    addressOf(bases),
    addressOf(keys),
    addressOf(order),
    bagOf,
    ownFactors ? addressOf(ownFactors) : 0,
    addressOf(part.gradOut),
    addressOf(device.workspace(`robeUpdate.rowSums${number}`, "f32", Math.max(1, sums) * dim)),
    sumCounts,
    addressOf(places),
    ROWS_PER_TASK,
    pairs.count,
    all,
    rows,
    addressOf(device.workspace("robeUpdate.spareRows", "f32", Math.max(1, tasks * dim))),
  ];
  device.run(device.kernel(MODULE, "listRowBlocks"), tasks, withLayout(args, plan, part, pairs));
  return pairs.count + rows * part.shape.blocks;
}

function wordsOf(device: CpuDevice, tensor: Tensor): Uint32Array {
  return device.hostView(tensor) as Uint32Array;
}

/** `to[i]` = sum of `from` before `i`; returns the sum of all. The arrays may be one. */
function exclusiveSum(from: Iterable<number>, to: { [i: number]: number }): number {
  let sum = 0, i = 0;
  for (const value of from) {
    to[i++] = sum;
    sum += value;
  }
  return sum;
}

/** Lists the blocks of all occurrences of a part. */
function listOccurrenceBlocks(device: CpuDevice, plan: UpdatePlan, part: UpdatePart, pairs: Pairs): void {
  const { bags, occurrences } = part, count = bags.batch * bags.tables;
  const args = [
    addressOf(bags.ids),
    bags.offsets ? addressOf(bags.offsets) : 0,
    count,
    bags.tables,
    addressOf(part.tables.records),
    bags.weights ? addressOf(bags.weights) : 0,
    Number(part.mean),
    occurrences,
    addressOf(part.gradOut),
    pairs.count,
    BAGS_PER_TASK,
    plan.layout.size / 2 ** plan.shift,
  ];
  const tasks = Math.ceil(count / BAGS_PER_TASK);
  device.run(device.kernel(MODULE, "listOccurrenceBlocks"), tasks, withLayout(args, plan, part, pairs));
}

/** The unit of the plan's integers; NaN where a gradient is not finite. */
function fixedUnitOf(device: CpuDevice, plan: UpdatePlan): number {
  const largest = (tensor: Tensor | undefined): number => {
    if (!tensor) return 0;
    const tasks = Math.ceil(tensor.size / FLOATS_PER_TASK);
    const out = device.workspace("robeUpdate.largest", "u32", tasks);
    const args = [addressOf(tensor), tensor.size, FLOATS_PER_TASK, addressOf(out)];
    device.run(device.kernel(MODULE, "largestOf"), tasks, args);
    return wordsOf(device, out).subarray(0, tasks).reduce((most, value) => Math.max(most, value), 0);
  };
  const scales = (part: UpdatePart): number => {
    const words = wordsOf(device, part.tables.records);
    return words.reduce((most, value, i) => i % 8 === 5 ? Math.max(most, (value & 0x7fffffff) >>> 0) : most, 0);
  };
  return fixedPointUnit(
    plan.pairs,
    plan.parts.map((part) => ({
      gradients: largest(part.gradOut),
      weights: part.bags.weights && largest(part.bags.weights),
      scale: part.tables.scaled ? scales(part) : undefined,
    })),
  );
}
