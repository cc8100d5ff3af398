/** Seeded test data: mulberry32, good enough to find bugs and the same everywhere. */
export class TestRandom {
  #state: number;

  /** Starts the stream of `seed`. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Uniform in [0, 2^32). */
  u32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** Uniform whole number in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.u32() / 2 ** 32 * bound);
  }

  /** `length` floats, uniform in [low, high). */
  f32(length: number, low = -1, high = 1): Float32Array<ArrayBuffer> {
    return Float32Array.from({ length }, () => low + (high - low) * (this.u32() / 2 ** 32));
  }

  /** `length` whole numbers, uniform in [0, bound). */
  ids(length: number, bound: number): Uint32Array<ArrayBuffer> {
    return Uint32Array.from({ length }, () => this.below(bound));
  }
}
