/**
 * Hands out ranges of a kernel memory.
 *
 * @module
 */
import { CodecError } from "../errors.ts";
import type { KernelMemory } from "./kernels.ts";

/** Bump allocation: ranges are taken in order and given back all at once, or down to a mark. */
export class Arena {
  /** The memory that ranges lie in. */
  readonly memory: KernelMemory;
  // Offset 0 stands for "no array" in the kernels' arguments.
  #top = 16;

  /** Nothing is reserved yet. */
  constructor(memory: KernelMemory) {
    this.memory = memory;
  }

  /** Where the next range begins; pass it to `release` to free what was taken since. */
  get mark(): number {
    return this.#top;
  }

  /**
   * Takes a range; its contents are undefined.
   *
   * @param bytes Length.
   * @returns Byte offset, a multiple of 16, never 0.
   * @throws {CodecError} `LIMIT`: the host refuses that much memory
   */
  take(bytes: number): number {
    const offset = this.#top;
    const end = offset + Math.ceil(bytes / 16) * 16;
    try {
      this.memory.reserve(end);
    } catch {
      throw new CodecError("LIMIT", `Cannot take ${end} bytes of working memory: the host refuses`);
    }
    this.#top = end;
    return offset;
  }

  /** Frees everything taken since `mark` was read; without a mark, everything. */
  release(mark = 16): void {
    this.#top = mark;
  }
}
