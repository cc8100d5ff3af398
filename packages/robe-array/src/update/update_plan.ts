/**
 * What both devices need to know about an update: checked operands and how their blocks are counted.
 *
 * @module
 */
import type { Bags, Tensor } from "@pocketrec/compute";
import { type RobeLayout, type RowShape, rowShape } from "../layout.ts";
import type { RobeTableSet } from "../table_set.ts";
import { type RobeOptimizer, robeStateShapes, type RobeStep, robeStep } from "./robe_optimizer.ts";

/** Gradients of the bags of one set of tables. */
export interface RobeGradient {
  /** The tables, of equal width. */
  readonly tables: RobeTableSet;
  /** What was looked up. */
  readonly bags: Bags;
  /** f32 `[batch, tables, dim]`: gradient of the pooled output. */
  readonly gradOut: Tensor;
}

/** A checked {@linkcode RobeGradient}. */
export interface UpdatePart extends RobeGradient {
  readonly dim: number;
  readonly shape: RowShape;
  /** Entries of `ids`: the most that bags can hold. */
  readonly occurrences: number;
  /** Bags have several ids whose mean is taken. */
  readonly mean: boolean;
  /** Number of this part's first pair of start and block; a part has `occurrences * shape.blocks`. */
  readonly firstPair: number;
}

/** A checked update. */
export interface UpdatePlan {
  readonly layout: RobeLayout;
  readonly array: Tensor;
  readonly states: readonly Tensor[];
  readonly step: RobeStep;
  /** Parts with any ids. */
  readonly parts: readonly UpdatePart[];
  /** Pairs of start and block of all parts, at most. */
  readonly pairs: number;
  /** Elements of the longest block. */
  readonly longest: number;
  /** Starts are multiples of 2 to this power. */
  readonly shift: number;
  readonly fixed: boolean;
}

/** Pairs are counted in words, with room for sums of two. */
const MAX_PAIRS = 2 ** 31;

/**
 * Checks an update once.
 *
 * @throws {TypeError} where dtypes, shapes, layouts or the number of states do not fit
 * @throws {RangeError} where a hyperparameter is out of range
 */
export function planUpdate(
  array: Tensor,
  gradients: readonly RobeGradient[],
  optimizer: RobeOptimizer,
  states: readonly Tensor[],
  lr: number,
  accumulation: "sorted" | "fixed-point" = "sorted",
): UpdatePlan {
  if (accumulation !== "sorted" && accumulation !== "fixed-point") {
    throw new TypeError(
      `Cannot run robeUpdate with accumulation "${accumulation}": want "sorted" or "fixed-point"`,
    );
  }
  const layout = gradients[0]?.tables.layout;
  const shapes = robeStateShapes(optimizer, layout?.size ?? array.size);
  if (states.length !== shapes.length) {
    throw new TypeError(
      `Cannot run robeUpdate as ${optimizer.kind} has ${shapes.length} states: got ${states.length}`,
    );
  }
  checkTensor("array", array, "f32", layout?.size ?? array.size);
  shapes.forEach(([size = 0], i) => checkTensor(`states[${i}]`, states[i]!, "f32", size));
  const step = robeStep(optimizer, lr);
  if (!layout) {
    throw new TypeError("Cannot run robeUpdate without gradients: want at least one part");
  }
  let pairs = 0;
  const parts: UpdatePart[] = [];
  for (const gradient of gradients) {
    const part = planPart(layout, gradient, pairs);
    if (part.occurrences === 0 || part.bags.batch * part.bags.tables === 0) continue;
    parts.push(part);
    pairs += part.occurrences * part.shape.blocks;
  }
  if (pairs >= MAX_PAIRS) {
    throw new RangeError(`Cannot run robeUpdate on ${pairs} blocks: want fewer than ${MAX_PAIRS}`);
  }
  const { blockSize, align } = layout;
  // Rows that share a block start inside it.
  const aligned = parts.every(({ shape, dim }) => shape.rowsPerBlock === 1 || dim % align === 0);
  return {
    layout,
    array,
    states,
    step,
    parts,
    pairs,
    longest: Math.max(1, ...parts.map(({ dim }) => Math.min(dim, blockSize))),
    shift: aligned ? Math.log2(align) : 0,
    fixed: accumulation === "fixed-point",
  };
}

function planPart(layout: RobeLayout, { tables, bags, gradOut }: RobeGradient, firstPair: number): UpdatePart {
  const { dim } = tables, { batch, ids, offsets, weights, mode } = bags;
  if (!sameLayout(tables.layout, layout)) {
    throw new TypeError("Cannot run robeUpdate on tables of different arrays: want one layout");
  }
  if (bags.tables !== tables.specs.length) {
    throw new TypeError(`Cannot run robeUpdate with bags of ${bags.tables} tables: want ${tables.specs.length}`);
  }
  if (mode !== undefined && mode !== "sum" && mode !== "mean") {
    throw new TypeError(`Cannot run robeUpdate with mode "${mode}": want "sum" or "mean"`);
  }
  if (offsets) checkTensor("offsets", offsets, "u32", batch * bags.tables + 1);
  checkTensor("ids", ids, "u32", offsets ? ids.size : batch * bags.tables);
  if (weights) checkTensor("weights", weights, "f32", ids.size);
  checkTensor("gradOut", gradOut, "f32", batch * bags.tables * dim);
  return {
    tables,
    bags,
    gradOut,
    dim,
    shape: rowShape(layout, dim),
    occurrences: ids.size,
    // One id per bag: its mean is itself.
    mean: mode === "mean" && offsets !== undefined,
    firstPair,
  };
}

function sameLayout(a: RobeLayout, b: RobeLayout): boolean {
  const keys = ["size", "blockSize", "align", "sign", "hash", "seed"] as const;
  return a === b || keys.every((key) => a[key] === b[key]);
}

function checkTensor(what: string, tensor: Tensor, dtype: "f32" | "u32", size: number): void {
  if (tensor.dtype !== dtype || tensor.size !== size) {
    throw new TypeError(
      `Cannot run robeUpdate as ${what} "${tensor.label}" is ${tensor.dtype} [${tensor.shape}]: want ${dtype} of ${size} elements`,
    );
  }
}
