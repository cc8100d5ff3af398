/**
 * Rows from columns of loosely typed cells, as npz and Parquet files hold them.
 *
 * @module
 */
import { DataFormatError, quote } from "../errors.ts";
import { CATEGORIES, CATEGORY_NAMES, DENSE_FEATURES, DENSE_NAMES } from "../layout.ts";
import type { BlockFiller } from "./reader.ts";

/** One column; `null`, `undefined`, NaN and "" mean missing. */
export type Column = (row: number) => unknown;

/** The columns of a table in Criteo's layout. */
export interface CellColumns {
  /** The label, if there is one. */
  readonly label: Column | undefined;
  /** `[13]`. */
  readonly ints: readonly Column[];
  /** `[26]`; integers (negative int32 read as uint32) or strings of hex digits. */
  readonly cats: readonly Column[];
}

/** Reads rows `0..rows-1`; `firstRow` counts rows in messages. @throws {DataFormatError} on a bad cell under "fail" */
export function readCells(
  columns: CellColumns,
  range: { rows: number; firstRow: number; file: string },
  filler: BlockFiller,
): void {
  const { block } = filler;
  block.labelled = columns.label !== undefined;
  for (let row = 0; row < range.rows; row++) {
    const at = block.rows;
    const fault = readRow(columns, row, block, at);
    if (fault) {
      const position = { file: range.file, line: range.firstRow + row + 1, column: fault.column };
      filler.refuse(new DataFormatError(position, fault.reason));
    } else {
      filler.next();
    }
  }
}

function readRow(
  columns: CellColumns,
  row: number,
  block: BlockFiller["block"],
  at: number,
): { column: number; reason: string } | undefined {
  const offset = columns.label ? 2 : 1;
  block.labels[at] = 0;
  if (columns.label) {
    const label = number(columns.label(row));
    if (label !== 0 && label !== 1) {
      return { column: 1, reason: `Cannot read the label as it is not 0 or 1: ${show(columns.label(row))}` };
    }
    block.labels[at] = label;
  }
  let missing = 0;
  for (let i = 0; i < DENSE_FEATURES; i++) {
    const cell = columns.ints[i]!(row);
    let value = 0;
    if (absent(cell)) missing |= 1 << i;
    else {
      value = number(cell);
      if (value !== (value | 0)) {
        const reason = `Cannot read ${DENSE_NAMES[i]} as it is not a 32-bit integer: ${show(cell)}`;
        return { column: offset + i, reason };
      }
    }
    block.ints[at * DENSE_FEATURES + i] = value;
  }
  block.intMissing[at] = missing;
  missing = 0;
  for (let i = 0; i < CATEGORIES; i++) {
    const cell = columns.cats[i]!(row);
    let value = 0;
    if (absent(cell)) missing |= 1 << i;
    else {
      value = category(cell);
      if (Number.isNaN(value)) {
        const reason = `Cannot read ${CATEGORY_NAMES[i]} as it is neither a 32-bit integer nor 1..8 hex digits: ${
          show(cell)
        }`;
        return { column: offset + DENSE_FEATURES + i, reason };
      }
    }
    block.cats[at * CATEGORIES + i] = value;
  }
  block.catMissing[at] = missing;
  return undefined;
}

function absent(cell: unknown): boolean {
  return cell === null || cell === undefined || cell === "" || cell !== cell;
}

function number(cell: unknown): number {
  if (typeof cell === "number") return cell;
  if (typeof cell === "boolean" || typeof cell === "bigint") return Number(cell);
  return typeof cell === "string" && /^-?[0-9]+$/.test(cell) ? Number(cell) : NaN;
}

function category(cell: unknown): number {
  if (typeof cell === "string") return /^[0-9a-fA-F]{1,8}$/.test(cell) ? parseInt(cell, 16) : NaN;
  const value = number(cell);
  return Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32 ? value >>> 0 : NaN;
}

function show(cell: unknown): string {
  return quote(cell instanceof Uint8Array ? `${cell.length} bytes` : String(cell));
}
