/**
 * Classes of rows. Rows of one embedding table differ in scale, by how often they were trained; rows of like scale share a
 * frequency table.
 *
 * @module
 */
import { BIT, codingCost, log2Cost } from "./bit_cost.ts";
import { familyCandidates, familyTable, tokenMagnitude } from "./family.ts";
import { chooseTable, type ChosenTable, tokensUsed } from "./tables.ts";

/** Most classes. */
export const MAX_CLASSES = 4;

/** Rows grouped into classes. */
export interface Classes {
  /** Class of each bucket. */
  readonly ofBucket: Uint8Array<ArrayBuffer>;
  /** One table per class: 1, 2 or 4 of them. Where 3 classes are used, 4 are there. */
  readonly tables: readonly ChosenTable[];
  /** Of tables, tokens and class bits, raw bits left out, in 1/256 bit. */
  readonly cost: number;
}

/** Bits that say which of `count` classes a row has. */
export function classBits(count: number): number {
  return count === 1 ? 0 : count === 2 ? 1 : 2;
}

/**
 * Writes the class of each row in `bits` bits, least significant first, zeros up to 4 bytes.
 *
 * @param at A multiple of 4.
 * @returns Where they end.
 */
export function writeClassBits(u8: Uint8Array, at: number, classes: Uint8Array, bits: number): number {
  const end = at + Math.ceil(classes.length * bits / 32) * 4, perByte = 8 / bits;
  for (let row = 0; at < end; at++) {
    let byte = 0;
    for (let i = 0; i < perByte && row < classes.length; i++) byte |= classes[row++]! << (i * bits);
    u8[at] = byte;
  }
  return end;
}

/** Reads what {@linkcode writeClassBits} wrote, into a byte per row at `to`. */
export function readClassBits(u8: Uint8Array, at: number, to: number, rows: number, bits: number): void {
  const perByte = 8 / bits, mask = (1 << bits) - 1;
  for (let row = 0; row < rows; at++) {
    const byte = u8[at]!;
    for (let i = 0; i < perByte && row < rows; i++) u8[to + row++] = (byte >> (i * bits)) & mask;
  }
}

/**
 * Cuts the buckets, ordered by scale, into at most four intervals such that tables, tokens and class bits cost least: the
 * least over all cuts of an estimate that sums over intervals, by dynamic programming.
 *
 * @param counts Tokens per bucket, 256 each.
 * @param buckets Number of buckets.
 * @param rows Number of rows in all.
 */
export function chooseClasses(counts: Uint32Array, buckets: number, rows: number, direct: boolean): Classes {
  const used: number[] = [];
  for (let b = 0; b < buckets; b++) {
    if (counts.subarray(256 * b, 256 * (b + 1)).some((n) => n !== 0)) used.push(b);
  }
  const ends = cheapestCut(counts, used, rows, direct);
  const ofBucket = new Uint8Array(buckets);
  const tables: ChosenTable[] = [];
  for (let i = 0, start = 0; i < ends.length; start = ends[i++]!) {
    const sum = new Float64Array(256);
    for (let j = start; j < ends[i]!; j++) {
      ofBucket[used[j]!] = i;
      addCounts(sum, counts, 256 * used[j]!);
    }
    tables.push(chooseTable("ans", sum, 0, direct));
  }
  // Class numbers have two bits, so a third class brings a fourth, of the shortest description.
  if (tables.length === 3) tables.push({ table: familyTable(0, direct, 1), bytes: [0, 0], cost: 16 * BIT });
  const cost = tables.reduce((sum, table) => sum + table.cost, rows * classBits(tables.length) * BIT);
  return { ofBucket, tables, cost };
}

function addCounts(sum: Float64Array, counts: Uint32Array, from: number): void {
  for (let t = 0; t < 256; t++) sum[t]! += counts[from + t]!;
}

/** Ends of the intervals, as indices into `used`. */
function cheapestCut(counts: Uint32Array, used: readonly number[], rows: number, direct: boolean): number[] {
  const n = used.length;
  if (n < 2) return [n];
  const costs = intervalCosts(counts, used, direct);
  // least[k][j]: cheapest way to cover the first j buckets by k + 1 intervals; from[k][j]: where the last begins.
  const least: Float64Array[] = [], from: Uint8Array[] = [];
  for (let k = 0; k < MAX_CLASSES; k++) {
    const row = new Float64Array(n + 1).fill(Infinity), begins = new Uint8Array(n + 1);
    for (let j = k + 1; j <= n; j++) {
      if (k === 0) row[j] = costs[j - 1]!;
      for (let i = k; k > 0 && i < j; i++) {
        const cost = least[k - 1]![i]! + costs[i * n + j - 1]!;
        if (cost < row[j]!) row[j] = cost, begins[j] = i;
      }
    }
    least.push(row);
    from.push(begins);
  }
  let best = 0, bestCost = Infinity;
  for (let k = 0; k < MAX_CLASSES; k++) {
    const cost = least[k]![n]! + rows * classBits(k + 1) * BIT;
    if (cost < bestCost) best = k, bestCost = cost;
  }
  const ends: number[] = [];
  for (let k = best, j = n; k >= 0; j = from[k--]![j]!) ends.unshift(j);
  return ends;
}

/** An interval this small is not worth a table written out. */
const EXPLICIT_MIN_SYMBOLS = 1024;

/** Estimated cost of a table for buckets i..j, both inclusive, at `i * n + j`. */
function intervalCosts(counts: Uint32Array, used: readonly number[], direct: boolean): Float64Array {
  const n = used.length;
  const tokens = used.reduce((most, b) => Math.max(most, tokensUsed(counts, 256 * b)), 1);
  const symbols = new Float64Array(n), moments = new Float64Array(n);
  for (let b = 0; b < n; b++) {
    for (let t = 0; t < tokens; t++) {
      const count = counts[256 * used[b]! + t]!;
      symbols[b]! += count;
      moments[b]! += count * tokenMagnitude(t, direct);
    }
  }
  // Costs under a table add up over buckets, so each pair of bucket and table is looked at once.
  const known = new Map<number, Float64Array>();
  const familyCost = (index: number, b: number): number => {
    let row = known.get(index);
    if (row === undefined) known.set(index, row = new Float64Array(n).fill(-1));
    if (row[b]! < 0) row[b] = codingCost(counts, 256 * used[b]!, familyTable(index, direct, tokens));
    return row[b]!;
  };
  const costs = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const sum = new Float64Array(256);
    for (let j = i, total = 0, moment = 0; j < n; j++) {
      total += symbols[j]!;
      moment += moments[j]!;
      addCounts(sum, counts, 256 * used[j]!);
      let least = total >= EXPLICIT_MIN_SYMBOLS ? writtenOutEstimate(sum, total, tokens) : Infinity;
      for (const index of familyCandidates(moment / total, direct)) {
        let cost = 16 * BIT;
        for (let b = i; b <= j; b++) cost += familyCost(index, b);
        if (cost < least) least = cost;
      }
      costs[i * n + j] = least;
    }
  }
  return costs;
}

/** Entropy plus a description of about 6 bits per token. */
function writtenOutEstimate(sum: Float64Array, total: number, tokens: number): number {
  let cost = total * log2Cost(total) + 16 * BIT;
  for (let t = 0; t < tokens; t++) {
    const count = sum[t]!;
    if (count !== 0) cost += 6 * BIT - count * log2Cost(count);
  }
  return cost;
}
