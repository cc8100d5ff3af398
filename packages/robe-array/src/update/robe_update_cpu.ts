import { addressOf, type CpuDevice, type CpuModule, type Tensor } from "@pocketrec/compute";
import { robeUpdateWasm } from "./robe_update_wasm.ts";
import type { UpdatePart, UpdatePlan } from "./update_plan.ts";
import { fixedPointUnit } from "./fixed_point.ts";

const MODULE: CpuModule = { label: "robe-array/update", base64: robeUpdateWasm };

/** log2 of the slots of a tile: its sums stay in the nearest caches. */
const TILE_SHIFT = 14;
/** Tasks that the tiles are shared among at most. */
const MAX_TASKS = 64;
/** Bags that are listed by one task, at least, and chunks of bags per part, at most. */
const MIN_CHUNK = 1024, MAX_CHUNKS = 16;
const FLOATS_PER_TASK = 65_536;
/** Rows that are hashed together, at most, and words of their starts and signs: they stay in the nearest cache. */
const CHUNK_ROWS = 128, CHUNK_WORDS = 4096;
/** Rows that are listed behind those there are. */
const SPARE_ROWS = 3;
/** HEADER of ../lookup/_slots.as.ts in words. */
const HEADER_WORDS = 96;

/** How blocks are listed; see _records.as.ts. */
interface RecordShape {
  readonly bytes: number;
  readonly factors: number;
  readonly signWords: number;
}

/** Blocks sorted by tile; addresses. */
interface SortedBlocks {
  /** First record of each tile, and behind the last. */
  readonly firsts: number;
  readonly records: number;
}

/** The update on the CPU. */
export function robeUpdateCpu(device: CpuDevice, plan: UpdatePlan): void {
  const { layout, array, states, step } = plan;
  const weighted = plan.parts.some(({ bags, mean, tables }) => bags.weights || mean || tables.scaled);
  const factors = plan.fixed ? 2 : Number(weighted), signWords = layout.sign ? Math.ceil(plan.longest / 32) : 0;
  const shape = { bytes: 16 * Math.ceil((3 + factors + signWords) / 4), factors, signWords };
  const slots = 2 ** TILE_SHIFT, tiles = Math.ceil(layout.size / slots);
  const { firsts, records } = sortBlocks(device, plan, shape, tiles);
  const unit = plan.fixed ? fixedUnitOf(device, plan) : 0;
  const perTask = Math.ceil(tiles / MAX_TASKS), scratchWords = slots * (plan.fixed ? 3 : 1) + slots / 8;
  const scratch = device.workspace("robeUpdate.sums", "f32", scratchWords * device.threads);
  device.run(device.kernel(MODULE, "updateTiles"), Math.ceil(tiles / perTask), [
    firsts,
    records,
    shape.bytes,
    signWords && signsOffset(shape),
    factors,
    plan.longest,
    layout.size,
    TILE_SHIFT,
    perTask,
    tiles,
    addressOf(array),
    states[0] ? addressOf(states[0]) : 0,
    states[1] ? addressOf(states[1]) : 0,
    step.kind,
    step.rate,
    step.epsilon,
    step.blend1,
    step.blend2,
    Number(step.dense),
    addressOf(scratch),
    scratchWords * 4,
    Number.isNaN(unit) ? 1 : unit,
    Number(Number.isNaN(unit)),
  ]);
}

function signsOffset({ factors }: RecordShape): number {
  return 12 + 4 * factors;
}

