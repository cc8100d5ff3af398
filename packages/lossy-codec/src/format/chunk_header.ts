/**
 * The head of a chunk, version 1: see FORMAT.md.
 *
 * @module
 */
import { viewOf } from "./fields.ts";
import { leastStep, maxKeepBits, stepUnit, type Unit } from "../chunk/unit.ts";
import { truncated, wrong } from "../errors.ts";
import { type DtypeId, F64 } from "../kernels/kernels.ts";
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
  /** What codes are in; undefined with RAW and CONST. */
  readonly unit: Unit | undefined;
  /** Whether `checksum` holds. */
  readonly checksummed: boolean;
  /** Rows. */
  readonly rows: number;
  /** Rows stored. */
  readonly uniqueRows: number;
  /** Of these, rows stored as raw elements; 0 with RAW, where all are. */
  readonly escapedRows: number;
  /** Parameter of the coder. */
  readonly parameter: number;
}

/** Bytes of a chunk's head. */
export function chunkHeaderBytes(unit: Unit | undefined, dtype: DtypeId): number {
  return CHUNK_HEADER_BYTES + (unit && (dtype === F64 || unit.kind === "mantissa") ? 4 : 0);
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
  const view = viewOf(bytes), { coder, dict, lorenzo, checksummed, unit } = header;
  const relative = unit?.kind === "mantissa", step = unit?.kind === "step" ? stepBits(dtype, unit.step) : 0;
  bytes[at] = coder;
  bytes[at + 1] = (dict ? DICT : 0) | (lorenzo ? LORENZO : 0) | (lorenzo === 1 ? ORDER_1 : 0) |
    (relative ? RELATIVE : 0) | (checksummed ? CHECKSUM : 0);
  view.setUint16(at + 2, relative ? unit.keepBits : dtype === F64 ? 0 : step, true);
  view.setUint16(at + 4, header.rows - 1, true);
  view.setUint16(at + 6, header.uniqueRows - 1, true);
  view.setUint16(at + 8, header.escapedRows, true);
  view.setUint16(at + 10, header.parameter, true);
  view.setUint32(at + 12, 0, true);
  if (chunkHeaderBytes(unit, dtype) > CHUNK_HEADER_BYTES) view.setUint32(at + 16, relative ? unit.top : step, true);
}

/** Enters the checksum of a chunk whose bytes are complete, and whose checksum is still 0. */
export function sealChunk(bytes: Uint8Array, at: number, end: number, number: number): void {
  viewOf(bytes).setUint32(at + 12, blockChecksum(bytes, at, end, number), true);
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
  if (coder > VLZ) throw wrong("a chunk's coder", coder, "0 to 5");
  const allowed = ALLOWED[coder]!;
  if (flags & ~allowed || (flags & (LORENZO | ORDER_1)) === ORDER_1) {
    throw wrong("a chunk's flags", flags, `some of ${allowed} with coder ${coder}`);
  }
  const relative = (flags & RELATIVE) !== 0, dict = (flags & DICT) !== 0;
  const wide = dtype === F64, extended = coder > CONST && (wide || relative);
  if (extended && end - at < CHUNK_HEADER_BYTES + 4) throw truncated("the head of a chunk");
  const extension = extended ? view.getUint32(at + 16, true) : 0;
  const unit: Unit = relative
    ? { kind: "mantissa", keepBits: half, top: extension }
    : stepUnit(dtype, stepOf(dtype, wide ? extension : half));
  if (coder > CONST) checkUnit(unit, dtype);
  const rows = view.getUint16(at + 4, true) + 1, uniqueRows = view.getUint16(at + 6, true) + 1;
  const escapedRows = view.getUint16(at + 8, true);
  const most = coder === CONST ? 1 : rows;
  if (uniqueRows > most || (!dict && uniqueRows !== most)) {
    throw wrong("a chunk's number of stored rows", uniqueRows, dict ? `at most ${most}` : most);
  }
  if (escapedRows > 0 && (coder <= CONST || escapedRows >= uniqueRows)) {
    throw wrong("a chunk's number of escaped rows", escapedRows, `less than ${uniqueRows}, and none in RAW`);
  }
  return {
    coder: coder as Coder,
    dict,
    lorenzo: flags & LORENZO ? (flags & ORDER_1 ? 1 : 2) : 0,
    unit: coder > CONST ? unit : undefined,
    checksummed: (flags & CHECKSUM) !== 0,
    rows,
    uniqueRows,
    escapedRows,
    parameter: view.getUint16(at + 10, true),
  };
}

/** Refuses units with which arithmetic would not be exact. */
function checkUnit(unit: Unit, dtype: DtypeId): void {
  if (unit.kind === "step") {
    const { step } = unit, least = leastStep(dtype);
    if (!(step >= least && step < Infinity)) throw wrong("a chunk's step", step, `a finite number from ${least} on`);
    return;
  }
  const { keepBits, top } = unit;
  const most = maxKeepBits(dtype), infinity = (dtype === F64 ? 2047 : 255) * 2 ** keepBits;
  if (keepBits > most) throw wrong("a chunk's bits of the mantissa", keepBits, `at most ${most}`);
  if (top >= infinity) throw wrong("a chunk's greatest magnitude", top, `less than ${infinity}`);
}

/**
 * Compares the checksum of a chunk; puts 0 in its place.
 *
 * @throws {CodecError} `CHECKSUM`
 */
export function checkChunk(bytes: Uint8Array, at: number, end: number, number: number): void {
  const view = viewOf(bytes);
  const stored = view.getUint32(at + 12, true);
  view.setUint32(at + 12, 0, true);
  const checksum = blockChecksum(bytes, at, end, number);
  if (checksum !== stored) throw wrong("a chunk's checksum", checksum, stored, "CHECKSUM");
}
