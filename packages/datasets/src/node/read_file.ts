import type { Hash } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { basename } from "node:path";
import { DataFormatError } from "../errors.ts";
import { CriteoBinParser } from "../formats/criteo_bin.ts";
import { readNpz } from "../formats/npz.ts";
import { readParquet } from "../formats/parquet.ts";
import type { BlockSink, ReaderOptions, ReaderResult } from "../formats/reader.ts";
import { CriteoTsvParser } from "../formats/tsv.ts";
import { type InputFile, readChunks } from "./files.ts";
import { readAt } from "./shard_files.ts";

/** What {@linkcode readInput} tells and takes beside the rows. */
export interface ReadHooks {
  /** Fed with the file's bytes as they are on disk. */
  readonly hash?: Hash;
  /** Called with the size of every piece read from disk, and the rows delivered so far. */
  readonly onBytes?: (bytes: number, rows: number) => void;
  /** Awaited between pieces of a file: back-pressure. */
  readonly ready?: () => Promise<void> | undefined;
  /** Ends the reading. */
  readonly signal?: AbortSignal;
}

/**
 * Reads one file of any supported format, told by its name: `.npz`, `.bin`, `.parquet`, otherwise TSV; `.bin` and TSV
 * may be gzipped.
 */
export async function readInput(
  file: InputFile,
  options: Omit<ReaderOptions, "file">,
  sink: BlockSink,
  hooks: ReadHooks = {},
): Promise<ReaderResult> {
  const named = { ...options, file: basename(file.path) };
  if (/\.npz$/i.test(file.path)) {
    if (file.bytes >= 2 ** 31) {
      throw new DataFormatError(
        { file: named.file },
        `Cannot read the npz file as it is too large: ${file.bytes} bytes; want < 2 GiB`,
      );
    }
    const bytes = await readFile(file.path);
    hooks.hash?.update(bytes);
    const result = readNpz(bytes, named, sink);
    hooks.onBytes?.(bytes.length, result.rows);
    return result;
  }
  if (/\.parquet$/i.test(file.path)) return await readParquetFile(file, named, sink, hooks);
  const parser = /\.bin(\.gz)?$/i.test(file.path) ? new CriteoBinParser(named, sink) : new CriteoTsvParser(named, sink);
  const onBytes = (bytes: number) => hooks.onBytes?.(bytes, parser.rows);
  const { hash, signal } = hooks;
  for await (const chunk of readChunks(file, { onBytes, ...(hash && { hash }), ...(signal && { signal }) })) {
    parser.push(chunk);
    await hooks.ready?.();
  }
  return parser.finish();
}

async function readParquetFile(
  file: InputFile,
  options: ReaderOptions,
  sink: BlockSink,
  { hash, onBytes, ready, signal }: ReadHooks,
): Promise<ReaderResult> {
  if (hash) {
    for await (const _ of readChunks(file, { hash, ...(signal && { signal }) })); // read twice: columns are not in file order
  }
  const handle = await open(file.path, "r");
  try {
    let rows = 0;
    const source = {
      byteLength: file.bytes,
      slice: async (start: number, end = file.bytes): Promise<ArrayBuffer> => {
        signal?.throwIfAborted();
        await ready?.();
        const from = start < 0 ? file.bytes + start : start;
        const bytes = await readAt(handle, options.file, from, Math.max(0, Math.min(end, file.bytes) - from));
        onBytes?.(bytes.length, rows);
        return bytes.buffer as ArrayBuffer;
      },
    };
    return await readParquet(source, options, (block) => {
      rows += block.rows;
      sink(block);
    });
  } finally {
    await handle.close();
  }
}
