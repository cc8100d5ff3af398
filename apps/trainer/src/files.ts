/**
 * Files that are either wholly there or not at all: temporary name, fsync, rename, fsync of the folder.
 *
 * @module
 */
import { errorLine, isDiskFull, RunError } from "./errors.ts";

/** The bytes of a file, whole or in pieces. */
export type FileData = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Makes the names in a folder durable. Systems that cannot open folders (Windows) do without. */
export function syncFolder(path: string): void {
  let folder: Deno.FsFile;
  try {
    folder = Deno.openSync(path, { read: true });
  } catch {
    return;
  }
  try {
    folder.syncSync();
  } catch {
    // Some file systems refuse to sync folders; there is nothing else to do.
  } finally {
    folder.close();
  }
}

/**
 * Writes a file piece by piece and waits until it is on the disk. The caller removes it when this throws.
 *
 * @param onChunk sees every piece before it is written.
 * @returns the number of bytes.
 */
export async function writeSynced(
  path: string,
  data: FileData,
  onChunk?: (chunk: Uint8Array) => void,
): Promise<number> {
  const whole = typeof data === "string" || data instanceof Uint8Array;
  const file = Deno.openSync(path, { write: true, create: true, truncate: true });
  let bytes = 0;
  try {
    for await (const chunk of whole ? [toBytes(data)] : data) {
      onChunk?.(chunk);
      writeAll(file, chunk);
      bytes += chunk.length;
    }
    file.syncSync();
  } finally {
    file.close();
  }
  return bytes;
}

/** The pieces of a file to be, all in memory. */
export async function collect(data: FileData): Promise<readonly Uint8Array[]> {
  if (typeof data === "string" || data instanceof Uint8Array) return [toBytes(data)];
  const chunks: Uint8Array[] = [];
  for await (const chunk of data) chunks.push(chunk);
  return chunks;
}

function toBytes(data: string | Uint8Array): Uint8Array {
  return typeof data === "string" ? new TextEncoder().encode(data) : data;
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  // Systems write at most 2 GiB in one call.
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at, at + (1 << 26)));
}

/**
 * Replaces a file atomically: after a crash it holds the old bytes or the new ones.
 *
 * @throws {RunError} when the disk is full or the path cannot be written; no partial file stays.
 */
export function replaceFile(path: string, data: string | Uint8Array): void {
  const temporary = `${path}.tmp`;
  try {
    const file = Deno.openSync(temporary, { write: true, create: true, truncate: true });
    try {
      writeAll(file, toBytes(data));
      file.syncSync();
    } finally {
      file.close();
    }
    Deno.renameSync(temporary, path);
  } catch (error) {
    removeQuietly(temporary);
    throw writeError(path, error);
  }
  syncFolder(folderOf(path));
}

/** The one-line error for a failed write. */
export function writeError(path: string, error: unknown): RunError {
  if (error instanceof RunError) return error;
  const why = isDiskFull(error) ? "the disk is full" : errorLine(error);
  return new RunError(`Cannot write ${path} as ${why}`, { cause: error });
}

/** The folder part of a path. */
export function folderOf(path: string): string {
  return path.replace(/[/\\][^/\\]*$/, "") || (/^[/\\]/.test(path) ? "/" : ".");
}

/** Removes a file or folder if it is there. */
export function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch {
    // Already gone, or not ours to remove; the caller's own error matters more.
  }
}

/** Whether something has this name. */
export function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
