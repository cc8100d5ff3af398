/**
 * Bytes of files, pipes and the standard input.
 *
 * @module
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import process from "node:process";
import { fileError, RunError } from "./errors.ts";

/** Bytes at known places. */
export interface ByteSource extends Disposable {
  /** What messages call it. */
  readonly name: string;
  /** Bytes in all. */
  readonly length: number;
  /** The bytes from `at` on, valid until the next call; fewer only where the source ends. */
  read(at: number, length: number): Uint8Array;
}

/** Bytes in order, as they come. */
export interface BytePieces {
  /** What messages call their source. */
  readonly name: string;
  /** Bytes in all; undefined for pipes. */
  readonly length: number | undefined;
  /** The bytes; to be run through once, to their end or by a loop that is left. */
  readonly pieces: AsyncIterable<Uint8Array>;
}

/** The most that one call of the system is asked for. */
const PIECE_BYTES = 2 ** 26;

/** Reads until `bytes` is full or the file ends. */
function fill(fd: number, bytes: Uint8Array, position: number | null): number {
  let done = 0;
  while (done < bytes.length) {
    const at = position === null ? null : position + done;
    const count = readSync(fd, bytes, done, Math.min(PIECE_BYTES, bytes.length - done), at);
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** Pipes have no length and no positions: all of it, in memory. */
function readToEnd(fd: number, name: string): ByteSource {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let size = 2 ** 16;; size = Math.min(2 * size, PIECE_BYTES)) {
    const part = new Uint8Array(size), count = fill(fd, part, null);
    parts.push(part.subarray(0, count));
    length += count;
    if (count < size) break;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { name, length, read: (at, length) => bytes.subarray(at, at + length), [Symbol.dispose]: () => {} };
}

/** A file, read where and when it is asked for. */
class FileSource implements ByteSource {
  readonly name: string;
  readonly length: number;
  readonly #fd: number;
  #buffer = new Uint8Array(0);

  constructor(fd: number, name: string, length: number) {
    this.name = name;
    this.length = length;
    this.#fd = fd;
  }

  read(at: number, length: number): Uint8Array {
    const wanted = Math.max(0, Math.min(length, this.length - at));
    if (this.#buffer.length < wanted) this.#buffer = new Uint8Array(wanted);
    const bytes = this.#buffer.subarray(0, wanted);
    let count: number;
    try {
      count = fill(this.#fd, bytes, at);
    } catch (error) {
      throw fileError(`read ${this.name}`, error);
    }
    if (count < wanted) throw new RunError(`Cannot read ${this.name} as it became shorter meanwhile`);
    return bytes;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/**
 * Opens a file.
 *
 * @param path `-` is the standard input.
 * @throws {RunError}
 */
export function openSource(path: string): ByteSource {
  const name = path === "-" ? "the standard input" : path;
  let fd: number | undefined;
  try {
    if (path === "-") return readToEnd(0, name);
    fd = openSync(path, "r");
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw new RunError(`Cannot read ${path} as it is a folder`);
    if (stat.isFile()) {
      const source = new FileSource(fd, name, stat.size);
      fd = undefined;
      return source;
    }
    return readToEnd(fd, name);
  } catch (error) {
    throw fileError(`read ${name}`, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Bytes of a file that are handed on together. */
const FILE_PIECE_BYTES = 2 ** 20;

/**
 * Opens a file to be read once from its beginning to its end. Signals are heard while the standard input is waited for.
 *
 * @param path `-` is the standard input.
 * @throws {RunError}
 */
export function openPieces(path: string): BytePieces {
  if (path === "-") return { name: "the standard input", length: undefined, pieces: process.stdin };
  const source = openSource(path), { name, length } = source;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    try {
      for (let at = 0; at < length; at += FILE_PIECE_BYTES) yield source.read(at, FILE_PIECE_BYTES).slice();
    } finally {
      source[Symbol.dispose]();
    }
  }
  return { name, length, pieces: pieces() };
}
