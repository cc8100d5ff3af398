/** Unpacked bytes in the making: no more than there is room for, and no reference to before the begin. */
export class Output {
  /** Bytes written so far. */
  length = 0;
  readonly #bytes: Uint8Array;

  /** @param size room, in bytes */
  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
  }

  /** Appends a copy. @throws {Error} if there is no room */
  append(part: Uint8Array): void {
    const at = this.#advance(part.length);
    if (part.length > 16) {
      this.#bytes.set(part, at);
    } else {
      for (let i = 0; i < part.length; i++) this.#bytes[at + i] = part[i]!;
    }
  }

  /** Appends one byte `count` times. @throws {Error} if there is no room */
  fill(byte: number, count: number): void {
    const at = this.#advance(count);
    this.#bytes.fill(byte, at, at + count);
  }

  /** Appends `count` bytes that begin `distance` before the end, some of which may be appended just now. */
  repeat(distance: number, count: number): void {
    if (!(distance >= 1 && distance <= this.length)) {
      throw new Error(`a page repeats bytes from ${distance} before byte ${this.length}`);
    }
    const at = this.#advance(count), bytes = this.#bytes;
    if (count > 32 && distance >= count) {
      bytes.copyWithin(at, at - distance, at - distance + count);
    } else {
      for (let i = at; i < at + count; i++) bytes[i] = bytes[i - distance]!;
    }
  }

  /** What was written. */
  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  #advance(count: number): number {
    const at = this.length;
    if (!(count >= 0 && count <= this.#bytes.length - at)) {
      throw new Error(`a page unpacks to more than ${this.#bytes.length} bytes`);
    }
    this.length += count;
    return at;
  }
}
