/**
 * Frequency tables that one byte names: densities of a few shapes over a grid of scales. The codes of most embedding rows
 * follow one of them closely, and a slice of a few rows cannot afford to describe a table of its own.
 *
 * Tables are part of the stream's format. They come from additions, multiplications, divisions and square roots of doubles,
 * which IEEE 754 rounds the same everywhere; `Math.exp` and `Math.pow` it does not.
 *
 * @module
 */
import { normaliseCounts } from "./frequencies.ts";
import { HYBRID_MAX_TOKEN, hybridBase, hybridRawBits } from "./tokens.ts";

/** Number of tables: `shape * FAMILY_SCALES + scale`. */
export const FAMILY_SIZE = 240;
/** Shapes, from the one with the heaviest tails (Laplace) over 3/2 and Gauss to a flat-topped one. */
export const FAMILY_SHAPES = 4;
/** Scales per shape: quarter octaves from 2^-4 on. */
export const FAMILY_SCALES = 60;

/** 2^(1/4), a literal so that no library function has a say in it. */
const QUARTER_OCTAVE = 1.189207115002721;

/** e^-1. */
const INVERSE_E = 0.36787944117144233;

/** e^-u for u >= 0 from basic operations. */
function expNegative(u: number): number {
  if (u > 700) return 0;
  const whole = Math.floor(u), rest = u - whole;
  let series = 1;
  for (let k = 16; k > 0; k--) series = 1 - rest * series / k;
  let power = 1;
  for (let n = whole, square = INVERSE_E; n > 0; n = Math.floor(n / 2), square *= square) {
    if (n % 2 === 1) power *= square;
  }
  return power * series;
}

/** Density at `v` scales from the middle, not normalised: e^-v, e^-v^1.5, e^-v^2, e^-v^3. */
function density(shape: number, v: number): number {
  return expNegative(shape === 0 ? v : shape === 1 ? v * Math.sqrt(v) : shape === 2 ? v * v : v * v * v);
}

/** |q| in the middle of what a token stands for. */
export function tokenMagnitude(token: number, direct: boolean): number {
  const z = direct || token < 64 ? token : hybridBase(token) + 2 ** (hybridRawBits(token) - 1);
  return Math.floor((z + 1) / 2);
}

/** Weights of all tokens of an alphabet. */
interface Weights {
  /** Whole, from 1 to 2^30. */
  readonly counts: Float64Array;
  /** Of |q|. */
  readonly mean: number;
}

const weightsCache: Weights[] = [];

function weightsOf(index: number, direct: boolean): Weights {
  return weightsCache[index * 2 + (direct ? 1 : 0)] ??= buildWeights(index, direct);
}

function buildWeights(index: number, direct: boolean): Weights {
  const shape = Math.floor(index / FAMILY_SCALES);
  let scale = 1 / 16;
  for (let k = index % FAMILY_SCALES; k > 0; k--) scale *= QUARTER_OCTAVE;
  const masses = new Float64Array(direct ? 256 : HYBRID_MAX_TOKEN + 1);
  let sum = 0, moment = 0, largest = 0;
  for (let t = 0; t < masses.length; t++) {
    const magnitude = tokenMagnitude(t, direct);
    let mass = 0;
    if (scale >= 8 || (!direct && t >= 64)) {
      mass = density(shape, magnitude / scale) * (direct ? 1 : 2 ** hybridRawBits(t));
    } else {
      // The mean over the interval that is rounded to q: at small scales far from the density in its middle.
      for (let j = 0; j < 8; j++) mass += density(shape, Math.abs(magnitude + (j - 3.5) / 8) / scale) / 8;
    }
    masses[t] = mass;
    sum += mass;
    moment += mass * magnitude;
    largest = Math.max(largest, mass);
  }
  return { counts: masses.map((m) => Math.max(1, Math.floor(m / largest * 2 ** 30))), mean: moment / sum };
}

const tableCache = new Map<number, Uint16Array<ArrayBuffer>>();
/** Streams may name any table; what is cached stays below some megabytes. */
const MAX_CACHED = 4096;

/**
 * The table `index` of the family, cut after `tokens` tokens; each of them has a frequency of at least 1.
 *
 * @param index Below {@linkcode FAMILY_SIZE}.
 * @param tokens 1 to 256, and at most 168 unless direct.
 * @returns The same object for the same arguments, mostly. Not to be written to.
 */
export function familyTable(index: number, direct: boolean, tokens: number): Uint16Array<ArrayBuffer> {
  const key = (index * 2 + (direct ? 1 : 0)) * 257 + tokens;
  let table = tableCache.get(key);
  if (table === undefined) {
    if (tableCache.size >= MAX_CACHED) tableCache.clear();
    tableCache.set(key, table = normaliseCounts(weightsOf(index, direct).counts.subarray(0, tokens)));
  }
  return table;
}

/** For each shape, the table with the least scale whose mean |q| is `mean` or more (or the greatest scale). */
export function familyStarts(mean: number, direct: boolean): number[] {
  const starts: number[] = [];
  for (let shape = 0; shape < FAMILY_SHAPES; shape++) {
    let low = 0, high = FAMILY_SCALES - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (weightsOf(shape * FAMILY_SCALES + middle, direct).mean < mean) low = middle + 1;
      else high = middle;
    }
    starts.push(shape * FAMILY_SCALES + low);
  }
  return starts;
}
