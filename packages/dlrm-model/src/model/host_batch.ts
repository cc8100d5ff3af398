/**
 * Batches as they come from a reader, and what happens to ids that no table has.
 *
 * @module
 */
import { NO_ROW } from "../tables/map_ids/map_ids.ts";

/** Samples to score, in host memory. */
export interface SampleBatch {
  /** `[batch, denseFeatures]`, row-major. */
  readonly dense: Float32Array;
  /** Row ids: `[batch, tables]`, sample-major; or, with `offsets`, bag after bag. */
  readonly ids: Uint32Array;
  /** `[batch * tables + 1]`: bag `sample * tables + table` holds the ids from its offset up to the next. */
  readonly offsets?: Uint32Array;
  /** One factor per id. Default: 1. */
  readonly idWeights?: Float32Array;
}

/** Samples to train on. */
export interface TrainingBatch extends SampleBatch {
  /** `[batch]`, in [0, 1]. */
  readonly labels: Float32Array;
}

/** What happens to an id that its table does not have: refused, taken modulo the rows, or read as a zero vector. */
export type OutOfRange = "error" | "mod" | "zero";

/**
 * Returns the ids with those out of range replaced; the same array where there is none.
 *
 * @throws {RangeError} with `"error"`: naming table, sample, id and rows
 */
export function settleIds(
  batch: SampleBatch,
  tables: readonly { readonly name: string; readonly rows: number }[],
  policy: OutOfRange,
): Uint32Array {
  const { ids, offsets } = batch;
  let settled = ids;
  const count = tables.length;
  const settle = (at: number, bag: number) => {
    const { name, rows } = tables[bag % count]!;
    if (policy === "error") {
      throw new RangeError(
        `Cannot look up id ${ids[at]} of sample ${Math.floor(bag / count)} in table ${name}: it has ${rows} rows`,
      );
    }
    if (settled === ids) settled = ids.slice();
    settled[at] = policy === "mod" ? ids[at]! % rows : NO_ROW;
  };
  const bounds = Float64Array.from(tables, ({ rows }) => rows);
  if (!offsets) {
    for (let at = 0; at < ids.length;) {
      for (let table = 0; table < count; table++, at++) if (ids[at]! >= bounds[table]!) settle(at, at);
    }
    return settled;
  }
  for (let bag = 0; bag < offsets.length - 1; bag++) {
    const bound = bounds[bag % count]!;
    for (let at = offsets[bag]!; at < offsets[bag + 1]!; at++) if (ids[at]! >= bound) settle(at, bag);
  }
  return settled;
}

/**
 * Checks the lengths of a batch and returns its number of samples.
 *
 * @throws {RangeError} naming the array, its length and the one wanted
 */
export function checkBatch(batch: SampleBatch, denseFeatures: number, tables: number): number {
  const samples = batch.dense.length / denseFeatures;
  const want = (name: string, length: number, expected: number) => {
    if (length !== expected) {
      throw new RangeError(`Cannot use a batch of ${samples} samples with ${length} ${name}: want ${expected}`);
    }
  };
  if (!Number.isInteger(samples)) {
    throw new RangeError(`Cannot use ${batch.dense.length} dense numbers: want a multiple of ${denseFeatures}`);
  }
  const { ids, offsets, idWeights } = batch;
  if (offsets) {
    want("offsets", offsets.length, samples * tables + 1);
    want("ids", ids.length, offsets.at(-1)!);
    if (offsets[0] !== 0) throw new RangeError(`Cannot use offsets that start at ${offsets[0]}: want 0`);
    for (let bag = 1; bag < offsets.length; bag++) {
      if (offsets[bag]! < offsets[bag - 1]!) {
        throw new RangeError(
          `Cannot use offsets that fall from ${offsets[bag - 1]} to ${offsets[bag]}: want ascending`,
        );
      }
    }
  } else want("ids", ids.length, samples * tables);
  if (idWeights) want("id weights", idWeights.length, ids.length);
  return samples;
}
