/**
 * Writes a chunk that has been decided upon.
 *
 * @module
 */
import { fieldBytes } from "../format/fields.ts";
import { elementBytes } from "../dtype.ts";
import { codebookAfter } from "../entropy/codebook.ts";
import { type ChunkHeader, chunkHeaderBytes, CONST, RAW, sealChunk, writeChunkHeader } from "../format/chunk_header.ts";
import type { DtypeId } from "../kernels/kernels.ts";
import type { Workspace } from "../kernels/workspace.ts";
import { writeCodes } from "./codes_plan.ts";
import { type Candidate, type ChunkJob, type EncodedChunk, NO_BOOKS } from "./job.ts";
import { writeRowMap } from "./row_map.ts";
import type { Stored } from "./rows.ts";
import type { Unit } from "./unit.ts";

/** What was written, but for what the writer does not know. */
export type WrittenChunk = Omit<EncodedChunk, "bound" | "maxError">;

/** Fields of a head that are mostly so. */
const PLAIN = {
  dict: false,
  lorenzo: 0,
  relative: false,
  step: 0,
  keepBits: 0,
  top: 0,
  escapedRows: 0,
  parameter: 0,
} as const;

/**
 * Writes a candidate to the arena.
 *
 * @param unit Of its codes, if it has any.
 */
export function writeCandidate(
  workspace: Workspace,
  job: ChunkJob,
  { coder, stored, lorenzo, map, codes }: Candidate,
  unit: Unit | undefined,
): WrittenChunk {
  const { kernels, arena } = workspace, { dtype, d, rows, checksum, books } = job;
  const raw = stored.unique - stored.coded, rawBytes = raw * d * elementBytes(dtype);
  const header: ChunkHeader = {
    ...PLAIN,
    coder,
    dict: map !== undefined,
    lorenzo,
    checksummed: checksum,
    ...(coder === RAW || unit === undefined ? {} : unitFields(unit)),
    rows,
    uniqueRows: stored.unique,
    escapedRows: coder === RAW ? 0 : raw,
    parameter: (codes?.bits ?? 0) | (map?.coder ?? 0) << 8,
  };
  const bitmapBytes = header.escapedRows === 0 ? 0 : fieldBytes(stored.unique, 1);
  const at = arena.take(32 + (map?.capacity ?? 0) + bitmapBytes + (codes?.capacity ?? 0) + rawBytes);
  writeChunkHeader(header, dtype, kernels.memory.u8, at);
  let end = at + chunkHeaderBytes(coder, header.relative, dtype);
  if (map !== undefined) end += writeRowMap(workspace, map, rows, end);
  if (bitmapBytes > 0) end += writeBitmap(workspace, stored, end);
  if (codes !== undefined) end += writeCodes(workspace, codes, end);
  if (raw > 0) end += writeRaw(workspace, job, stored, end);
  if (checksum) sealChunk(kernels.memory.u8, at, end);
  return {
    at,
    bytes: end - at,
    coder,
    books: {
      codes: codes?.sequence ? codebookAfter(books?.codes, codes.sequence) : books?.codes,
      map: map?.sequence ? codebookAfter(books?.map, map.sequence) : books?.map,
    },
  };
}

function unitFields(unit: Unit): Pick<ChunkHeader, "relative" | "step" | "keepBits" | "top"> {
  return unit.kind === "step"
    ? { relative: false, step: unit.step, keepBits: 0, top: 0 }
    : { relative: true, step: 0, keepBits: unit.keepBits, top: unit.top };
}

function writeBitmap({ kernels }: Workspace, { unique, escapes }: Stored, dst: number): number {
  const { u8 } = kernels.memory, bytes = fieldBytes(unique, 1);
  u8.fill(0, dst, dst + bytes);
  for (let u = 0; u < unique; u++) u8[dst + (u >>> 3)]! |= u8[escapes + u]! << (u & 7);
  return bytes;
}

/** Elements of escaped rows, without those that a short last row lacks if it is the last of them. */
function writeRaw(
  { kernels }: Workspace,
  { dtype, src, rows, d, elements }: ChunkJob,
  stored: Stored,
  dst: number,
): number {
  const raw = stored.unique - stored.coded, rowBytes = d * elementBytes(dtype);
  kernels.gatherRows(src, rowBytes, stored.escapedRows, raw, dst);
  const { u8, u32 } = kernels.memory, last = u32[(stored.rowToUnique >>> 2) + rows - 1]!;
  const short = last === stored.unique - 1 && (stored.coded === 0 || u8[stored.escapes + last] === 1);
  const bytes = raw * rowBytes - (short ? (rows * d - elements) * elementBytes(dtype) : 0);
  const padded = fieldBytes(bytes, 8);
  u8.fill(0, dst + bytes, dst + padded);
  return padded;
}

/**
 * Writes a chunk of one element.
 *
 * @param element Byte offset of it.
 */
export function writeConst({ kernels, arena }: Workspace, job: ChunkJob, element: number): WrittenChunk {
  const { dtype, rows, checksum, books } = job, size = elementBytes(dtype);
  const at = arena.take(32), { u8 } = kernels.memory;
  writeChunkHeader({ ...PLAIN, coder: CONST, checksummed: checksum, rows, uniqueRows: 1 }, dtype, u8, at);
  const payload = at + chunkHeaderBytes(CONST, false, dtype), end = payload + fieldBytes(size, 8);
  u8.fill(0, payload, end);
  u8.copyWithin(payload, element, element + size);
  if (checksum) sealChunk(u8, at, end);
  return { at, bytes: end - at, coder: CONST, books: books ?? NO_BOOKS };
}

/**
 * Turns codes back into elements.
 *
 * @returns Whether all codes were in range.
 */
export function restore(
  { kernels }: Workspace,
  dtype: DtypeId,
  unit: Unit,
  codes: number,
  count: number,
  dst: number,
): boolean {
  const bad = unit.kind === "step"
    ? kernels.dequantise(dtype, codes, count, unit.step, unit.maxCode, dst)
    : kernels.restoreMantissa(dtype, codes, count, unit.keepBits, unit.top, dst);
  return bad === 0;
}
