/**
 * What a file says of itself.
 *
 * @module
 */
import { maxCodeFor } from "./chunk/unit.ts";
import { bytesOf, type Dtype, dtypeName, elementBytes } from "./dtype.ts";
import type { BoundKind } from "./format/header.ts";
import { CODER_NAMES, readChunkHeader } from "./format/chunk_header.ts";
import { readLayout } from "./format/layout.ts";

/** What a chunk says of itself. */
export interface ChunkInfo {
  /** Index of its first byte. */
  readonly offset: number;
  /** Length. */
  readonly bytes: number;
  /** Rows. */
  readonly rows: number;
  /** Rows stored. */
  readonly uniqueRows: number;
  /** Of these, rows stored as elements, as they could not be quantised. */
  readonly escapedRows: number;
  /** How codes are stored, with the prefix `dict+` or `lorenzo+`: such as `"dict+ans"`. */
  readonly mode: string;
  /** Unit of the codes; 0 if there is none. */
  readonly step: number;
  /** Largest code that the unit allows; 0 if there is none. */
  readonly maxCode: number;
}

/** What a file says of itself. */
export interface StreamInfo {
  /** Of the format. */
  readonly version: 1;
  /** Of the elements. */
  readonly dtype: Dtype;
  /** Elements along each axis. */
  readonly shape: readonly number[];
  /** Number of elements. */
  readonly elements: number;
  /** Elements per row. */
  readonly rowLength: number;
  /** Rows per chunk. */
  readonly chunkRows: number;
  /** What the bound refers to. */
  readonly boundKind: BoundKind;
  /** The bound asked for. */
  readonly requestedBound: number;
  /** The bound on |x - x^|; 0 if lossless, NaN for `pwRel`. */
  readonly absBound: number;
  /** The greatest |x - x^|, as the encoder met it. */
  readonly maxError: number;
  /** Whether chunks carry checksums. */
  readonly checksums: boolean;
  /** Whether it was written by a stream. */
  readonly streamed: boolean;
  /** Length of the file. */
  readonly bytes: number;
  /** Bytes of elements over bytes of the file. */
  readonly ratio: number;
  /** Its chunks. */
  readonly chunks: readonly ChunkInfo[];
}

/**
 * Reads header, index and the heads of chunks; decodes nothing and compares no checksum but that of the header.
 *
 * @param bytes A file, and nothing else.
 * @throws {CodecError} The bytes are no file in order: see its `code`
 */
export function inspect(bytes: Uint8Array): StreamInfo {
  const source = bytesOf(bytes), { header, elements, chunks } = readLayout(source, Infinity), { dtype } = header;
  return {
    version: 1,
    ...header,
    dtype: dtypeName(dtype),
    elements,
    bytes: source.length,
    ratio: elements * elementBytes(dtype) / source.length,
    chunks: chunks.map(({ offset, bytes: length, rows }) => {
      const { coder, dict, lorenzo, step, uniqueRows, escapedRows } = readChunkHeader(
        dtype,
        source,
        offset,
        offset + length,
      );
      const prefix = (dict ? "dict+" : "") + (lorenzo ? "lorenzo+" : "");
      const maxCode = step === 0 ? 0 : maxCodeFor(dtype, step);
      return { offset, bytes: length, rows, uniqueRows, escapedRows, mode: prefix + CODER_NAMES[coder], step, maxCode };
    }),
  };
}
