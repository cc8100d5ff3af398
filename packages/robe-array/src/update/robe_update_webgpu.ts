import { radixSort, runLength, spreadWorkgroups, type Tensor, type WebGpuDevice } from "@pocketrec/compute";
import { WORKGROUP } from "./_parts.wgsl.ts";
import { countBits, LEAST_COUNT_BITS } from "./fixed_point.ts";
import { fixedRuleKernel, LARGEST_WORDS, largestKernel, scatterKernel, unitKernel } from "./fixed.wgsl.ts";
import {
  blocksKernel,
  CHUNK,
  chunkSumsKernel,
  hasInfo,
  occurrencesKernel,
  rankKernel,
  rowsKernel,
  rowSumsKernel,
} from "./rows.wgsl.ts";
import { TILE, tileKernel, tileStartsKernel } from "./tiles.wgsl.ts";
import type { UpdatePart, UpdatePlan } from "./update_plan.ts";

/** Workgroups that look for the largest gradient. */
const LARGEST_GROUPS = 256;
const MAX_U32 = 2 ** 32 - 1;

/**
 * The update on a GPU. All sizes on the host are those of the batch: how many rows differ stays on the device, and threads
 * without work end early.
 */
export function robeUpdateWebGpu(device: WebGpuDevice, plan: UpdatePlan): void {
  if (plan.fixed) updateByIntegers(device, plan);
  else updateByTiles(device, plan);
}

/** One workgroup per so many threads. */
function threads(count: number): [number, number, number] {
  return spreadWorkgroups(Math.ceil(count / WORKGROUP));
}

function u32(device: WebGpuDevice, name: string, elements: number): Tensor {
  return device.workspace(`robeUpdate.${name}`, "u32", Math.max(1, elements)).view(0, [Math.max(1, elements)]);
}

function ruleParameters({ layout, step }: UpdatePlan): number[] {
  return [layout.size, step.rate, step.epsilon, step.blend1, step.blend2, 0];
}

function updateByTiles(device: WebGpuDevice, plan: UpdatePlan): void {
  const { layout, parts, pairs, shift, longest } = plan;
  const [first] = parts;
  const uniform = parts.length === 1 && (first!.shape.blocks === 1 || first!.dim % layout.blockSize === 0);
  const mark = layout.size / 2 ** shift, tiles = Math.ceil(layout.size / TILE);
  const starts = u32(device, "starts", pairs), ends = u32(device, "parts", uniform ? 1 : 2 * Math.max(1, pairs));
  const elements = parts.reduce((sum, { occurrences, dim }) => sum + occurrences * dim, 0);
  const sums = device.workspace("robeUpdate.rowSums", "f32", Math.max(4, elements));
  let sumsBefore = 0;
  for (const part of parts) {
    const { dim, shape, occurrences: n } = part, info = hasInfo(flagsOf(part));
    const rows = sumRows(device, plan, part, sums, sumsBefore);
    device.dispatch(
      blocksKernel({ layout, dim, info }, uniform),
      [n, part.firstPair, sumsBefore, layout.size, layout.modulus, shift, mark],
      [rows, starts, ...(uniform ? [] : [ends])],
      threads(n * shape.blocks),
    );
    sumsBefore += n * dim;
  }
  const keys = u32(device, "sortedStarts", pairs), order = u32(device, "sortedBlocks", pairs);
  if (pairs > 0) radixSort(starts, undefined, keys, order, { bits: 32 - Math.clz32(mark) });
  const tileStarts = u32(device, "tileStarts", tiles + 1);
  device.dispatch(tileStartsKernel, [pairs, tiles, layout.size, shift], [keys, tileStarts], threads(tiles + 1));
  // Blocks start and end at multiples of 4, and so do the sums of rows.
  const width = layout.align >= 4 && parts.every(({ dim }) => dim % 4 === 0) ? 4 : 1;
  device.dispatch(
    tileKernel({ kind: plan.step.kind, width, uniform }),
    [...ruleParameters(plan), pairs, shift, longest],
    [keys, order, tileStarts, sums, ...(uniform ? [] : [ends]), plan.array, ...plan.states],
    spreadWorkgroups(tiles),
  );
}

function flagsOf({ bags, mean }: UpdatePart): { offsets: boolean; weights: boolean; mean: boolean } {
  return { offsets: bags.offsets !== undefined, weights: bags.weights !== undefined, mean };
}

