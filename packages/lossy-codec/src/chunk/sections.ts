/**
 * Small parts of decoding a chunk.
 *
 * @module
 */
import { fieldBytes } from "../format/fields.ts";
import { corrupt, truncated } from "../errors.ts";
import { type ChunkHeader, CONST } from "../format/chunk_header.ts";
import type { DtypeId } from "../kernels/kernels.ts";
import type { Workspace } from "../kernels/workspace.ts";
import { stepUnit, type Unit } from "./unit.ts";

/**
 * Reads which stored rows escaped.
 *
 * @param end Behind the bytes that may be read.
 * @param rowToUnique Byte offset of u32[rows]: number of each row's stored row; 0: as it is.
 * @returns Byte offset of u32[rows]: where each row is among the stored ones, those with codes first, then those that escaped.
 * @throws {CodecError} `CORRUPT`, `TRUNCATED`
 */
export function readEscapes(
  { kernels, arena }: Workspace,
  { rows, uniqueRows, escapedRows }: ChunkHeader,
  at: number,
  end: number,
  rowToUnique: number,
): number {
  const bytes = fieldBytes(uniqueRows, 1);
  if (end - at < bytes) throw truncated("a chunk's escapes");
  const result = arena.take(4 * rows), { u8, u32 } = kernels.memory, slots = new Uint32Array(uniqueRows);
  let escaped = 0;
  for (let row = 0; row < 8 * bytes; row++) {
    const bit = u8[at + (row >>> 3)]! >>> (row & 7) & 1;
    if (row < uniqueRows) slots[row] = bit ? uniqueRows - escapedRows + escaped : row - escaped;
    else if (bit) throw corrupt("an escaped row", row, `less than ${uniqueRows}`);
    escaped += bit;
  }
  if (escaped !== escapedRows) throw corrupt("the number of escapes", escaped, escapedRows);
  for (let row = 0; row < rows; row++) {
    u32[(result >>> 2) + row] = slots[rowToUnique === 0 ? row : u32[(rowToUnique >>> 2) + row]!]!;
  }
  return result;
}

/** The unit of a chunk's codes; undefined if it has none. */
export function unitOf({ coder, relative, step, keepBits, top }: ChunkHeader, dtype: DtypeId): Unit | undefined {
  if (coder <= CONST) return undefined;
  if (relative) return { kind: "mantissa", keepBits, top };
  return stepUnit(dtype, step, step / 2);
}
