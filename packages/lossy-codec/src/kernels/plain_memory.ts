/**
 * Memory of the TypeScript kernels: an `ArrayBuffer` that is replaced by a larger one when needed.
 *
 * @module
 */
import type { KernelMemory } from "./kernels.ts";

/** A memory of its own for one instance of kernels. */
export class PlainMemory implements KernelMemory {
  u8!: Uint8Array<ArrayBuffer>;
  u16!: Uint16Array<ArrayBuffer>;
  u32!: Uint32Array<ArrayBuffer>;
  i32!: Int32Array<ArrayBuffer>;
  f32!: Float32Array<ArrayBuffer>;
  f64!: Float64Array<ArrayBuffer>;

  /** Begins with 64 KiB. */
  constructor() {
    this.#view(new ArrayBuffer(1 << 16));
  }

  reserve(bytes: number): void {
    const { buffer } = this.u8;
    if (bytes <= buffer.byteLength) return;
    const wanted = Math.max(bytes, Math.min(2 * buffer.byteLength, buffer.byteLength + 2 ** 26));
    const larger = new Uint8Array(Math.ceil(wanted / 65536) * 65536);
    larger.set(this.u8);
    this.#view(larger.buffer);
  }

  #view(buffer: ArrayBuffer): void {
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
  }
}
