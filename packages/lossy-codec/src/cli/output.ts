/**
 * Files that are either wholly there or not at all, and pipes.
 *
 * @module
 */
import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { isatty } from "node:tty";
import { fileError, RunError, systemCode } from "./errors.ts";

/** Where a command writes to. Disposed of before `commit`, it leaves nothing behind. */
export interface Output extends Disposable {
  /** What messages call it. */
  readonly name: string;
  /** Writes bytes where they belong; they may be reused afterwards. */
  write(bytes: Uint8Array, at: number): void;
  /** Makes all of it last. */
  commit(): void;
}

/** Systems write at most 2 GiB in one call. */
const PIECE_BYTES = 2 ** 26;

/** Writes all bytes. */
export function writeAll(fd: number, bytes: Uint8Array, position: number | null): void {
  for (let at = 0; at < bytes.length;) {
    at += writeSync(fd, bytes, at, Math.min(PIECE_BYTES, bytes.length - at), position === null ? null : position + at);
  }
}

/** A file under a temporary name, which gets its own when it is complete and on the disk. */
class FileOutput implements Output {
  readonly name: string;
  readonly #path: string;
  readonly #temporary: string;
  #fd: number | undefined;

  constructor(path: string) {
    this.name = this.#path = path;
    this.#temporary = `${path}.${process.pid}.tmp`;
    this.#fd = this.#try(() => openSync(this.#temporary, "wx"));
  }

  write(bytes: Uint8Array, at: number): void {
    this.#try(() => writeAll(this.#fd!, bytes, at));
  }

  commit(): void {
    this.#try(() => {
      fsyncSync(this.#fd!);
      closeSync(this.#fd!);
      this.#fd = undefined;
      try {
        renameSync(this.#temporary, this.#path);
      } catch (error) {
        rmSync(this.#temporary, { force: true });
        throw error;
      }
    });
    syncFolder(dirname(this.#path));
  }

  [Symbol.dispose](): void {
    if (this.#fd === undefined) return;
    closeSync(this.#fd);
    this.#fd = undefined;
    rmSync(this.#temporary, { force: true });
  }

  #try<R>(work: () => R): R {
    try {
      return work();
    } catch (error) {
      throw fileError(`write ${this.#path}`, error);
    }
  }
}

/** Makes a new name durable. */
function syncFolder(path: string): void {
  try {
    const fd = openSync(path, "r");
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    // Some systems open or sync no folders; there is nothing else to do.
  }
}

/** A pipe or device: bytes leave in order, and wait in memory for those that belong before them. */
class PipeOutput implements Output {
  readonly name: string;
  #fd: number | undefined;
  readonly #waiting = new Map<number, Uint8Array>();
  #at = 0;

  constructor(fd: number, name: string) {
    this.#fd = fd;
    this.name = name;
  }

  write(bytes: Uint8Array, at: number): void {
    if (at !== this.#at) {
      this.#waiting.set(at, bytes.slice());
      return;
    }
    this.#send(bytes);
    for (let next = this.#waiting.get(this.#at); next !== undefined; next = this.#waiting.get(this.#at)) {
      this.#waiting.delete(this.#at);
      this.#send(next);
    }
  }

  commit(): void {
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    // The standard output stays open for what the program says at its end.
    if (this.#fd !== undefined && this.#fd > 2) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #send(bytes: Uint8Array): void {
    try {
      writeAll(this.#fd!, bytes, null);
    } catch (error) {
      throw systemCode(error) === "EPIPE" ? error : fileError(`write ${this.name}`, error);
    }
    this.#at += bytes.length;
  }
}

/**
 * Opens an output.
 *
 * @param path `-` is the standard output.
 * @param force Whether to replace a file, or to write to a terminal.
 * @throws {RunError} It is there already, or cannot be written
 */
export function openOutput(path: string, force: boolean): Output {
  if (path === "-") {
    if (isatty(1) && !force) {
      throw new RunError("Cannot write binary data to a terminal: want a pipe, --out <file>, or --force");
    }
    return new PipeOutput(1, "the standard output");
  }
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return new FileOutput(path);
    if (stat.isDirectory()) throw new RunError(`Cannot write ${path} as it is a folder`);
    // Such as /dev/null: nothing to replace.
    if (!stat.isFile()) return new PipeOutput(openSync(path, "w"), path);
    if (!force) throw new RunError(`Cannot write ${path} as it is there already: want --force, or --out <another>`);
    // What a link points to is replaced, not the link.
    return new FileOutput(realpathSync(path));
  } catch (error) {
    throw fileError(`write ${path}`, error);
  }
}

/** Writes text to the standard output. */
export function print(text: string): void {
  writeAll(1, new TextEncoder().encode(text), null);
}
