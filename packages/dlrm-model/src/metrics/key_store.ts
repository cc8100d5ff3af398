import { sortKeys } from "./ranking.ts";

const FIRST_CHUNK = 1 << 10;
const LARGEST_CHUNK = 1 << 20;

/** A growing list of u32 keys, in chunks so that growth copies nothing. */
export class KeyStore {
  #chunks: Uint32Array[] = [];
  #last = new Uint32Array(0);
  #fill = 0;
  #length = 0;

  /** Keys held. */
  get length(): number {
    return this.#length;
  }

  /** Appends a key. */
  push(key: number): void {
    if (this.#fill === this.#last.length) {
      this.#last = new Uint32Array(Math.min(LARGEST_CHUNK, Math.max(FIRST_CHUNK, 2 * this.#fill)));
      this.#chunks.push(this.#last);
      this.#fill = 0;
    }
    this.#last[this.#fill++] = key;
    this.#length++;
  }

  /** All keys in ascending order; the array is the store's own. Chunks go one by one, to bound the memory. */
  sorted(): Uint32Array {
    if (this.#chunks.length === 0) return this.#last;
    const all = new Uint32Array(this.#length);
    this.#chunks.reverse();
    for (let at = 0, chunk = this.#chunks.pop(); chunk; chunk = this.#chunks.pop()) {
      all.set(chunk.subarray(0, all.length - at), at);
      at += chunk.length;
    }
    sortKeys(all);
    this.#chunks = [all];
    this.#last = all;
    this.#fill = all.length;
    return all;
  }
}
