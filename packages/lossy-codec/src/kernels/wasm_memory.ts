/**
 * Memory of the WebAssembly kernels.
 *
 * @module
 */
import { MemoryViews } from "./memory_views.ts";

const PAGE = 65536, SCRATCH = 2 * PAGE;

/**
 * A memory of its own for one instance of kernels. Its end is not in the views: the kernels use it as scratch, and may read into it
 * past the end of an array.
 */
export class WasmMemory extends MemoryViews {
  /** What the module imports. */
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 1 + SCRATCH / PAGE });

  /** Begins with 64 KiB. */
  constructor() {
    super();
    this.#view();
  }

  reserve(bytes: number): void {
    const have = this.u8.length;
    if (bytes <= have) return;
    const needed = Math.ceil((bytes - have) / PAGE);
    // Doubling keeps the number of replaced views small; where the host refuses that, take what is needed.
    const wanted = Math.max(needed, Math.min(have, 2 ** 26) / PAGE);
    try {
      this.memory.grow(wanted);
    } catch (error) {
      if (wanted === needed) throw error;
      this.memory.grow(needed);
    }
    this.#view();
  }

  #view(): void {
    const { buffer } = this.memory;
    this.view(buffer as ArrayBuffer, buffer.byteLength - SCRATCH);
  }
}
