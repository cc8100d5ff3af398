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
  const counts = memory.u32.slice(areas.counts >> 2, (areas.counts >> 2) + 256 * classes);
  const rawBits = totalRawBits(counts, direct);
  return { sequence, rowGroups, groups, columnLevels: levelOf, levels, counts, rawBits };
}
