/**
 * Ids of look-ups: uniform, or Zipf with the ranks scattered over the table, as hot ids of real tables are.
 *
 * @module
 */

/** How ids are distributed. */
export type Distribution = "uniform" | "Zipf 1.05";

/** Both, in the order of the table. */
export const DISTRIBUTIONS: readonly Distribution[] = ["uniform", "Zipf 1.05"];

const EXPONENT = 1.05;

/** Seeded ids in 0 to `rows - 1`. */
export function randomIds(
  distribution: Distribution,
  rows: number,
  count: number,
  seed: number,
): Uint32Array<ArrayBuffer> {
  const random = generator(seed);
  if (distribution === "uniform") return Uint32Array.from({ length: count }, () => Math.floor(random() * rows));
  const cumulative = cumulativeZipf(rows), step = scatterStep(rows);
  return Uint32Array.from({ length: count }, () => rankOf(random() * cumulative[rows - 1]!, cumulative) * step % rows);
}

/** `mulberry32`: 32 random bits per draw. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function cumulativeZipf(rows: number): Float64Array {
  const cumulative = new Float64Array(rows);
  let sum = 0;
  for (let rank = 0; rank < rows; rank++) cumulative[rank] = sum += (rank + 1) ** -EXPONENT;
  return cumulative;
}

/** First rank whose cumulative weight exceeds `value`. */
function rankOf(value: number, cumulative: Float64Array): number {
  let low = 0, high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cumulative[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** About 0.618 `rows`, without a common divisor, so that `rank * step mod rows` is a permutation. */
function scatterStep(rows: number): number {
  const divisor = (a: number, b: number): number => b === 0 ? a : divisor(b, a % b);
  let step = Math.max(1, Math.floor(rows * 0.6180339887));
  while (divisor(rows, step) !== 1) step++;
  return step;
}
