/**
 * Frequency tables of rANS: whole numbers that sum to 4096, and how they are written out.
 *
 * @module
 */
import { codingCost } from "./bit_cost.ts";
import { describe, type DescribedTable, readDescription } from "./descriptions.ts";

/** What frequencies sum to. */
export const TOTAL = 4096;

/** Greatest frequency: it has to fit into 12 bits. */
const MAX_FREQUENCY = TOTAL - 1;

/**
 * Frequencies in proportion to counts, at least 1 for every token that occurs. By integer arithmetic: counts are whole, and
 * their sum is below 2^40.
 *
 * @param counts By token, 1 to 256 of them; at least one is not 0.
 * @returns As many; but 2 for one token, since a token that is the only one leaves a frequency of 1 to a neighbour.
 */
export function normaliseCounts(counts: Float64Array): Uint16Array<ArrayBuffer> {
  const tokens = counts.length;
  let sum = 0;
  for (let t = 0; t < tokens; t++) sum += counts[t]!;
  // Rare tokens get 1, more than their share; the others share what is left.
  let common = 0, share = TOTAL;
  for (let t = 0; t < tokens; t++) {
    const n = counts[t]!;
    if (n * TOTAL > sum) common += n;
    else if (n !== 0) share--;
  }
  const frequencies = new Uint16Array(tokens);
  let left = TOTAL;
  for (let t = 0; t < tokens; t++) {
    const n = counts[t]!;
    if (n === 0) continue;
    const f = n * TOTAL > sum ? Math.max(1, Math.floor((n * share + Math.floor(common / 2)) / common)) : 1;
    frequencies[t] = f;
    left -= f;
  }
  // The error of rounding goes to the largest, one by one, where it changes least.
  for (const step = Math.sign(left); left !== 0; left -= step) frequencies[largest(frequencies)]! += step;
  return splitOnly(frequencies);
}

/** First of the largest frequencies. */
function largest(frequencies: Uint16Array): number {
  let best = 0;
  for (let t = 1; t < frequencies.length; t++) if (frequencies[t]! > frequencies[best]!) best = t;
  return best;
}

/** A token that has all 4096 gives one to a neighbour, as no frequency may exceed 4095. */
function splitOnly(frequencies: Uint16Array<ArrayBuffer>): Uint16Array<ArrayBuffer> {
  const only = frequencies.indexOf(TOTAL);
  if (only < 0) return frequencies;
  const split = only + 1 < frequencies.length || only > 0 ? frequencies : new Uint16Array(2);
  split[only] = MAX_FREQUENCY;
  split[only + 1 < split.length ? only + 1 : only - 1] = 1;
  return split;
}

/** The nearest of the values that have a leading one, two more bits, and zeros. */
function coarse(f: number): number {
  const shift = Math.max(0, 29 - Math.clz32(f));
  const rounded = (f + ((1 << shift) >> 1)) >> shift << shift;
  return Math.min(rounded, 3584);
}

/** The largest takes what the rounding of all left over. Undefined if there is nothing to take. */
function settle(values: Uint16Array<ArrayBuffer>): Uint16Array<ArrayBuffer> | undefined {
  const takes = largest(values);
  let rest = TOTAL;
  for (let t = 0; t < values.length; t++) if (t !== takes) rest -= values[t]!;
  if (rest < 1 || rest > MAX_FREQUENCY) return undefined;
  values[takes] = rest;
  return values;
}

/** A frequency table as it will be read, and its description. */
export interface ExplicitTable {
  /** Summing to 4096. */
  readonly frequencies: Uint16Array<ArrayBuffer>;
  /** The description, without the byte that says that one follows. */
  readonly bytes: readonly number[];
}

/** Describes frequencies close to the counts', rounded to what the description can say. */
export function explicitTable(counts: Float64Array): ExplicitTable {
  const exact = normaliseCounts(counts);
  const nearest = exact.map((f) => f === 0 ? 0 : coarse(f));
  // Errors of all tokens may add up to more than the largest can take; passing each on to the next keeps the sum.
  let carry = 0;
  const diffused = exact.map((f) => {
    if (f === 0) return 0;
    const value = coarse(Math.max(1, f + carry));
    carry += f - value;
    return value;
  });
  let best: { frequencies: Uint16Array<ArrayBuffer>; values: Uint16Array; cost: number } | undefined;
  for (const values of [nearest, diffused]) {
    const frequencies = settle(values.slice());
    if (frequencies === undefined) continue;
    const cost = codingCost(counts, frequencies);
    if (best === undefined || cost < best.cost) best = { frequencies, values, cost };
  }
  // Powers of two from below never sum to more than 4096.
  const values = best?.values ?? exact.map((f) => f === 0 ? 0 : 1 << (31 - Math.clz32(f)));
  return { frequencies: best?.frequencies ?? settle(values.slice())!, bytes: describe(values, true) };
}

/**
 * Reads a description.
 *
 * @param offset Where it begins; `end` of the result is where it ends.
 * @returns Undefined if it is none.
 */
export function readExplicitTable(bytes: Uint8Array, offset: number): DescribedTable | undefined {
  const read = readDescription(bytes, offset, true), table = read && settle(read.table);
  return table && { table, end: read.end };
}
