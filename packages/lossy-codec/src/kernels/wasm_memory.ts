/**
 * Memory of the WebAssembly kernels.
 *
 * @module
 */
import type { KernelMemory } from "./kernels.ts";

const PAGE = 65536, SCRATCH = 2 * PAGE;

/**
 * A memory of its own for one instance of kernels. Its end is not in the views: the kernels use it as scratch, and may read into it
 * past the end of an array.
 */
export class WasmMemory implements KernelMemory {
  u8!: Uint8Array<ArrayBuffer>;
  u16!: Uint16Array<ArrayBuffer>;
  u32!: Uint32Array<ArrayBuffer>;
  i32!: Int32Array<ArrayBuffer>;
  f32!: Float32Array<ArrayBuffer>;
  f64!: Float64Array<ArrayBuffer>;
  /** What the module imports. */
  readonly memory: WebAssembly.Memory = new WebAssembly.Memory({ initial: 1 + SCRATCH / PAGE });

  /** Begins with 64 KiB. */
  constructor() {
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
    const buffer = this.memory.buffer as ArrayBuffer, bytes = buffer.byteLength - SCRATCH;
    this.u8 = new Uint8Array(buffer, 0, bytes);
    this.u16 = new Uint16Array(buffer, 0, bytes >>> 1);
    this.u32 = new Uint32Array(buffer, 0, bytes >>> 2);
    this.i32 = new Int32Array(buffer, 0, bytes >>> 2);
    this.f32 = new Float32Array(buffer, 0, bytes >>> 2);
    this.f64 = new Float64Array(buffer, 0, bytes >>> 3);
  }
}