/** Sums the gradients of a part's rows into `sums`, from element `sumsBefore` on; returns what tells where rows lie. */
function sumRows(device: WebGpuDevice, plan: UpdatePlan, part: UpdatePart, sums: Tensor, sumsBefore: number): Tensor {
  const { layout } = plan, { tables: set, bags, gradOut, dim, occurrences: n } = part, { tables, ids } = bags;
  const flags = flagsOf(part), withInfo = hasInfo(flags), hashed = { layout, dim, info: withInfo };
  const info = withInfo ? [u32(device, "info", 2 * n)] : [];
  const [keys, order, total] = sortOccurrences(device, part, info);
  const runs = {
    keys: u32(device, "rowKeys", n),
    starts: u32(device, "rowStarts", n + 1),
    count: u32(device, "rows", 1),
  };
  runLength(keys, runs);
  const rows = u32(device, "rowHashes", 4 * n);
  device.dispatch(
    rowsKernel(hashed),
    [n, tables, total],
    [runs.keys, runs.starts, runs.count, order, ids, set.records, rows, ...info],
    threads(n),
  );
  const width = dim % 4 === 0 && sumsBefore % 4 === 0 ? 4 : 1, columns = dim / width;
  const places = 2 * Math.ceil(n / CHUNK);
  const chunks = device.workspace("robeUpdate.chunks", "f32", Math.max(4, places * dim));
  if (n > CHUNK) {
    device.dispatch(
      chunkSumsKernel({ width, info: withInfo }),
      [n, columns, places, total, 0],
      [runs.keys, runs.starts, runs.count, order, gradOut, chunks, ...info],
      threads(places * columns),
    );
  }
  device.dispatch(
    rowSumsKernel(hashed, width),
    [n, columns, sumsBefore / width, 0],
    [rows, runs.starts, order, gradOut, chunks, sums, ...info],
    threads(n * columns),
  );
  return rows;
}

/** Sorts a part's occurrences by table and id; returns keys, positions among `ids`, and the key of those that do not count. */
function sortOccurrences(
  device: WebGpuDevice,
  part: UpdatePart,
  info: readonly Tensor[],
): readonly [keys: Tensor, order: Tensor, total: number] {
  const { tables: set, bags, occurrences: n } = part, { tables, batch, ids, offsets, weights } = bags;
  const rows = set.specs.reduce((sum, spec) => sum + spec.rows, 0), wide = rows > MAX_U32;
  const listed = u32(device, "keys", n);
  device.dispatch(
    occurrencesKernel(flagsOf(part), wide),
    [n, batch * tables, tables, wide ? 0 : rows],
    [set.records, ids, listed, ...info, ...(offsets ? [offsets] : []), ...(weights ? [weights] : [])],
    threads(n),
  );
  const keys = u32(device, "sortedKeys", n), order = u32(device, "order", n);
  if (!wide) {
    radixSort(listed, undefined, keys, order, { bits: 32 - Math.clz32(rows) });
    return [keys, order, rows];
  }
  const total = tables * n;
  if (total > MAX_U32) {
    throw new RangeError(`Cannot run robeUpdate on ${n} ids of ${tables} tables of 2^32 rows: want a smaller batch`);
  }
  const byId = u32(device, "orderById", n), starts = u32(device, "idStarts", n + 1), count = u32(device, "idCount", 1);
  radixSort(listed, undefined, keys, byId);
  runLength(keys, { keys: u32(device, "distinctIds", n), starts, count });
  device.dispatch(rankKernel(info.length > 0), [n, tables], [
    set.records,
    ids,
    starts,
    count,
    byId,
    listed,
    ...info,
  ], threads(n));
  radixSort(listed, byId, keys, order, { bits: 32 - Math.clz32(total) });
  return [keys, order, total];
}

function updateByIntegers(device: WebGpuDevice, plan: UpdatePlan): void {
  const { layout, parts, pairs, array, states, step } = plan;
  const largest = u32(device, "largest", LARGEST_WORDS * Math.max(1, parts.length));
  device.clear(largest);
  parts.forEach(({ gradOut, bags, tables }, i) => {
    const look = (tensor: Tensor, first: number, stride: number, word: number) => {
      const groups = Math.min(LARGEST_GROUPS, Math.ceil(tensor.size / stride / WORKGROUP));
      const parameters = [tensor.size, first, stride, LARGEST_WORDS * i + word, groups * WORKGROUP];
      device.dispatch(largestKernel, parameters, [tensor, largest], [groups, 1, 1]);
    };
    look(gradOut, 0, 1, 0);
    if (bags.weights) look(bags.weights, 0, 1, 1);
    if (tables.scaled) look(tables.records, 5, 8, 2);
  });
  const unit = device.workspace("robeUpdate.unit", "i32", 2);
  const bits = Math.max(LEAST_COUNT_BITS, countBits(pairs));
  device.dispatch(unitKernel, [parts.length, bits], [largest, unit], [1, 1, 1]);
  // Zeros to begin with, and after every update.
  const low = u32(device, "low", layout.size), high = u32(device, "high", layout.size);
  for (const part of parts) {
    const { tables: set, bags, gradOut, dim, occurrences } = part, { offsets, weights } = bags;
    device.dispatch(
      scatterKernel({ ...flagsOf(part), layout, dim, scaled: set.scaled }),
      [occurrences, bags.batch * bags.tables, bags.tables, layout.size, layout.modulus, 0],
      [set.records, bags.ids, gradOut, low, high, unit, ...(offsets ? [offsets] : []), ...(weights ? [weights] : [])],
      threads(occurrences * dim),
    );
  }
  device.dispatch(
    fixedRuleKernel(step.kind),
    ruleParameters(plan),
    [low, high, unit, array, ...states],
    threads(layout.size),
  );
}
