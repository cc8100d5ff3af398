/**
 * The head of a file, version 1: see FORMAT.md.
 *
 * @module
 */
import { viewOf } from "./fields.ts";
import { elementBytes } from "../dtype.ts";
import { CodecError, corrupt } from "../errors.ts";
import { type DtypeId, F16, F64 } from "../kernels/kernels.ts";
import type { Reader } from "./reader.ts";

/** "PRLC", read as u32. */
export const MAGIC = 0x434c5250;
/** Versions written; other major versions are refused, other minor ones accepted. */
export const MAJOR = 1, MINOR = 0;
/** Largest row, and largest chunk, in elements. */
export const MAX_CHUNK_ELEMENTS: number = 2 ** 24;
/** Most rows of a chunk. */
export const MAX_CHUNK_ROWS = 65536;
/** Bytes of a header before the shape. */
const FIXED_BYTES = 44;
const CHECKSUMS = 1, STREAMED = 2;

/** Kinds of bounds by their number on the wire. */
export const BOUND_KINDS: readonly BoundKind[] = ["lossless", "abs", "rel", "pwRel"];
/** What a bound refers to: nothing, the values' unit, the range of all values, or each value. */
export type BoundKind = "lossless" | "abs" | "rel" | "pwRel";

/** What the head of a file says. */
export interface FileHeader {
  /** Whether chunks carry checksums. */
  readonly checksums: boolean;
  /** Whether chunks are preceded by their sizes and the index follows them, as the number of elements was not known. */
  readonly streamed: boolean;
  /** Type of the elements. */
  readonly dtype: DtypeId;
  /** What the bound refers to. */
  readonly boundKind: BoundKind;
  /** Elements per row. */
  readonly rowLength: number;
  /** Rows per chunk; the last has fewer. */
  readonly chunkRows: number;
  /** The bound asked for, in the unit of its kind; 0 for lossless. */
  readonly requestedBound: number;
  /** The bound on |x - x^|; 0 for lossless, NaN for `pwRel`. */
  readonly absBound: number;
  /** The greatest |x - x^| met; NaN if streamed. */
  readonly maxError: number;
  /** Elements along each axis; a single Infinity if streamed. */
  readonly shape: readonly number[];
}

/** Bytes that `writeHeader` writes. */
export function headerBytes(ndim: number): number {
  return FIXED_BYTES + 8 * ndim;
}

/** Writes a header to the beginning of `dst`. */
export function writeHeader(header: FileHeader, dst: Uint8Array): void {
  const view = viewOf(dst);
  view.setUint32(0, MAGIC, true);
  dst[4] = MAJOR;
  dst[5] = MINOR;
  dst[6] = (header.checksums ? CHECKSUMS : 0) | (header.streamed ? STREAMED : 0);
  dst[7] = header.dtype;
  dst[8] = BOUND_KINDS.indexOf(header.boundKind);
  dst[9] = header.shape.length;
  view.setUint16(10, headerBytes(header.shape.length), true);
  view.setUint32(12, header.rowLength, true);
  view.setUint32(16, header.chunkRows, true);
  view.setFloat64(20, header.requestedBound, true);
  view.setFloat64(28, header.absBound, true);
  view.setFloat64(36, header.maxError, true);
  header.shape.forEach((size, axis) => {
    view.setBigUint64(FIXED_BYTES + 8 * axis, header.streamed ? 2n ** 64n - 1n : BigInt(size), true);
  });
}

type Fixed = readonly [major: number, minor: number, flags: number, dtype: number, kind: number, ndim: number];

/**
 * Reads and checks a header, all but its checksum.
 *
 * @param reader At the first byte; is left behind the header.
 * @throws {CodecError} `BAD_MAGIC`, `VERSION`, `TRUNCATED`, `LIMIT`, `CORRUPT`, `DTYPE`
 */
export function readHeader(reader: Reader): FileHeader {
  const begin = reader.at, magic = reader.u32("the header");
  if (magic !== MAGIC) throw new CodecError("BAD_MAGIC", `Cannot decode as the bytes begin ${hex(magic)}: want "PRLC"`);
  reader.skip(FIXED_BYTES - 4, "the header");
  const { bytes } = reader, view = viewOf(bytes.subarray(begin));
  const [major, minor, flags, dtype, kind, ndim] = bytes.subarray(begin + 4) as unknown as Fixed;
  if (major !== MAJOR) throw new CodecError("VERSION", `Cannot decode a stream of version ${major}: want ${MAJOR}`);
  if (flags & ~(CHECKSUMS | STREAMED)) {
    throw new CodecError("VERSION", `Cannot decode a stream of version 1.${minor} with flags ${flags}: want 0 to 3`);
  }
  if (dtype < F16 || dtype > F64) {
    throw new CodecError("DTYPE", `Cannot decode elements of type ${dtype}: want 1 (f16), 2 (f32) or 3 (f64)`);
  }
  const boundKind = BOUND_KINDS[kind];
  if (boundKind === undefined) throw corrupt("the kind of bound", kind, "0 to 3");
  const streamed = (flags & STREAMED) !== 0, checksums = (flags & CHECKSUMS) !== 0;
  if (ndim < 1 || ndim > 8 || (streamed && ndim !== 1)) throw corrupt("the number of axes", ndim, "1 to 8");
  const length = view.getUint16(10, true), rowLength = view.getUint32(12, true), chunkRows = view.getUint32(16, true);
  if (length < headerBytes(ndim) || length % 4 !== 0) {
    throw corrupt("the length of the header", length, `${headerBytes(ndim)} or more, a multiple of 4`);
  }
  if (rowLength < 1 || rowLength > MAX_CHUNK_ELEMENTS) throw corrupt("the length of rows", rowLength, "1 to 2^24");
  if (chunkRows < 1 || chunkRows > MAX_CHUNK_ROWS || chunkRows * rowLength > MAX_CHUNK_ELEMENTS) {
    throw corrupt("rows per chunk", chunkRows, `1 to 65536, and at most 2^24 / ${rowLength}`);
  }
  const requestedBound = view.getFloat64(20, true), absBound = view.getFloat64(28, true);
  const maxError = view.getFloat64(36, true), shape: number[] = [];
  for (let axis = 0; axis < ndim; axis++) shape.push(streamed ? Infinity : reader.u64("the shape"));
  // What a later minor version adds lies here.
  reader.skip(begin + length - reader.at, "the header");
  return {
    checksums,
    streamed,
    dtype: dtype as DtypeId,
    boundKind,
    rowLength,
    chunkRows,
    requestedBound,
    absBound,
    maxError,
    shape,
  };
}

/**
 * Number of elements of a shape.
 *
 * @param maxBytes What the caller allows.
 * @throws {CodecError} `LIMIT`
 */
export function elementsOf(shape: readonly number[], dtype: DtypeId, maxBytes: number): number {
  // A product with a 0 in it is 0, however large the other factors are.
  const elements = shape.includes(0) ? 0 : shape.reduce((product, size) => product * size, 1);
  const bytes = elements * elementBytes(dtype);
  if (!(bytes <= maxBytes)) {
    throw new CodecError(
      "LIMIT",
      `Cannot decode ${shape.join(" x ")} elements, ${bytes} bytes: want at most ${maxBytes}`,
    );
  }
  return elements;
}

function hex(word: number): string {
  return `0x${word.toString(16).padStart(8, "0")}`;
}
