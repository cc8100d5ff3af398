/**
 * The head of a chunk, version 1: see FORMAT.md.
 *
 * @module
 */
import { viewOf } from "./fields.ts";
import { CodecError, corrupt, truncated } from "../errors.ts";
import { type DtypeId, F16, F64 } from "../kernels/kernels.ts";
import { double, single, words } from "../kernels/patterns.ts";
import { blockChecksum } from "./xxh32.ts";

/** How the codes of a chunk are stored, by number on the wire. */
export const RAW = 0, CONST = 1, PACK = 2, HUFF = 3, ANS = 4, VLZ = 5;
/** 0 RAW, 1 CONST, 2 PACK, 3 HUFF, 4 ANS, 5 VLZ. */
export type Coder = 0 | 1 | 2 | 3 | 4 | 5;
/** Names of the coders, by number. */
export const CODER_NAMES = ["raw", "const", "pack", "huff", "ans", "vlz"] as const;

const DICT = 1, LORENZO = 2, ORDER_1 = 4, RELATIVE = 8, CHECKSUM = 16, KNOWN = 31;
/** Flags that there may be, by coder. */
const ALLOWED = [CHECKSUM | DICT, CHECKSUM, KNOWN, KNOWN, KNOWN, CHECKSUM | RELATIVE] as const;
/** Bytes of a chunk's head without its extension. */
export const CHUNK_HEADER_BYTES = 16;

/** What the head of a chunk says. */
export interface ChunkHeader {
  /** How codes are stored. */
  readonly coder: Coder;
  /** Whether a row map follows, as rows repeat. */
  readonly dict: boolean;
  /** Order of the Lorenzo residuals that codes are stored as; 0: codes as they are. */
  readonly lorenzo: 0 | 1 | 2;
  /** Whether codes are rounded bit patterns (`keepBits`, `top`) instead of multiples of `step`. */
  readonly relative: boolean;
  /** Whether `checksum` holds. */
  readonly checksummed: boolean;
  /** Unit of the codes; 0 if relative, or without codes. */
  readonly step: number;
  /** Bits of the mantissa kept, if relative. */
  readonly keepBits: number;
  /** Magnitude of code 1, if relative. */
  readonly top: number;
  /** Rows. */
  readonly rows: number;
  /** Rows stored. */
  readonly uniqueRows: number;
  /** Of these, rows stored as raw elements; 0 with RAW, where all are. */
  readonly escapedRows: number;
  /** Parameter of the coder. */
  readonly parameter: number;
}

function hasExtension(coder: number, relative: boolean, dtype: DtypeId): boolean {
  return relative || (coder > CONST && dtype === F64);
}

/** Bytes of a chunk's head. */
export function chunkHeaderBytes(coder: number, relative: boolean, dtype: DtypeId): number {
  return CHUNK_HEADER_BYTES + (hasExtension(coder, relative, dtype) ? 4 : 0);
}

/** Upper half of a step's pattern: of its f32, or for f64 of its f64. */
function stepBits(dtype: DtypeId, step: number): number {
  if (dtype === F64) double[0] = step;
  else single[0] = step;
  return dtype === F64 ? words[1]! : words[0]! >>> 16;
}

function stepOf(dtype: DtypeId, bits: number): number {
  words[0] = dtype === F64 ? 0 : bits << 16;
  words[1] = bits;
  return dtype === F64 ? double[0]! : single[0]!;
}

/** Writes the head of a chunk with checksum 0 at `at`. */
export function writeChunkHeader(header: ChunkHeader, dtype: DtypeId, bytes: Uint8Array, at: number): void {
  const view = viewOf(bytes);
  bytes[at] = header.coder;
  bytes[at + 1] = (header.dict ? DICT : 0) | (header.lorenzo ? LORENZO : 0) | (header.lorenzo === 1 ? ORDER_1 : 0) |
    (header.relative ? RELATIVE : 0) | (header.checksummed ? CHECKSUM : 0);
  const step = header.coder > CONST ? stepBits(dtype, header.step) : 0;
  view.setUint16(at + 2, header.relative ? header.keepBits : dtype === F64 ? 0 : step, true);
  view.setUint16(at + 4, header.rows - 1, true);
  view.setUint16(at + 6, header.uniqueRows - 1, true);
  view.setUint16(at + 8, header.escapedRows, true);
  view.setUint16(at + 10, header.parameter, true);
  view.setUint32(at + 12, 0, true);
  if (hasExtension(header.coder, header.relative, dtype)) {
    view.setUint32(at + 16, header.relative ? header.top : step, true);
  }
}

