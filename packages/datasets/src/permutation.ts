import { combine, mix32 } from "./hash.ts";

/**
 * A pseudo-random permutation of `0..size-1` that stores nothing: a generalised Feistel network over Z_a x Z_b with
 * a*b >= size (Black and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002), walking the cycle over the few
 * values beyond `size`. Any position costs the same, so a resumed run starts anywhere.
 */
export class Permutation {
  /** Number of elements. */
  readonly size: number;
  readonly #a: number;
  readonly #b: number;
  readonly #keys: Int32Array;

  /** A permutation. @param size 1..2^40 @param seed 32-bit key; equal keys give equal permutations on every machine */
  constructor(size: number, seed: number) {
    if (!(Number.isSafeInteger(size) && size >= 0 && size <= 2 ** 40)) {
      throw new RangeError(`Cannot permute as the size must be an integer in 0..2^40: got ${size}`);
    }
    this.size = size;
    this.#a = Math.max(1, Math.ceil(Math.sqrt(size)));
    this.#b = Math.max(1, Math.ceil(size / this.#a));
    this.#keys = Int32Array.from({ length: 8 }, (_, i) => combine(seed, i));
  }

  /** The element at `position`; a bijection of `0..size-1`. */
  at(position: number): number {
    const a = this.#a, b = this.#b, keys = this.#keys, size = this.size;
    let x = position;
    do {
      let left = Math.floor(x / b);
      let right = x - left * b;
      for (let k = 0; k < 8; k += 2) {
        left = (left + mix32(right ^ keys[k]!)) % a;
        right = (right + mix32(left ^ keys[k + 1]!)) % b;
      }
      x = left * b + right;
    } while (x >= size);
    return x;
  }
}
