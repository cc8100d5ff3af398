/**
 * The two reference configurations of DLRM (facebookresearch/dlrm's Kaggle script and MLPerf v1) as the speed bench runs
 * them.
 *
 * @module
 */
import type { DlrmConfig } from "@pocketrec/dlrm-model";

/** Rows per table of the Criteo Kaggle set: 33,762,577 in all, 2.16 GB at dim 16. */
// deno-fmt-ignore
const KAGGLE_ROWS = [
  1460, 583, 10131227, 2202608, 305, 24, 12517, 633, 3, 93145, 5683, 8351593, 3194, 27, 14992, 5461306, 10, 5652, 2173,
  4, 7046547, 18, 15, 286181, 105, 142572,
];

/** Rows per table of MLPerf v1 (Criteo Terabyte, ids modulo 40 M). */
// deno-fmt-ignore
const MLPERF_ROWS = [
  39884406, 39043, 17289, 7420, 20263, 3, 7120, 1543, 63, 38532951, 2953546, 403346, 10, 2208, 11938, 155, 4, 976, 14,
  39979771, 25641295, 39664984, 585935, 12972, 108, 36,
];

/** MLPerf's tables, 96 GB, do not fit this comparison's machines: both sides get them capped. */
const MLPERF_CAP = 100_000;

/** A configuration with its name for case texts. */
export interface BenchShape {
  readonly name: string;
  readonly config: DlrmConfig;
}

function tables(rows: readonly number[]): { name: string; rows: number }[] {
  return rows.map((count, i) => ({ name: `C${i + 1}`, rows: count }));
}

/** The shapes, in the order of the table. */
export const SHAPES: readonly BenchShape[] = [
  {
    name: "Kaggle d 16",
    config: {
      denseFeatures: 13,
      tables: tables(KAGGLE_ROWS),
      dim: 16,
      bottom: [13, 512, 256, 64, 16],
      top: [512, 256, 1],
    },
  },
  {
    name: `MLPerf d 128, tables <= ${MLPERF_CAP} rows`,
    config: {
      denseFeatures: 13,
      tables: tables(MLPERF_ROWS.map((rows) => Math.min(rows, MLPERF_CAP))),
      dim: 128,
      bottom: [13, 512, 256, 128],
      top: [1024, 1024, 512, 256, 1],
    },
  },
];

/** Batches that a bench rotates through, so that rows do not stay in a cache from one step to the next. */
export const ROTATED_BATCHES = 16;