/** Enters the checksum of a chunk whose bytes are complete, and whose checksum is still 0. */
export function sealChunk(bytes: Uint8Array, at: number, end: number): void {
  const checksum = blockChecksum(bytes, at, end);
  viewOf(bytes).setUint32(at + 12, checksum, true);
}

/**
 * Reads and checks the head of a chunk.
 *
 * @param bytes Where it lies; at least `CHUNK_HEADER_BYTES` from `at` on.
 * @param end Behind the chunk.
 * @throws {CodecError} `CORRUPT`, `TRUNCATED`
 */
export function readChunkHeader(dtype: DtypeId, bytes: Uint8Array, at: number, end: number): ChunkHeader {
  if (end - at < CHUNK_HEADER_BYTES) throw truncated("the head of a chunk");
  const view = viewOf(bytes);
  const coder = bytes[at]!, flags = bytes[at + 1]!, half = view.getUint16(at + 2, true);
  if (coder > VLZ) throw corrupt("a chunk's coder", coder, "0 to 5");
  const allowed = ALLOWED[coder]!;
  if (flags & ~allowed || (flags & (LORENZO | ORDER_1)) === ORDER_1) {
    throw corrupt("a chunk's flags", flags, `some of ${allowed} with coder ${coder}`);
  }
  const relative = (flags & RELATIVE) !== 0, dict = (flags & DICT) !== 0;
  const size = chunkHeaderBytes(coder, relative, dtype);
  if (end - at < size) throw truncated("the head of a chunk");
  const extension = size > CHUNK_HEADER_BYTES ? view.getUint32(at + 16, true) : 0;
  const rows = view.getUint16(at + 4, true) + 1, uniqueRows = view.getUint16(at + 6, true) + 1;
  const escapedRows = view.getUint16(at + 8, true);
  const most = coder === CONST ? 1 : rows;
  if (uniqueRows > most || (!dict && uniqueRows !== most)) {
    throw corrupt("a chunk's number of stored rows", uniqueRows, dict ? `at most ${most}` : most);
  }
  if (escapedRows > 0 && (coder <= CONST || escapedRows >= uniqueRows)) {
    throw corrupt("a chunk's number of escaped rows", escapedRows, `less than ${uniqueRows}, and none in RAW`);
  }
  const header: ChunkHeader = {
    coder: coder as Coder,
    dict,
    lorenzo: flags & LORENZO ? (flags & ORDER_1 ? 1 : 2) : 0,
    relative,
    checksummed: (flags & CHECKSUM) !== 0,
    step: coder > CONST && !relative ? stepOf(dtype, dtype === F64 ? extension : half) : 0,
    keepBits: relative ? half : 0,
    top: relative ? extension : 0,
    rows,
    uniqueRows,
    escapedRows,
    parameter: view.getUint16(at + 10, true),
  };
  if (coder > CONST) checkUnit(header, dtype);
  return header;
}

/** Refuses units with which arithmetic would not be exact. */
function checkUnit({ relative, step, keepBits, top }: ChunkHeader, dtype: DtypeId): void {
  if (!relative) {
    const least = leastStep(dtype);
    if (!(step >= least && step < Infinity)) throw corrupt("a chunk's step", step, `a finite number from ${least} on`);
    return;
  }
  const most = maxKeepBits(dtype), infinity = (dtype === F64 ? 2047 : 255) * 2 ** keepBits;
  if (keepBits > most) throw corrupt("a chunk's bits of the mantissa", keepBits, `at most ${most}`);
  if (top >= infinity) throw corrupt("a chunk's greatest magnitude", top, `less than ${infinity}`);
}

/** The least step used: a GPU may take smaller numbers for 0. */
export function leastStep(dtype: DtypeId): number {
  return dtype === F64 ? 2 ** -900 : 2 ** -100;
}

/** Most bits of the mantissa that the relative quantiser keeps. */
export function maxKeepBits(dtype: DtypeId): number {
  return dtype === F64 ? 20 : dtype === F16 ? 10 : 22;
}

/**
 * Compares the checksum of a chunk; puts 0 in its place.
 *
 * @throws {CodecError} `CHECKSUM`
 */
export function checkChunk(bytes: Uint8Array, at: number, end: number): void {
  const view = viewOf(bytes);
  const stored = view.getUint32(at + 12, true);
  view.setUint32(at + 12, 0, true);
  const checksum = blockChecksum(bytes, at, end);
  if (checksum !== stored) {
    throw new CodecError("CHECKSUM", `Cannot decode as a chunk's checksum is ${checksum}: want ${stored}`);
  }
}
