import { exp, log } from "@pocketrec/compute/detmath";

const GUIDE_BITS = 14;

/**
 * Draws from a distribution over `0..n-1` by inverting its distribution function, given as 32-bit thresholds: value k is
 * drawn for `thresholds[k-1] <= u < thresholds[k]`. A guide table over the upper 14 bits of u leaves a short search.
 */
export class DiscreteSampler {
  readonly #thresholds: Uint32Array;
  readonly #guide: Uint32Array;

  /** @param thresholds ascending, without the last one, which is 2^32 */
  constructor(thresholds: Uint32Array) {
    this.#thresholds = thresholds;
    this.#guide = new Uint32Array(2 ** GUIDE_BITS + 1).fill(thresholds.length);
    let k = 0;
    for (let g = 0; g < 2 ** GUIDE_BITS; g++) {
      while (k < thresholds.length && thresholds[k]! <= g * 2 ** (32 - GUIDE_BITS)) k++;
      this.#guide[g] = k;
    }
  }

  /** Number of values. */
  get size(): number {
    return this.#thresholds.length + 1;
  }

  /** Value for a uniform 32-bit number. */
  draw(u: number): number {
    const thresholds = this.#thresholds;
    const g = u >>> (32 - GUIDE_BITS);
    let low = this.#guide[g]!, high = this.#guide[g + 1]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (thresholds[middle]! <= u) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Probability of a value, a multiple of 2^-32. */
  probability(value: number): number {
    const below = value === 0 ? 0 : this.#thresholds[value - 1]!;
    return ((this.#thresholds[value] ?? 2 ** 32) - below) / 2 ** 32;
  }

  /** Bounded Zipf distribution: P(k) proportional to (k + 1)^-exponent for k < size. */
  static zipf(size: number, exponent: number): DiscreteSampler {
    const cumulative = new Float64Array(size);
    let total = 0;
    for (let k = 0; k < size; k++) cumulative[k] = total += exp(-exponent * log(k + 1));
    const thresholds = new Uint32Array(size - 1);
    for (let k = 0; k < size - 1; k++) {
      thresholds[k] = Math.min(2 ** 32 - 1, Math.floor((cumulative[k]! / total) * 2 ** 32));
    }
    return new DiscreteSampler(thresholds);
  }

  /** Distribution of `value(u)` for a function that does not fall with u. */
  static ofMonotone(value: (u: number) => number): DiscreteSampler {
    const thresholds: number[] = [];
    const last = value(2 ** 32 - 1);
    for (let k = 0, from = 0; k < last; k++) {
      let low = from, high = 2 ** 32 - 1;
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        if (value(middle) <= k) low = middle + 1;
        else high = middle;
      }
      thresholds.push(from = low);
    }
    return new DiscreteSampler(Uint32Array.from(thresholds));
  }
}
