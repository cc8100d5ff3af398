/**
 * Views of a kernel memory.
 *
 * @module
 */
import type { KernelMemory } from "./kernels.ts";

/** What memories have in common. */
export abstract class MemoryViews implements KernelMemory {
  u8!: Uint8Array<ArrayBuffer>;
  u16!: Uint16Array<ArrayBuffer>;
  u32!: Uint32Array<ArrayBuffer>;
  i32!: Int32Array<ArrayBuffer>;
  f32!: Float32Array<ArrayBuffer>;
  f64!: Float64Array<ArrayBuffer>;

  abstract reserve(bytes: number): void;

  /** Makes all of them views of the first `bytes` bytes, a multiple of 8. */
  protected view(buffer: ArrayBuffer, bytes: number): void {
    this.u8 = new Uint8Array(buffer, 0, bytes);
    this.u16 = new Uint16Array(buffer, 0, bytes / 2);
    this.u32 = new Uint32Array(buffer, 0, bytes / 4);
    this.i32 = new Int32Array(buffer, 0, bytes / 4);
    this.f32 = new Float32Array(buffer, 0, bytes / 4);
    this.f64 = new Float64Array(buffer, 0, bytes / 8);
  }
}
