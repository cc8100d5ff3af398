/**
 * Arrays in files.
 *
 * @module
 */
import { open, readFile, rename, rm } from "node:fs/promises";
import type { RobeLoadOptions } from "../array/options.ts";
import { RobeArray } from "../array/robe_array.ts";

/**
 * Writes an array to a file: under a temporary name beside it, made durable, renamed. A reader sees the old file or the
 * new one, never half of it.
 *
 * @param path a file; replaced where it exists
 */
export async function saveRobeArray(array: RobeArray, path: string): Promise<void> {
  const bytes = await array.save();
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  try {
    const handle = await open(temporary, "wx");
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Opens an array that {@linkcode saveRobeArray} wrote; see `RobeArray.load`.
 *
 * @throws {CorruptModelError} where the file is no undamaged array
 */
export async function loadRobeArray(path: string, options: RobeLoadOptions = {}): Promise<RobeArray> {
  const bytes = await readFile(path);
  return await RobeArray.load(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), options);
}