/** Lists the blocks of all parts and sorts them by tile. */
function sortBlocks(device: CpuDevice, plan: UpdatePlan, shape: RecordShape, tiles: number): SortedBlocks {
  const u32 = (name: string, elements: number) => device.workspace(`robeUpdate.${name}`, "u32", Math.max(1, elements));
  const parts = plan.parts.map((part) => {
    const { batch, tables } = part.bags, bags = batch * tables;
    const perChunk = tables * Math.ceil(Math.max(MIN_CHUNK, bags / MAX_CHUNKS) / tables);
    return { part, bags, perChunk, chunks: Math.ceil(bags / perChunk) };
  });
  const chunks = parts.reduce((sum, part) => sum + part.chunks, 0);
  const pairs = u32("pairs", 2 * chunks), counts = u32("counts", chunks * tiles), firsts = u32("firsts", tiles + 1);
  const firstPairs = wordsOf(device, pairs);
  let total = 0, chunk = 0;
  for (const { part, bags, perChunk, chunks } of parts) {
    const idCounts = part.bags.offsets && countIds(device, part, perChunk, chunks);
    for (let i = 0; i < chunks; i++) {
      firstPairs[2 * chunk++] = total;
      const ids = idCounts ? idCounts[i]! : Math.min(perChunk, bags - i * perChunk);
      total += (ids + SPARE_ROWS) * part.shape.blocks;
    }
  }
  const listed = u32("listed", total * shape.bytes / 4);
  chunk = 0;
  for (const { part, perChunk, chunks } of parts) {
    const counted = [addressOf(pairs) + 8 * chunk, addressOf(counts) + 4 * tiles * chunk, tiles];
    const args = listArguments(device, plan, part, shape, counted, addressOf(listed), perChunk);
    device.run(device.kernel(MODULE, "listBlocks"), chunks, args);
    chunk += chunks;
  }
  device.run(device.kernel(MODULE, "placeBlocks"), 1, [addressOf(counts), chunks, tiles, addressOf(firsts)]);
  const sorted = u32("sorted", wordsOf(device, firsts)[tiles]! * shape.bytes / 4);
  device.run(device.kernel(MODULE, "sortChunk"), chunks, [
    addressOf(counts),
    addressOf(pairs),
    addressOf(listed),
    addressOf(sorted),
    shape.bytes,
    tiles,
    TILE_SHIFT,
    plan.layout.size,
  ]);
  return { firsts: addressOf(firsts), records: addressOf(sorted) };
}

/** Ids in each chunk of bags. */
function countIds(device: CpuDevice, part: UpdatePart, perChunk: number, chunks: number): Uint32Array {
  const { offsets, batch, tables } = part.bags, out = device.workspace("robeUpdate.idCounts", "u32", chunks);
  const args = [addressOf(offsets!), batch * tables, perChunk, part.occurrences, addressOf(out)];
  device.run(device.kernel(MODULE, "countIds"), chunks, args);
  return wordsOf(device, out);
}

/** Arguments of the kernel that lists blocks. */
function listArguments(
  device: CpuDevice,
  plan: UpdatePlan,
  part: UpdatePart,
  shape: RecordShape,
  counted: readonly number[],
  out: number,
  perChunk: number,
): number[] {
  const { layout } = plan, { affine } = layout, { bags, dim } = part;
  const words = part.shape.blocks + (layout.sign ? Math.ceil(dim / 32) : 0);
  const rows = Math.max(4, Math.min(CHUNK_ROWS, Math.floor(CHUNK_WORDS / words / 4) * 4));
  // Behind starts and signs the rows' ids, factors and gradients.
  const scratchWords = HEADER_WORDS + Math.ceil((words + 3) * rows / 16) * 16;
  const scratch = device.workspace("robeUpdate.hashes", "u32", scratchWords * device.threads);
  return [
    1,
    addressOf(part.tables.records),
    addressOf(bags.ids),
    out,
    bags.batch * bags.tables,
    bags.tables,
    dim,
    perChunk,
    bags.offsets ? addressOf(bags.offsets) : 0,
    bags.weights ? addressOf(bags.weights) : 0,
    Number(part.mean),
    part.occurrences,
    addressOf(scratch),
    scratchWords * 4,
    rows,
    layout.blockSize,
    layout.size,
    layout.modulus,
    layout.align,
    Number(layout.sign),
    part.shape.blocks,
    part.shape.rowsPerBlock,
    affine?.starts.prime ?? 0,
    affine?.starts.x ?? 0,
    affine?.starts.k ?? 0,
    affine?.signs?.x ?? 0,
    affine?.signs?.k ?? 0,
    0,
    addressOf(part.gradOut),
    shape.factors,
    ...counted,
    TILE_SHIFT,
    shape.bytes,
  ];
}

function wordsOf(device: CpuDevice, tensor: Tensor): Uint32Array {
  return device.hostView(tensor) as Uint32Array;
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
