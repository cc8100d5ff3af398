/**
 * The array's side of the sorted update: every workgroup owns a tile of slots.
 *
 * @module
 */
import type { WgslKernel } from "@pocketrec/compute";
import { kernelOf, WORKGROUP } from "./_parts.wgsl.ts";
import { isDense, RULE_PARAMETERS, ruleBuffers, ruleFunction, SEGMENT_KIND, segmentFunction } from "./_rules.wgsl.ts";

/** Slots of a tile. */
export const TILE = 1024;

/** First sorted block that starts in or behind each tile. One thread per tile, and one for the array's end. */
export const tileStartsKernel: WgslKernel = kernelOf({
  label: "robe-array/update.tile_starts",
  parameters: { pairs: "u32", tiles: "u32", size: "u32", shift: "u32" },
  buffers: [["keys", "u32"], ["tile_starts", "u32", "read-write"]],
  body: /* wgsl */ `
  if (index > p.tiles) { return; }
  let key = min(index * ${TILE}u, p.size) >> p.shift;
  var low = 0u;
  var high = p.pairs;
  while (low < high) {
    let middle = (low + high) >> 1u;
    if (keys[middle] < key) { low = middle + 1u; } else { high = middle; }
  }
  tile_starts[index] = low;`,
});

/** What {@linkcode tileKernel} is specialised for. */
export interface TileVariant {
  /** Number of the rule. */
  readonly kind: number;
  /** Slots that one thread updates at once: 4 where blocks start and end at multiples of 4. */
  readonly width: 1 | 4;
  /** Blocks have one length, and lie one after the other; otherwise `parts` has offset and length of each. */
  readonly uniform: boolean;
}

/**
 * Adds up the gradients of slots and applies the rule, in one pass over the array. A thread finds the blocks that cover its
 * slots by bisection among those of its tile, first blocks that wrap around the array's end, then the others, and
 * adds them in sorted order. Slots that no block covers are left alone unless the rule is dense.
 *
 * Bound by memory: 8 bytes per slot and state of touched tiles, 4 per gradient element.
 */
export function tileKernel({ kind, width, uniform }: TileVariant): WgslKernel {
  const vector = width === 4 ? "vec4<f32>" : "f32", vectors = TILE / width;
  const segments = kind === SEGMENT_KIND;
  const part = uniform ? "let part = vec2(order[i] * p.longest, p.longest);" : "let part = parts[order[i]];";
  const update = segments
    ? /* wgsl */ `
  for (var j = 0u; j < ${vectors / WORKGROUP}u; j++) {
    let i = j * ${WORKGROUP}u + local;
    squares[i] = ${width === 4 ? "dot(sums[j].value, sums[j].value)" : "sums[j].value * sums[j].value"};
  }
  workgroupBarrier();
  var means: array<f32, ${vectors / WORKGROUP}>;
  for (var j = 0u; j < ${vectors / WORKGROUP}u; j++) {
    let i = j * ${WORKGROUP}u + local;
    let mean = segment_mean(i, first);
    means[j] = mean;
    if (mean != 0.0) {
      let state = state1[(first + i * ${width}u) >> 5u] + mean;
      move_slots((first + i * ${width}u) / ${width}u, sums[j].value, p.rate / (sqrt(state) + p.epsilon));
    }
  }
  storageBarrier();
  for (var j = 0u; j < ${vectors / WORKGROUP}u; j++) {
    let slot = first + (j * ${WORKGROUP}u + local) * ${width}u;
    if ((slot & 31u) == 0u && means[j] != 0.0) { state1[slot >> 5u] += means[j]; }
  }`
    : /* wgsl */ `
  for (var j = 0u; j < ${vectors / WORKGROUP}u; j++) {
    let slot = first + (j * ${WORKGROUP}u + local) * ${width}u;
    if (${isDense(kind) ? "slot < p.size" : "sums[j].touched"}) { move_slots(slot / ${width}u, sums[j].value); }
  }`;
  return kernelOf({
    label: `robe-array/update.tiles[${kind},x${width}${uniform ? ",uniform" : ""}]`,
    parameters: { ...RULE_PARAMETERS, pairs: "u32", shift: "u32", longest: "u32" },
    buffers: [
      ["keys", "u32"],
      ["order", "u32"],
      ["tile_starts", "u32"],
      ["gradients", vector],
      !uniform && ["parts", "vec2<u32>"],
      ...ruleBuffers(kind, vector),
    ],
    scope: ruleFunction(kind, vector, false) + (segments ? segmentFunction(width, TILE) : "") + /* wgsl */ `
struct Sum { value: ${vector}, touched: bool }

fn lower_bound(begin: u32, end: u32, key: u32) -> u32 {
  var low = begin;
  var high = end;
  while (low < high) {
    let middle = (low + high) >> 1u;
    if (keys[middle] < key) { low = middle + 1u; } else { high = middle; }
  }
  return low;
}

/// Adds what block i has for the slot that lies at \`at\` where the array's end is not passed.
fn add(sum: ptr<function, Sum>, i: u32, at: u32) {
  ${part}
  let element = at - (keys[i] << p.shift);
  if (element < part.y) {
    (*sum).value += gradients[(part.x + element) / ${width}u];
    (*sum).touched = true;
  }
}

fn sum_of(slot: u32, tile: u32) -> Sum {
  var sum = Sum(${vector}(0.0), false);
  if (slot >= p.size) { return sum; }
  if (slot + 1u < p.longest) {
    let begin = lower_bound(0u, p.pairs, ((p.size - p.longest + slot) >> p.shift) + 1u);
    for (var i = begin; i < p.pairs && (keys[i] << p.shift) < p.size; i++) { add(&sum, i, slot + p.size); }
  }
  let reaches = slot + 1u > p.longest;
  let first_tile = select(0u, (slot + 1u - p.longest) / ${TILE}u, reaches);
  let key = select(0u, ((slot - p.longest) >> p.shift) + 1u, reaches);
  let end = tile_starts[tile + 1u];
  for (var i = lower_bound(tile_starts[first_tile], end, key); i < end; i++) {
    if ((keys[i] << p.shift) > slot) { break; }
    add(&sum, i, slot);
  }
  return sum;
}`,
    body: /* wgsl */ `
  let first = group_index * ${TILE}u;
  if (first >= p.size) { return; }
  var sums: array<Sum, ${vectors / WORKGROUP}>;
  for (var j = 0u; j < ${vectors / WORKGROUP}u; j++) {
    sums[j] = sum_of(first + (j * ${WORKGROUP}u + local) * ${width}u, group_index);
  }
  ${update}`,
  });
}

/** Every variant, for the test that compiles them all. */
export function allKernels(): WgslKernel[] {
  return [0, 1, 2, 3, 4].flatMap((kind) =>
    ([1, 4] as const).flatMap((width) => [false, true].map((uniform) => tileKernel({ kind, width, uniform })))
  );
}
