import { type BatchOptions, createBatch, type CtrBatch, type CtrSchema, type CtrSplit } from "./dataset.ts";
import { combine } from "./hash.ts";
import { Permutation } from "./permutation.ts";

/** The ranges of positions that a walk with `options` visits. @throws {RangeError} on impossible options */
export function* batchRanges(rows: number, options: BatchOptions): Generator<{ start: number; count: number }> {
  const { batchSize, startBatch = 0, dropLast = false } = options;
  if (!(Number.isSafeInteger(batchSize) && batchSize >= 1)) {
    throw new RangeError(`Cannot make batches as batchSize must be an integer >= 1: got ${batchSize}`);
  }
  if (!(Number.isSafeInteger(startBatch) && startBatch >= 0)) {
    throw new RangeError(`Cannot make batches as startBatch must be an integer >= 0: got ${startBatch}`);
  }
  for (let start = startBatch * batchSize; start < rows; start += batchSize) {
    const count = Math.min(batchSize, rows - start);
    if (count === batchSize || !dropLast) yield { start, count };
  }
}

/** The 32-bit key of the row order of one epoch. */
export function shuffleKey(shuffle: { seed: number; epoch: number }): number {
  return combine(combine(combine(0x5eed, shuffle.seed), Math.floor(shuffle.seed / 2 ** 32)), shuffle.epoch);
}

/** Writes row `row` of the split to place `at` of a batch. */
export type RowWriter = (row: number, batch: CtrBatch, at: number) => void;

/** A split whose rows can be had in any order at equal cost: a full permutation per epoch. */
export class GatherSplit implements CtrSplit {
  /** Number of rows. */
  readonly rows: number;
  readonly #schema: CtrSchema;
  readonly #write: RowWriter;

  /** @param rows number of rows @param schema widths @param write produces one row */
  constructor(rows: number, schema: CtrSchema, write: RowWriter) {
    this.rows = rows;
    this.#schema = schema;
    this.#write = write;
  }

  /** Walks the rows once; shuffled, the order is one permutation of the whole split. */
  async *batches(options: BatchOptions): AsyncGenerator<CtrBatch> {
    const permutation = options.shuffle && new Permutation(this.rows, shuffleKey(options.shuffle));
    for (const { start, count } of batchRanges(this.rows, options)) {
      const batch = createBatch(count, this.#schema);
      for (let i = 0; i < count; i++) {
        this.#write(permutation ? permutation.at(start + i) : start + i, batch, i);
      }
      yield batch;
    }
  }
}
