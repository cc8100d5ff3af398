/**
 * The published reference configurations, for tests and benches.
 *
 * Table sizes: facebookresearch/dlrm on Criteo Kaggle; mlcommons/training recommendation v1 (Terabyte, ids modulo 40 M)
 * and v2.
 *
 * @module
 */
import type { DlrmConfig } from "../config.ts";

const named = (rows: readonly number[]) => rows.map((count, i) => ({ name: `C${i + 1}`, rows: count }));

/** Rows of Criteo Kaggle's tables. */
// deno-fmt-ignore
export const KAGGLE_ROWS: readonly number[] = [
  1460, 583, 10131227, 2202608, 305, 24, 12517, 633, 3, 93145, 5683, 8351593, 3194, 27, 14992, 5461306, 10, 5652, 2173,
  4, 7046547, 18, 15, 286181, 105, 142572,
];

/** Rows of Criteo Terabyte's tables modulo 40 M, as MLPerf v1 uses them. */
// deno-fmt-ignore
export const MLPERF_V1_ROWS: readonly number[] = [
  39884406, 39043, 17289, 7420, 20263, 3, 7120, 1543, 63, 38532951, 2953546, 403346, 10, 2208, 11938, 155, 4, 976, 14,
  39979771, 25641295, 39664984, 585935, 12972, 108, 36,
];

/** Rows of MLPerf v2's tables. */
// deno-fmt-ignore
export const MLPERF_V2_ROWS: readonly number[] = [
  40000000, 39060, 17295, 7424, 20265, 3, 7122, 1543, 63, 40000000, 3067956, 405282, 10, 2209, 11938, 155, 4, 976, 14,
  40000000, 40000000, 40000000, 590152, 12973, 108, 36,
];

/** facebookresearch/dlrm on Criteo Kaggle. */
export const KAGGLE: DlrmConfig = {
  denseFeatures: 13,
  tables: named(KAGGLE_ROWS),
  dim: 16,
  bottom: [13, 512, 256, 64, 16],
  top: [512, 256, 1],
};

/** MLPerf training, recommendation v1. */
export const MLPERF_V1: DlrmConfig = {
  denseFeatures: 13,
  tables: named(MLPERF_V1_ROWS),
  dim: 128,
  bottom: [13, 512, 256, 128],
  top: [1024, 1024, 512, 256, 1],
};

/** MLPerf training, recommendation v2 (DCNv2). */
export const MLPERF_V2: DlrmConfig = {
  ...MLPERF_V1,
  tables: named(MLPERF_V2_ROWS),
  interaction: "dcn",
  crossLayers: 3,
  crossRank: 512,
};
