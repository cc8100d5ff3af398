import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import {
  decodeShardHeader,
  decodeShardIndex,
  encodeShardFrame,
  SHARD_BYTES,
  SHARD_HEADER_BYTES,
  type ShardBlock,
} from "../crow_shard.ts";
import { DataFormatError } from "../errors.ts";

/** Writes blocks to `00000.crow`, `00001.crow`, ... of a folder. */
export class ShardWriter {
  /** Names of the files so far. */
  readonly names: string[] = [];
  readonly #folder: string;
  readonly #closed: { fd: number; blocks: ShardBlock[] }[] = [];
  #fd = -1;
  #blocks: ShardBlock[] = [];
  #bytes = 0;

  /** @param folder an existing folder */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Appends a block. */
  append(bytes: Uint8Array, rows: number): void {
    if (this.#fd < 0 || this.#bytes + bytes.length > SHARD_BYTES) this.#next();
    writeAll(this.#fd, bytes, SHARD_HEADER_BYTES + this.#bytes);
    this.#blocks.push({ bytes: bytes.length, rows });
    this.#bytes += bytes.length;
  }

  /** Writes indexes and headers, and makes everything durable. */
  finish(dictionaryHash: Uint8Array): void {
    for (const { fd, blocks } of this.#closed) {
      const { header, index } = encodeShardFrame(blocks, dictionaryHash);
      writeAll(fd, index, SHARD_HEADER_BYTES + blocks.reduce((sum, block) => sum + block.bytes, 0));
      writeAll(fd, header, 0);
      fsyncSync(fd);
    }
    this.close();
  }

  /** Closes the files as they are. */
  close(): void {
    for (const { fd } of this.#closed.splice(0)) closeSync(fd);
  }

  #next(): void {
    const name = `${String(this.names.length).padStart(5, "0")}.crow`;
    this.#fd = openSync(join(this.#folder, name), "wx");
    this.#blocks = [];
    this.#bytes = 0;
    this.names.push(name);
    this.#closed.push({ fd: this.#fd, blocks: this.#blocks });
  }
}

/** `writeSync` may write less than it is given. */
export function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, position + done);
}

/** Reads blocks of `.crow` files. */
export class ShardReader {
  readonly #blocks: { handle: FileHandle; file: string; at: number; bytes: number }[] = [];
  readonly #handles: FileHandle[] = [];

  private constructor() {}

  /** Rows of every block. */
  readonly blockRows: number[] = [];

  /** Opens the shards of a folder. @throws {DataFormatError} on damaged headers or indexes */
  static async open(folder: string, names: readonly string[], dictionaryHash: Uint8Array): Promise<ShardReader> {
    const reader = new ShardReader();
    try {
      for (const name of names) {
        const file = join(folder, name);
        const handle = await open(file, "r");
        reader.#handles.push(handle);
        const { size } = await handle.stat();
        const header = decodeShardHeader(await readAt(handle, file, 0, Math.min(size, 64)), { file }, dictionaryHash);
        if (header.indexAt + header.indexBytes !== size) {
          const reason = `Cannot read a shard as it has ${size} bytes; want ${header.indexAt + header.indexBytes}`;
          throw new DataFormatError({ file }, reason);
        }
        const index = await readAt(handle, file, header.indexAt, header.indexBytes);
        let at = SHARD_HEADER_BYTES;
        for (const { bytes, rows } of decodeShardIndex(index, header, { file })) {
          reader.#blocks.push({ handle, file, at, bytes });
          reader.blockRows.push(rows);
          at += bytes;
        }
      }
      return reader;
    } catch (error) {
      await reader.close();
      throw error;
    }
  }

  /** The bytes of a block. */
  read(block: number): Promise<Uint8Array> {
    const { handle, file, at, bytes } = this.#blocks[block]!;
    return readAt(handle, file, at, bytes);
  }

  /** Closes the files. */
  async close(): Promise<void> {
    await Promise.all(this.#handles.splice(0).map((handle) => handle.close()));
  }
}

/** Exactly `length` bytes from `at` on. @throws {DataFormatError} if the file ends before */
export async function readAt(handle: FileHandle, file: string, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await handle.read(bytes, done, length - done, at + done);
    if (bytesRead === 0) {
      throw new DataFormatError({ file }, `Cannot read ${length} bytes at ${at} as the file is truncated`);
    }
    done += bytesRead;
  }
  return bytes;
}
