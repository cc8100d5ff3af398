/**
 * Input files on disk: natural order, gzip by content, progress, errors with the file's name.
 *
 * @module
 */
import type { Hash } from "node:crypto";
import { createReadStream, type Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { DataFormatError } from "../errors.ts";

/** A file to read. */
export interface InputFile {
  /** Path, as built from what the caller gave. */
  readonly path: string;
  /** Size on disk. */
  readonly bytes: number;
  /** Modification time in ms since 1970. */
  readonly modifiedMs: number;
}

const SUPPORTED = /(^day_\d+|\.(tsv|txt|npz|parquet|bin|csv))(\.gz)?$/i;

/** "day_2" before "day_10": digits compare as numbers. */
export function naturalOrder(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true }) || (a < b ? -1 : a > b ? 1 : 0);
}

/** The files behind a path: the file itself, or those of a folder (`day_*`, `*.tsv`, `*.tsv.gz`, ...) in natural order. */
export async function listInputs(path: string): Promise<InputFile[]> {
  const info = await stat(path).catch((cause) => {
    throw new DataFormatError({ file: path }, `Cannot open the data as ${describe(cause)}`, { cause });
  });
  if (!info.isDirectory()) return [{ path, bytes: info.size, modifiedMs: info.mtimeMs }];
  const names = (await readdir(path, { withFileTypes: true }))
    .filter((entry: Dirent) => !entry.isDirectory() && SUPPORTED.test(entry.name))
    .map((entry: Dirent) => entry.name).sort(naturalOrder);
  if (names.length === 0) {
    throw new DataFormatError(
      { file: path },
      "Cannot open the data as the folder holds no day_*, *.tsv or *.tsv.gz file",
    );
  }
  return Promise.all(names.map(async (name) => {
    const { size, mtimeMs } = await stat(join(path, name));
    return { path: join(path, name), bytes: size, modifiedMs: mtimeMs };
  }));
}

function describe(cause: unknown): string {
  const code = (cause as { code?: string }).code;
  return code === "ENOENT"
    ? "there is no such file"
    : code === "EACCES"
    ? "reading it is not permitted"
    : String(cause);
}

/** Reads a file in chunks, unpacking it if it begins like gzip (several members are read as one). */
export async function* readChunks(
  file: InputFile,
  options: { hash?: Hash; onBytes?: (bytes: number) => void; signal?: AbortSignal } = {},
): AsyncGenerator<Uint8Array> {
  const name = basename(file.path);
  const stream = createReadStream(file.path, { highWaterMark: 1 << 18 });
  const raw = (async function* () {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      options.signal?.throwIfAborted();
      options.hash?.update(chunk);
      options.onBytes?.(chunk.length);
      yield chunk;
    }
  })();
  try {
    const first = await raw.next();
    if (first.done) return;
    const chained = (async function* () {
      yield first.value;
      yield* raw;
    })();
    if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
      yield* chained;
      return;
    }
    const gunzip = createGunzip({ chunkSize: 1 << 18 });
    pipeline(Readable.from(chained), gunzip, () => {}); // an error of either end surfaces where gunzip is read
    try {
      for await (const chunk of gunzip as AsyncIterable<Uint8Array>) yield chunk;
    } catch (cause) {
      const { code, message } = cause as { code?: string; message: string };
      if (!code?.startsWith("Z_")) throw cause;
      const reason = code === "Z_BUF_ERROR"
        ? "the gzip file is truncated: it ends before its stream does"
        : `the gzip stream is damaged: ${message}`;
      throw new DataFormatError({ file: name }, `Cannot unpack as ${reason}`, { cause });
    }
  } finally {
    stream.destroy();
  }
}
