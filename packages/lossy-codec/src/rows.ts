/**
 * Rows out of a file without decoding the rest.
 *
 * @module
 */
import { maxBytesOf, outputFor, withChunk } from "./decompress.ts";
import { bytesOf, elementBytes, type FloatArray } from "./dtype.ts";
import { type ChunkPlace, readLayout } from "./format/layout.ts";
import { wrong } from "./errors.ts";
import { withWorkspace } from "./kernels/workspace.ts";
import type { DecompressOptions } from "./decompress.ts";

/**
 * Restores some rows of a file; decodes the chunks that hold them, and of these the groups of codes that do.
 *
 * @param bytes A file, and nothing else.
 * @param rows Numbers of rows, from 0; in any order, repeats allowed.
 * @param options What is allowed and wanted; `maxBytes` is of the rows asked for.
 * @returns `[rows.length, rowLength]`, row-major. What a short last row lacks is 0.
 * @throws {RangeError} A number is none of a row
 * @throws {CodecError} The bytes, or `out`, cannot be used: see its `code`
 */
export function decodeRows(bytes: Uint8Array, rows: ArrayLike<number>, options: DecompressOptions = {}): FloatArray {
  const { verify = true, kernels = "auto" } = options, maxBytes = maxBytesOf(options);
  const source = bytesOf(bytes), { header, elements, chunks } = readLayout(source, Infinity);
  const { dtype, rowLength, chunkRows } = header, rowBytes = rowLength * elementBytes(dtype);
  if (!(rows.length * rowBytes <= maxBytes)) {
    throw wrong("the request", `${rows.length} rows of ${rowBytes} bytes`, `at most ${maxBytes} bytes`, "LIMIT");
  }
  const total = Math.ceil(elements / rowLength), numbers = Array.from(rows);
  /** By chunk, indices into the numbers. */
  const wanted = new Map<ChunkPlace, number[]>();
  numbers.forEach((row, position) => {
    if (!Number.isInteger(row) || row < 0 || row >= total) {
      throw new RangeError(`Cannot decode row ${row} at position ${position}: want 0 to ${total - 1}`);
    }
    const place = chunks[Math.floor(row / chunkRows)]!, list = wanted.get(place);
    if (list) list.push(position);
    else wanted.set(place, [position]);
  });
  const out = outputFor(dtype, numbers.length * rowLength, options.out), target = bytesOf(out);
  withWorkspace(kernels, (workspace) => {
    for (const [place, list] of wanted) {
      const inChunk = list.map((position) => numbers[position]! - place.firstRow);
      withChunk(workspace, source, place, header, verify, (chunk) => {
        chunk.decodeRows(inChunk, (i, memory, at) => {
          const begin = list[i]! * rowBytes;
          const present = Math.min(rowLength, place.elements - inChunk[i]! * rowLength) * elementBytes(dtype);
          target.set(memory.subarray(at, at + present), begin);
          target.fill(0, begin + present, begin + rowBytes);
        });
      });
    }
  });
  return out;
}
