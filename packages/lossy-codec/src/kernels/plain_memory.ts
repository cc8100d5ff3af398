/**
 * Memory of the TypeScript kernels: an `ArrayBuffer` that is replaced by a larger one when needed.
 *
 * @module
 */
import { MemoryViews } from "./memory_views.ts";

/** A memory of its own for one instance of kernels. */
export class PlainMemory extends MemoryViews {
  /** Begins with 64 KiB. */
  constructor() {
    super();
    this.view(new ArrayBuffer(65536), 65536);
  }

  reserve(bytes: number): void {
    const have = this.u8, { length } = have;
    if (bytes <= length) return;
    const wanted = Math.max(bytes, Math.min(2 * length, length + 2 ** 26));
    const larger = new Uint8Array(Math.ceil(wanted / 65536) * 65536);
    larger.set(have);
    this.view(larger.buffer, larger.length);
  }
}
