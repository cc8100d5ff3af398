/**
 * Rows out of a file without decoding the rest.
 *
 * @module
 */
import { maxBytesOf, outputFor, withChunk } from "./decompress.ts";
import { bytesOf, elementBytes, type FloatArray } from "./dtype.ts";
import { type ChunkPlace, readLayout } from "./format/layout.ts";
import { CodecError } from "./errors.ts";
import { withWorkspace } from "./kernels/workspace.ts";
import type { DecompressOptions } from "./decompress.ts";

/** Where a wanted row goes. */
interface Wanted {
  /** Number of the row within its chunk. */
  readonly row: number;
  /** Position in the output. */
  readonly position: number;
}

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
    throw new CodecError(
      "LIMIT",
      `Cannot decode ${rows.length} rows of ${rowBytes} bytes: want at most ${maxBytes} bytes`,
    );
  }
  const total = Math.ceil(elements / rowLength), wanted = new Map<ChunkPlace, Wanted[]>();
  for (let position = 0; position < rows.length; position++) {
    const row = rows[position]!;
    if (!Number.isInteger(row) || row < 0 || row >= total) {
      throw new RangeError(`Cannot decode row ${row} at position ${position}: want 0 to ${total - 1}`);
    }
    const place = chunks[Math.floor(row / chunkRows)]!, list = wanted.get(place);
    const entry = { row: row - place.firstRow, position };
    if (list) list.push(entry);
    else wanted.set(place, [entry]);
  }
  const out = outputFor(dtype, rows.length * rowLength, options.out), target = bytesOf(out);
  withWorkspace(kernels, (workspace) => {
    for (const [place, list] of wanted) {
      withChunk(workspace, source, place, header, verify, (chunk) => {
        chunk.decodeRows(list.map(({ row }) => row), (i, memory, at) => {
          const { row, position } = list[i]!, begin = position * rowBytes;
          const present = Math.min(rowLength, place.elements - row * rowLength) * elementBytes(dtype);
          target.set(memory.subarray(at, at + present), begin);
          target.fill(0, begin + present, begin + rowBytes);
        });
      });
    }
  });
  return out;
}
