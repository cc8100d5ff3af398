/**
 * Costs in 1/256 bit, from integers and exactly rounded arithmetic only: choices that depend on them are the same everywhere.
 *
 * @module
 */

/** Units of one bit. */
export const BIT = 256;

/** log2 of `1 + i / 4096` for i below 4096. */
const FRACTIONS = /* @__PURE__ */ fractions();

function fractions(): Uint16Array {
  const table = new Uint16Array(4096);
  for (let i = 0; i < 4096; i++) {
    // Squaring doubles the logarithm: each bit that overflows into [2, 4) is its next bit.
    let x = 1 + i / 4096, log = 0;
    for (let bit = 0; bit < 12; bit++) {
      x *= x;
      log *= 2;
      if (x >= 2) x /= 2, log++;
    }
    table[i] = (log + 8) >> 4;
  }
  return table;
}

/**
 * log2 of a whole number of at least 1 in 1/256 bit, from its 13 leading bits.
 *
 * @param n Below 2^53.
 */
export function log2Cost(n: number): number {
  return n < 8192 ? LOGARITHMS[n]! : logarithm(n);
}

function logarithm(n: number): number {
  let e = 0;
  while (n >= 8192) n /= 2, e++;
  n = Math.floor(n);
  const top = 31 - Math.clz32(n);
  return (e + top) * BIT + FRACTIONS[(n << (12 - top)) - 4096]!;
}

const LOGARITHMS: Uint16Array = /* @__PURE__ */ Uint16Array.from({ length: 8192 }, (_, n) => n < 1 ? 0 : logarithm(n));

/** Cost of a symbol of frequency `f` of 4096; that of 0 is infinite. */
export const FREQUENCY_COSTS: Float64Array = /* @__PURE__ */ Float64Array.from(
  { length: 4097 },
  (_, f) => f === 0 ? Infinity : 12 * BIT - log2Cost(f),
);

/** Cost of coding tokens that occur `counts[t]` times with frequencies that sum to 4096; infinite if one is 0. */
export function codingCost(counts: Float64Array, frequencies: Uint16Array): number {
  let cost = 0;
  for (let t = 0; t < counts.length; t++) {
    const n = counts[t]!;
    if (n !== 0) cost += n * (FREQUENCY_COSTS[frequencies[t] ?? 0]!);
  }
  return cost;
}

/** What is known of counts. */
export interface CountSummary {
  /** Their sum. */
  readonly total: number;
  /** How many are not 0. */
  readonly present: number;
  /** Cost of coding all of them by their own frequencies, the least possible. */
  readonly entropy: number;
}

/** Sums counts up. */
export function summarise(counts: Float64Array): CountSummary {
  let total = 0, present = 0, sum = 0;
  for (let t = 0; t < counts.length; t++) {
    const n = counts[t]!;
    if (n === 0) continue;
    total += n;
    present++;
    sum += n * log2Cost(n);
  }
  return { total, present, entropy: total === 0 ? 0 : total * log2Cost(total) - sum };
}
