import { DeviceMemoryError } from "../errors.ts";

const ALIGNMENT = 64; // a cache line, and the widest load of any CPU we know
const PAGE = 65_536;

interface Block {
  start: number;
  bytes: number;
}

/**
 * First-fit allocator over a growing WebAssembly memory. Free neighbours merge; every block starts on a cache line, so
 * that threads writing to different tensors never share one.
 */
export class Allocator {
  readonly #memory: WebAssembly.Memory;
  readonly #maxBytes: number;
  /** Free blocks by ascending start. */
  readonly #free: Block[] = [];
  readonly #used = new Map<number, number>();
  /** End of the last block, used or free. */
  #end: number;
  /** No byte from here on was ever handed out, so all are zero. */
  #untouched: number;

  /** Manages the bytes from `start` on, up to `maxBytes` of memory in all. */
  constructor(memory: WebAssembly.Memory, start: number, maxBytes: number) {
    this.#memory = memory;
    this.#maxBytes = maxBytes;
    this.#end = start;
    this.#untouched = start;
  }

  /** Bytes in use. */
  get usedBytes(): number {
    let sum = 0;
    for (const bytes of this.#used.values()) sum += bytes;
    return sum;
  }

  /** Returns the address of `bytes` zeroed bytes. */
  allocate(bytes: number, label: string): number {
    const rounded = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
    const index = this.#free.findIndex((block) => block.bytes >= rounded);
    if (index >= 0) {
      const block = this.#free[index]!;
      const start = block.start;
      block.start += rounded;
      block.bytes -= rounded;
      if (block.bytes === 0) this.#free.splice(index, 1);
      this.#used.set(start, rounded);
      new Uint8Array(this.#memory.buffer, start, rounded).fill(0);
      return start;
    }
    const start = this.#end;
    this.#growTo(start + rounded, bytes, label);
    this.#end = start + rounded;
    this.#used.set(start, rounded);
    const dirty = Math.min(this.#untouched, this.#end) - start;
    if (dirty > 0) new Uint8Array(this.#memory.buffer, start, dirty).fill(0);
    this.#untouched = Math.max(this.#untouched, this.#end);
    return start;
  }

  /** Gives back what {@linkcode allocate} returned. */
  release(start: number): void {
    const bytes = this.#used.get(start);
    if (bytes === undefined) return;
    this.#used.delete(start);
    const at = this.#free.findIndex((block) => block.start > start);
    const index = at < 0 ? this.#free.length : at;
    this.#free.splice(index, 0, { start, bytes });
    this.#merge(index);
    this.#merge(index - 1);
    // A free block at the end gives way, so that a workspace which grows there needs no second place.
    const last = this.#free.at(-1)!;
    if (last.start + last.bytes === this.#end) {
      this.#free.pop();
      this.#end = last.start;
    }
  }

  #merge(index: number): void {
    const left = this.#free[index], right = this.#free[index + 1];
    if (!left || !right || left.start + left.bytes !== right.start) return;
    left.bytes += right.bytes;
    this.#free.splice(index + 1, 1);
  }

  #growTo(end: number, bytes: number, label: string): void {
    const have = this.#memory.buffer.byteLength;
    if (end <= have) return;
    const refuse = () =>
      new DeviceMemoryError(
        `Cannot allocate ${bytes} bytes for tensor "${label}" on cpu: ${this.usedBytes} of ${this.#maxBytes} bytes are in use`,
      );
    if (end > this.#maxBytes) throw refuse();
    try {
      this.#memory.grow(Math.ceil((end - have) / PAGE));
    } catch {
      throw refuse();
    }
  }
}
