/**
 * Where things lie in a file whose number of elements was known beforehand: header | u32 bytes of each chunk | XXH32 of all
 * this | chunks.
 *
 * @module
 */
import { CodecError, corrupt, truncated } from "../errors.ts";
import { CHUNK_HEADER_BYTES } from "./chunk_header.ts";
import { elementsOf, type FileHeader, readHeader } from "./header.ts";
import { Reader } from "./reader.ts";
import { readTrailer } from "./trailer.ts";
import { xxh32 } from "./xxh32.ts";

/** Where a chunk lies, and what it holds. */
export interface ChunkPlace {
  /** Index of the first byte. */
  readonly offset: number;
  /** Length. */
  readonly bytes: number;
  /** Number of its first row in the array. */
  readonly firstRow: number;
  /** Rows. */
  readonly rows: number;
  /** Elements. */
  readonly elements: number;
}

/** A file whose head and index are in order. */
export interface FileLayout {
  /** Its header; the shape and the greatest error of a streamed file are those of its trailer. */
  readonly header: FileHeader;
  /** Elements in all. */
  readonly elements: number;
  /** Its chunks, in order. */
  readonly chunks: readonly ChunkPlace[];
}

/** Number of chunks of so many elements. */
export function chunkCount(elements: number, rowLength: number, chunkRows: number): number {
  return Math.ceil(Math.ceil(elements / rowLength) / chunkRows);
}

/** Rows and elements of chunk number `chunk`. */
export function chunkExtent(
  elements: number,
  rowLength: number,
  chunkRows: number,
  chunk: number,
): { readonly firstRow: number; readonly rows: number; readonly elements: number } {
  const firstRow = chunk * chunkRows;
  const rows = Math.min(chunkRows, Math.ceil(elements / rowLength) - firstRow);
  return { firstRow, rows, elements: Math.min(rows * rowLength, elements - firstRow * rowLength) };
}

/**
 * Checks a header's promises against each other.
 *
 * @throws {CodecError} `CORRUPT`
 */
export function checkRowLength({ rowLength }: FileHeader, elements: number): void {
  // Else a few bytes could claim a row of 2^24 elements for an array of one.
  if (elements > 0 && rowLength > elements) {
    throw corrupt("the length of rows", rowLength, `at most the ${elements} elements`);
  }
}

/**
 * Reads sizes of chunks.
 *
 * @param reader At the first size.
 * @returns Bytes of each chunk.
 * @throws {CodecError} `TRUNCATED`, `CORRUPT`
 */
export function readSizes(reader: Reader, count: number): number[] {
  // Before anything is allocated for them.
  if (!(4 * count <= reader.left)) reader.skip(4 * count, "the index");
  const sizes: number[] = [];
  for (let chunk = 0; chunk < count; chunk++) sizes.push(checkSize(reader.u32("the index")));
  return sizes;
}

/** Refuses a size that no chunk has. */
export function checkSize(bytes: number): number {
  if (bytes < CHUNK_HEADER_BYTES || bytes % 4 !== 0) {
    throw corrupt("the length of a chunk", bytes, `a multiple of 4 from ${CHUNK_HEADER_BYTES} on`);
  }
  return bytes;
}

/**
 * Reads head and index of a file, and checks that chunks fill the rest of it.
 *
 * @param maxBytes Most bytes of elements that the caller allows.
 * @throws {CodecError} `BAD_MAGIC`, `VERSION`, `TRUNCATED`, `CHECKSUM`, `LIMIT`, `CORRUPT`, `DTYPE`
 */
export function readLayout(bytes: Uint8Array, maxBytes: number): FileLayout {
  const reader = new Reader(bytes), header = readHeader(reader);
  if (header.streamed) return streamedLayout(reader, header, maxBytes);
  const elements = elementsOf(header.shape, header.dtype, maxBytes);
  checkRowLength(header, elements);
  const sizes = readSizes(reader, chunkCount(elements, header.rowLength, header.chunkRows));
  checkHash(reader, 0);
  let offset = reader.at;
  const chunks = sizes.map((bytes, chunk): ChunkPlace => {
    const place = { offset, bytes, ...chunkExtent(elements, header.rowLength, header.chunkRows, chunk) };
    offset += bytes;
    return place;
  });
  checkEnd(bytes, offset);
  return { header, elements, chunks };
}

/** Compares the hash of all from `begin` on with the next four bytes. */
export function checkHash(reader: Reader, begin: number): void {
  const hash = xxh32(reader.bytes, begin, reader.at), stored = reader.u32("the checksum of the header");
  if (hash !== stored) {
    throw new CodecError("CHECKSUM", `Cannot decode as the header's checksum is ${hash}: want ${stored}`);
  }
}

function streamedLayout(reader: Reader, header: FileHeader, maxBytes: number): FileLayout {
  checkHash(reader, 0);
  const { bytes } = reader, trailer = readTrailer(bytes, reader.at);
  const shape = [trailer.elements];
  const elements = elementsOf(shape, header.dtype, maxBytes);
  const count = chunkCount(elements, header.rowLength, header.chunkRows);
  if (count !== trailer.sizes.length) {
    throw corrupt("the number of chunks", trailer.sizes.length, count);
  }
  const chunks = trailer.sizes.map((size, chunk): ChunkPlace => {
    const met = reader.u32("a chunk's size");
    if (met !== checkSize(size)) throw corrupt(`the size of chunk ${chunk}`, met, `${size} as in the index`);
    const offset = reader.skip(size, "a chunk");
    return { offset, bytes: size, ...chunkExtent(elements, header.rowLength, header.chunkRows, chunk) };
  });
  const more = reader.u32("the end of chunks");
  if (more !== 0) throw corrupt("the size of a chunk behind the last", more, 0);
  checkEnd(trailer, reader.at);
  return { header: { ...header, shape, maxError: trailer.maxError }, elements, chunks };
}

function checkEnd({ length }: { readonly length: number }, end: number): void {
  if (end > length) throw truncated(`the stream of ${end} bytes`);
  if (end < length) throw corrupt("the stream", `followed by ${length - end} bytes`, "none");
}
