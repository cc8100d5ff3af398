import { blockStart, type RobeLayout, rowShape, type TableHash } from "../layout.ts";

/** What a `RobeArray` is and did. */
export interface RobeStats {
  /** M: elements of the array. */
  readonly elements: number;
  /** Bytes of the array. */
  readonly bytes: number;
  /** Bytes of the optimiser's state. */
  readonly stateBytes: number;
  /** Elements that full tables would have. */
  readonly fullElements: number;
  /** `fullElements / elements`. */
  readonly compressionRatio: number;
  /** Other elements that a slot is expected to serve: `(fullElements - 1) / elements`. */
  readonly expectedCollisions: number;
  /** Updates so far. */
  readonly steps: number;
  /** Ids looked up so far. */
  readonly lookups: number;
  /** Ids beyond `numEmbeddings` of open tables, among them. */
  readonly outOfRange: number;
  /** Elements that the last `forward` read, divided by M: an upper bound of the share of slots that a step touches. */
  readonly lastLoad: number;
  /** How many block starts of ids spread evenly over all tables lie in each of 64 equal parts of the array. */
  readonly startHistogram: Uint32Array<ArrayBuffer>;
}

/** Ids per table whose starts are counted. */
const SAMPLES = 1024;

/** Equal parts of the array. */
const BINS = 64;

/** Counts block starts of ids spread evenly over the tables. */
export function startHistogram(
  layout: RobeLayout,
  tables: readonly { readonly numEmbeddings: number; readonly dim: number; readonly hash: TableHash }[],
): Uint32Array<ArrayBuffer> {
  const histogram = new Uint32Array(BINS);
  for (const { numEmbeddings, dim, hash } of tables) {
    const rows = Math.min(numEmbeddings, 2 ** 32), samples = Math.min(SAMPLES, rows), shape = rowShape(layout, dim);
    for (let i = 0; i < samples; i++) {
      const id = Math.floor(i * rows / samples);
      for (let k = 0; k < shape.blocks; k++) {
        histogram[Math.floor(blockStart(layout, hash, shape, id, k) / layout.size * BINS)]!++;
      }
    }
  }
  return histogram;
}
