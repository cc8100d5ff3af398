/**
 * What is looked up in several tables, as one set of bags.
 *
 * @module
 */
import { checkIds, type IdRules, type RobeIds } from "./ids.ts";

/** Look-ups of one table, with the conventions of `torch.nn.EmbeddingBag`. */
export interface RobeInput {
  /** Ids: with `offsets` bag after bag; with `bagSize` a matrix `[bags, bagSize]`; else one id per bag. */
  readonly indices: RobeIds;
  /** Where each bag begins: starts with 0, does not decrease; the last bag ends with the ids. */
  readonly offsets?: Uint32Array | Int32Array | readonly number[] | undefined;
  /** Ids of every bag. */
  readonly bagSize?: number | undefined;
  /** One factor per id; not with mode `"mean"`. */
  readonly perSampleWeights?: Float32Array | undefined;
}

/** Checked look-ups of one table. */
export interface TableBags {
  /** Number of bags. */
  readonly bags: number;
  /** One u32 per id. */
  readonly ids: Uint32Array;
  /** `bags + 1` bounds; `undefined` where every bag holds one id. */
  readonly offsets: Uint32Array | undefined;
  /** One factor per id. */
  readonly weights: Float32Array | undefined;
  /** Ids beyond an open table. */
  readonly outOfRange: number;
}

/** Bags of several tables as kernels take them: bag `sample * tables + table`. */
export interface MergedBags {
  readonly ids: Uint32Array;
  readonly offsets: Uint32Array | undefined;
  readonly weights: Float32Array | undefined;
}

/**
 * Checks the look-ups of one table.
 *
 * @throws {TypeError} where ids, offsets or weights have the wrong type or length
 * @throws {RangeError} where offsets are out of order, with their index; and as {@linkcode checkIds}
 */
export function checkInput(rules: IdRules, mode: "sum" | "mean", input: RobeInput): TableBags {
  const { indices, offsets, bagSize, perSampleWeights: weights } = input;
  const name = rules.table;
  if (offsets && bagSize !== undefined) {
    throw new TypeError(`Cannot cut ids of table "${name}" by offsets and bagSize: want one of them`);
  }
  const { ids, outOfRange } = checkIds(rules, indices);
  if (weights) {
    if (mode === "mean") {
      throw new TypeError(`Cannot use perSampleWeights with mode "mean" of table "${name}": want mode "sum"`);
    }
    if (!(weights instanceof Float32Array) || weights.length !== ids.length) {
      throw new TypeError(
        `Cannot weight ${ids.length} ids of table "${name}" by ${weights.length} perSampleWeights: want a Float32Array of as many`,
      );
    }
  }
  const bounds = offsets ? checkOffsets(name, offsets, ids.length) : fixedBounds(name, bagSize, ids.length);
  return { bags: bounds ? bounds.length - 1 : ids.length, ids, offsets: bounds, weights, outOfRange };
}

function checkOffsets(name: string, offsets: ArrayLike<number>, ids: number): Uint32Array {
  const bounds = new Uint32Array(offsets.length + 1);
  let least = 0;
  for (let i = 0; i < offsets.length; i++) {
    const offset = offsets[i]!;
    if (!Number.isInteger(offset) || offset < least || offset > ids || (i === 0 && offset !== 0)) {
      const want = i === 0 ? "0" : `a whole number from ${least} to ${ids}`;
      throw new RangeError(`Cannot use offset ${offset} at index ${i} of table "${name}": want ${want}`);
    }
    bounds[i] = least = offset;
  }
  if (offsets.length === 0 && ids > 0) {
    throw new RangeError(`Cannot put ${ids} ids of table "${name}" into no bag: want offsets that start with 0`);
  }
  bounds[offsets.length] = ids;
  return bounds;
}

function fixedBounds(name: string, bagSize: number | undefined, ids: number): Uint32Array | undefined {
  if (bagSize === undefined || bagSize === 1) return undefined;
  if (!Number.isInteger(bagSize) || bagSize < 1 || ids % bagSize !== 0) {
    throw new RangeError(
      `Cannot cut ${ids} ids of table "${name}" into bags of ${bagSize}: want a whole number that divides them`,
    );
  }
  return Uint32Array.from({ length: ids / bagSize + 1 }, (_, i) => i * bagSize);
}

/** Joins tables with equal numbers of bags. */
export function mergeBags(tables: readonly TableBags[]): MergedBags {
  const [only] = tables;
  if (only && tables.length === 1) return only;
  const bags = only?.bags ?? 0, count = tables.length;
  const total = tables.reduce((sum, { ids }) => sum + ids.length, 0);
  const ids = new Uint32Array(total);
  const weights = tables.some((table) => table.weights) ? new Float32Array(total).fill(1) : undefined;
  const offsets = tables.some((table) => table.offsets) ? new Uint32Array(bags * count + 1) : undefined;
  let at = 0;
  for (let sample = 0; sample < bags; sample++) {
    for (let t = 0; t < count; t++) {
      const table = tables[t]!;
      const from = table.offsets ? table.offsets[sample]! : sample;
      const to = table.offsets ? table.offsets[sample + 1]! : sample + 1;
      for (let i = from; i < to; i++, at++) {
        ids[at] = table.ids[i]!;
        if (weights && table.weights) weights[at] = table.weights[i]!;
      }
      if (offsets) offsets[sample * count + t + 1] = at;
    }
  }
  return { ids, offsets, weights };
}
