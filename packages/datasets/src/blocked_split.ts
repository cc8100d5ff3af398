import { type BatchOptions, createBatch, type CtrBatch, type CtrSplit } from "./dataset.ts";
import { type FeatureTable, overlappingBlocks } from "./feature_table.ts";
import { batchRanges, shuffleKey } from "./gather_split.ts";
import { combine } from "./hash.ts";
import { CATEGORIES, DENSE_FEATURES } from "./layout.ts";
import { Permutation } from "./permutation.ts";
import type { RowRange } from "./splits.ts";

/** Bytes that one row of model input takes in memory: 13 + 26 + 1 numbers of 4 bytes. */
export const BYTES_PER_ROW: number = 4 * (DENSE_FEATURES + CATEGORIES + 1);

interface Piece {
  readonly block: number;
  readonly from: number;
  readonly to: number;
}

/**
 * A split read from blocks as it is walked, for parts that do not fit the memory budget. A shuffled walk permutes the
 * blocks, reads as many of them at a time as the budget allows (a window), and permutes the rows within the window:
 * all of it a pure function of seed, epoch and budget.
 */
export class BlockedSplit implements CtrSplit {
  /** Number of rows. */
  readonly rows: number;
  /** Where the rows come from. */
  readonly features: FeatureTable;
  /** Which of them. */
  readonly range: RowRange;
  /** Size of a window of a shuffled walk. */
  readonly memoryBytes: number;
  readonly #pieces: readonly Piece[];
  readonly #windowRows: number;

  /** A part of a table. @param features rows @param range which of them @param memoryBytes size of a window of a shuffled walk */
  constructor(features: FeatureTable, range: RowRange, memoryBytes: number) {
    this.rows = range.to - range.from;
    this.features = features;
    this.range = range;
    this.memoryBytes = memoryBytes;
    this.#pieces = [...overlappingBlocks(features.table.summary.blockRows, range)];
    this.#windowRows = Math.max(1, Math.floor(memoryBytes / BYTES_PER_ROW));
  }

  /** Walks the rows once; see the class for the order of a shuffled walk. */
  async *batches(options: BatchOptions): AsyncGenerator<CtrBatch> {
    const windows = this.#plan(options.shuffle && shuffleKey(options.shuffle));
    let current: Window | undefined;
    let data: CtrBatch | undefined;
    for (const { start, count } of batchRanges(this.rows, options)) {
      const batch = createBatch(count, this.features.preprocessor.schema);
      for (let done = 0; done < count;) {
        if (!current || start + done >= current.first + current.rows) {
          current = windows.find(({ first, rows }) => start + done < first + rows)!;
          data = undefined; // let go of the old window before the new one is allocated
          data = await this.#read(current);
        }
        const offset = start + done - current.first;
        const take = Math.min(count - done, current.rows - offset);
        for (let i = 0; i < take; i++) {
          copyRow(data!, current.permutation?.at(offset + i) ?? offset + i, batch, done + i);
        }
        done += take;
      }
      yield batch;
    }
  }

  #plan(key: number | undefined): Window[] {
    const order = key === undefined ? undefined : new Permutation(this.#pieces.length, combine(key, -1));
    const windows: Window[] = [];
    let pieces: Piece[] = [], rows = 0, first = 0;
    const close = () => {
      if (rows === 0) return;
      const permutation = key === undefined ? undefined : new Permutation(rows, combine(key, windows.length));
      windows.push({ first, rows, pieces, permutation });
      first += rows;
      pieces = [];
      rows = 0;
    };
    // In file order nothing is gained by a window of more than one block.
    const limit = key === undefined ? 1 : this.#windowRows;
    for (let i = 0; i < this.#pieces.length; i++) {
      const piece = this.#pieces[order ? order.at(i) : i]!;
      if (rows + piece.to - piece.from > limit) close();
      pieces.push(piece);
      rows += piece.to - piece.from;
    }
    close();
    return windows;
  }

  async #read(window: Window): Promise<CtrBatch> {
    const data = createBatch(window.rows, this.features.preprocessor.schema);
    let at = 0;
    for (const { block, from, to } of window.pieces) {
      await this.features.load(block, from, to, data, at);
      at += to - from;
    }
    return data;
  }
}

interface Window {
  readonly first: number;
  readonly rows: number;
  readonly pieces: readonly Piece[];
  readonly permutation: Permutation | undefined;
}

/** Copies one row of model input. */
export function copyRow(from: CtrBatch, row: number, to: CtrBatch, at: number): void {
  for (let i = 0, a = row * DENSE_FEATURES, b = at * DENSE_FEATURES; i < DENSE_FEATURES; i++) {
    to.dense[b + i] = from.dense[a + i]!;
  }
  for (let i = 0, a = row * CATEGORIES, b = at * CATEGORIES; i < CATEGORIES; i++) to.ids[b + i] = from.ids[a + i]!;
  to.labels[at] = from.labels[row]!;
}
