/**
 * Small parts of decoding a chunk.
 *
 * @module
 */
import { corrupt, truncated } from "../errors.ts";
import { type ChunkHeader, CONST } from "../format/chunk_header.ts";
import type { DtypeId } from "../kernels/kernels.ts";
import type { Workspace } from "../kernels/workspace.ts";
import { maxCodeFor, type Unit } from "./unit.ts";

/**
 * Reads which stored rows escaped.
 *
 * @param end Behind the bytes that may be read.
 * @returns Byte offset of u32[stored rows]: number of each in the order of rows with codes first, then those that escaped.
 * @throws {CodecError} `CORRUPT`, `TRUNCATED`
 */
export function readEscapes(
  { kernels, arena }: Workspace,
  { uniqueRows, escapedRows }: ChunkHeader,
  at: number,
  end: number,
): number {
  const bytes = 4 * Math.ceil(uniqueRows / 32);
  if (end - at < bytes) throw truncated("a chunk's escapes");
  const slots = arena.take(4 * uniqueRows), { u8, u32 } = kernels.memory;
  let escaped = 0;
  for (let row = 0; row < 8 * bytes; row++) {
    const bit = u8[at + (row >>> 3)]! >>> (row & 7) & 1;
    if (row < uniqueRows) u32[(slots >>> 2) + row] = bit ? uniqueRows - escapedRows + escaped : row - escaped;
    else if (bit) throw corrupt("an escaped row", row, `less than ${uniqueRows}`);
    escaped += bit;
  }
  if (escaped !== escapedRows) throw corrupt("the number of escapes", escaped, escapedRows);
  return slots;
}

/** Copies the element before `begin` up to `end`: what a short row lacks, which an earlier row equal to it has. */
export function repeatLast(u8: Uint8Array, begin: number, end: number, size: number): void {
  for (let at = begin; at < end; at++) u8[at] = u8[at - size]!;
}

/** The unit of a chunk's codes; undefined if it has none. */
export function unitOf({ coder, relative, step, keepBits, top }: ChunkHeader, dtype: DtypeId): Unit | undefined {
  if (coder <= CONST) return undefined;
  if (relative) return { kind: "mantissa", keepBits, top };
  return { kind: "step", step, maxCode: maxCodeFor(dtype, step), errorBound: step / 2 };
}
