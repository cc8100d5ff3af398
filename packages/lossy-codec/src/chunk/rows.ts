/**
 * Which rows of a chunk are stored: equal ones once, first by their bits, then by their codes.
 *
 * @module
 */
import type { Workspace } from "../kernels/workspace.ts";

/** Seed of the row hash. It is fixed, as equal arrays shall give equal bytes; crafted collisions cost ratio, not time. */
const SEED = 0x6c6f7373;

/** Rows told apart. */
export interface Distinct {
  /** Number of distinct rows, numbered by their first occurrence. */
  readonly unique: number;
  /** Byte offset of u32[rows]: number of each row's distinct row. */
  readonly rowToUnique: number;
  /** Byte offset of u32[unique]: the row that each one is. */
  readonly uniqueRows: number;
}

/** Tells rows of u32 words apart. */
export function distinctRows({ kernels, arena }: Workspace, src: number, rowWords: number, rows: number): Distinct {
  const rowToUnique = arena.take(4 * rows), uniqueRows = arena.take(4 * rows), mark = arena.mark;
  const tableBits = Math.max(1, 33 - Math.clz32(rows - 1));
  const table = arena.take(4 * 2 ** tableBits);
  const unique = kernels.dedupe(src, rowWords, rows, SEED, table, tableBits, rowToUnique, uniqueRows);
  arena.release(mark);
  return { unique, rowToUnique, uniqueRows };
}

/** All rows, told apart or not. */
export function everyRow({ kernels, arena }: Workspace, rows: number): Distinct {
  const list = arena.take(4 * rows), { u32 } = kernels.memory;
  for (let row = 0; row < rows; row++) u32[(list >>> 2) + row] = row;
  return { unique: rows, rowToUnique: list, uniqueRows: list };
}

/** Rows as they are stored: codes of some, elements of those that escaped. */
export interface Stored {
  /** Number of stored rows, numbered by their first occurrence. */
  readonly unique: number;
  /** Byte offset of u32[rows]: number of each row's stored row. */
  readonly rowToUnique: number;
  /** Byte offset of the codes i32[coded d] of rows that have some, in order. */
  readonly codes: number;
  /** Number of rows that have codes. */
  readonly coded: number;
  /** Byte offset of u8[unique]: 1 for rows that escaped. */
  readonly escapes: number;
  /** Byte offset of u32[unique - coded]: the row of the chunk that each escaped one is. */
  readonly escapedRows: number;
}

/**
 * Numbers stored rows: the rows of `distinct` as quantised, equal codes merged if `merge`.
 *
 * @param codes Byte offset of i32[unique d]; on return codes of stored rows lie at its beginning.
 * @param escapes Byte offset of u8[unique]: 1 for rows without codes.
 */
export function storedRows(
  workspace: Workspace,
  distinct: Distinct,
  rows: number,
  d: number,
  codes: number,
  escapes: number,
  merge: boolean,
): Stored {
  const { kernels, arena } = workspace, { unique } = distinct;
  const rowToUnique = arena.take(4 * rows), stored = arena.take(unique), escapedRows = arena.take(4 * unique);
  const mark = arena.mark, numbers = arena.take(4 * unique) >>> 2;
  let { i32, u8, u32 } = kernels.memory;
  let kept = 0;
  for (let u = 0; u < unique; u++) {
    if (u8[escapes + u] === 0) moveRow(i32, codes, u, kept++, d);
  }
  // First the number of each kept row's codes, then by it the number of the stored row.
  const same = merge && kept > 0 ? distinctRows(workspace, codes, d, kept) : everyRow(workspace, kept);
  const first = arena.take(4 * same.unique) >>> 2;
  ({ i32, u8, u32 } = kernels.memory);
  for (let c = 0; c < same.unique; c++) moveRow(i32, codes, u32[(same.uniqueRows >>> 2) + c]!, c, d);
  let next = 0, k = 0, coded = 0, escaped = 0;
  for (let u = 0; u < unique; u++) {
    if (u8[escapes + u] === 1) {
      u32[(escapedRows >>> 2) + escaped++] = u32[(distinct.uniqueRows >>> 2) + u]!;
      u8[stored + next] = 1;
      u32[numbers + u] = next++;
      continue;
    }
    const c = u32[(same.rowToUnique >>> 2) + k++]!;
    if (c === coded) {
      u8[stored + next] = 0;
      u32[first + coded++] = next++;
    }
    u32[numbers + u] = u32[first + c]!;
  }
  for (let row = 0; row < rows; row++) {
    u32[(rowToUnique >>> 2) + row] = u32[numbers + u32[(distinct.rowToUnique >>> 2) + row]!]!;
  }
  arena.release(mark);
  return { unique: next, rowToUnique, codes, coded, escapes: stored, escapedRows };
}

function moveRow(i32: Int32Array, codes: number, from: number, to: number, d: number): void {
  if (from === to) return;
  const begin = (codes >>> 2) + from * d;
  i32.copyWithin((codes >>> 2) + to * d, begin, begin + d);
}

/** The same rows, every one stored by itself. */
export function repeatedRows(workspace: Workspace, stored: Stored, rows: number, d: number): Stored {
  const { kernels, arena } = workspace;
  const escapes = arena.take(rows), escapedRows = arena.take(4 * rows), slots = arena.take(4 * rows);
  const { u8, u32 } = kernels.memory, numbers = stored.rowToUnique >>> 2;
  // Number of a stored row among those with codes.
  const rank = new Uint32Array(stored.unique);
  for (let u = 0, n = 0; u < stored.unique; u++) {
    rank[u] = n;
    if (u8[stored.escapes + u] === 0) n++;
  }
  let coded = 0, escaped = 0;
  for (let row = 0; row < rows; row++) {
    const u = u32[numbers + row]!, escape = u8[stored.escapes + u]!;
    u8[escapes + row] = escape;
    if (escape === 1) u32[(escapedRows >>> 2) + escaped++] = row;
    else u32[(slots >>> 2) + coded++] = rank[u]!;
  }
  const codes = arena.take(4 * d * coded);
  kernels.gatherRows(stored.codes, 4 * d, slots, coded, codes);
  return { unique: rows, rowToUnique: everyRow(workspace, rows).rowToUnique, codes, coded, escapes, escapedRows };
}
