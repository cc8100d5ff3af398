/**
 * The pass over a sequence that planning builds on.
 *
 * @module
 */
import type { Kernels } from "../kernels/kernels.ts";
import { type Codebook, type Sequence, type Statistics, totalRawBits } from "./plan.ts";
import { COLUMN_LEVELS, columnLevels, MAX_ROW_GROUPS, mergeBuckets } from "./scales.ts";

/** Bytes for the counts: 1 KiB for each level of each group. */
export const COUNTS_BYTES: number = MAX_ROW_GROUPS * COLUMN_LEVELS * 1024;

/** Longest rows whose columns are told apart. */
export const MAX_COLUMNS = 4096;

/** Byte offsets of scratch in kernel memory. */
export interface CountAreas {
  /** {@linkcode COUNTS_BYTES}, also used for sums of columns. */
  readonly counts: number;
  /** A byte per row. */
  readonly classes: number;
  /** A byte per column. */
  readonly columns: number;
}

/**
 * Counts tokens, by scale of row and column if wanted.
 *
 * @param form Of the kernels.
 * @param apart Whether rows and columns are told apart; they are at most {@linkcode MAX_COLUMNS} long.
 * @param codebook Its classes of columns, if it has any for rows of this length, take the place of levels.
 */
export function countSequence(
  kernels: Kernels,
  sequence: Sequence,
  form: number,
  apart: boolean,
  codebook: Codebook | undefined,
  areas: CountAreas,
): Statistics {
  const { codes, rows, rowLength, direct } = sequence;
  const { memory } = kernels;
  let rowGroups: Uint8Array<ArrayBuffer> | undefined, levelOf: Uint8Array<ArrayBuffer> | undefined;
  let groups = 1, levels = 1;
  if (apart) {
    kernels.rowBuckets(codes, rows, rowLength, areas.classes);
    rowGroups = memory.u8.slice(areas.classes, areas.classes + rows);
    groups = mergeBuckets(rowGroups);
    if (codebook?.columns?.length === rowLength) {
      levelOf = codebook.columns;
      levels = codebook.columnClasses;
    } else {
      kernels.columnSums(codes, rows, rowLength, areas.counts);
      levelOf = columnLevels(memory.u32.slice(areas.counts >> 2, (areas.counts >> 2) + rowLength));
      levels = COLUMN_LEVELS;
    }
    for (let r = 0; r < rows; r++) memory.u8[areas.classes + r] = rowGroups[r]! * levels;
    memory.u8.set(levelOf, areas.columns);
  }
  const classes = groups * levels, [rowsAt, columnsAt] = apart ? [areas.classes, areas.columns] : [0, 0];
  kernels.histogram(codes, rows, rowLength, rowsAt, columnsAt, classes, form, areas.counts);
  const counted = tokensOf(memory.u32, areas.counts >> 2, classes);
  const rawBits = direct ? 0 : totalRawBits(counted);
  return { sequence, rowGroups, groups, columnLevels: levelOf, levels, ...counted, rawBits };
}

/** Histograms of 256 tokens, cut to those that occur in any. */
function tokensOf(u32: Uint32Array, at: number, histograms: number): Pick<Statistics, "tokens" | "counts"> {
  let tokens = 1;
  for (let h = 0; h < histograms; h++) {
    let last = 255;
    while (last >= tokens && u32[at + 256 * h + last] === 0) last--;
    tokens = last + 1;
  }
  const counts = new Float64Array(tokens * histograms);
  for (let h = 0, i = 0; h < histograms; h++) {
    for (let from = at + 256 * h, end = from + tokens; from < end;) counts[i++] = u32[from++]!;
  }
  return { tokens, counts };
}
