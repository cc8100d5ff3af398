/**
 * Paired bootstrap over test rows: every resample draws the same rows for all arms and seeds, so that what the rows have
 * in common cancels in differences.
 *
 * @module
 */

/** Probabilities and labels of the test rows, prepared for weighted scores. */
export interface Scores {
  /** By ascending probability: `2 * row + label`, the top bit set on the last row of a run of equal probabilities. */
  readonly order: Uint32Array;
  /** Log loss by row. */
  readonly losses: Float64Array;
}

/** AUC and log loss. */
export interface Score {
  readonly auc: number;
  readonly logloss: number;
}

/** A difference and what 95 % of the resamples lie between. */
export interface Difference {
  readonly mean: number;
  /** Resampled rows. */
  readonly rows: readonly [number, number];
  /** Resampled rows and seeds. */
  readonly rowsAndSeeds: readonly [number, number];
}

const LAST = 2 ** 31;

/** Prepares the interleaved probabilities and labels of a run. */
export function prepareScores(pairs: Float32Array): Scores {
  const rows = pairs.length / 2;
  const sorted = Uint32Array.from({ length: rows }, (_, i) => i).sort((a, b) => pairs[2 * a]! - pairs[2 * b]!);
  const order = sorted.map((row, i) => {
    const last = i + 1 === rows || pairs[2 * sorted[i + 1]!]! !== pairs[2 * row]!;
    return 2 * row + (pairs[2 * row + 1]! > 0 ? 1 : 0) + (last ? LAST : 0);
  });
  const losses = Float64Array.from({ length: rows }, (_, row) => {
    const p = Math.min(1 - 1e-7, Math.max(1e-7, pairs[2 * row]!));
    return -Math.log(pairs[2 * row + 1]! > 0 ? p : 1 - p);
  });
  return { order, losses };
}

/** AUC and log loss where row i counts `weights[i]` times. */
export function weightedScore({ order, losses }: Scores, weights: Uint8Array): Score {
  let below = 0, tied = 0, tiedPositive = 0, positives = 0, area = 0;
  for (let i = 0; i < order.length; i++) {
    const code = order[i]!, weight = weights[(code & (LAST - 1)) >>> 1]!;
    if (code & 1) tiedPositive += weight;
    else tied += weight;
    if (code >= LAST) {
      area += tiedPositive * (below + tied / 2);
      positives += tiedPositive;
      below += tied;
      tied = tiedPositive = 0;
    }
  }
  let loss = 0;
  for (let row = 0; row < losses.length; row++) loss += weights[row]! * losses[row]!;
  return { auc: area / (positives * below), logloss: loss / (positives + below) };
}

/** Weights of `resamples` draws of as many rows as there are. */
export function* resampled(rows: number, resamples: number, seed: number): Generator<Uint8Array> {
  const next = randomWords(seed);
  const weights = new Uint8Array(rows);
  for (let k = 0; k < resamples; k++) {
    weights.fill(0);
    // Rows far below 2^32, so that the bias of scaling is far below anything seen; 255 draws of one row never happen.
    for (let i = 0; i < rows; i++) weights[Math.floor(next() / 2 ** 32 * rows)]!++;
    yield weights;
  }
}

/** Scores by arm and seed: of all rows, and of every resample. */
export class Resamples {
  readonly #scores = new Map<
    string,
    { readonly whole: Score; readonly auc: Float64Array; readonly logloss: Float64Array }
  >();
  readonly #count: number;

  /**
   * @param runs by a key; all over the same rows
   * @param progress told how many resamples are done
   */
  constructor(runs: ReadonlyMap<string, Scores>, resamples: number, progress: (done: number) => void = () => {}) {
    this.#count = resamples;
    const rows = [...runs.values()][0]?.losses.length ?? 0;
    const ones = new Uint8Array(rows).fill(1);
    for (const [key, scores] of runs) {
      if (scores.losses.length !== rows) {
        throw new RangeError(`Cannot compare ${key} of ${scores.losses.length} rows with others of ${rows}`);
      }
      const [auc, logloss] = [new Float64Array(resamples), new Float64Array(resamples)];
      this.#scores.set(key, { whole: weightedScore(scores, ones), auc, logloss });
    }
    let done = 0;
    for (const weights of resampled(rows, resamples, 1)) {
      for (const [key, scores] of runs) {
        const { auc, logloss } = weightedScore(scores, weights);
        this.#scores.get(key)!.auc[done] = auc;
        this.#scores.get(key)!.logloss[done] = logloss;
      }
      progress(++done);
    }
  }

  /** Mean over seeds of `ours[s] - theirs[s]`, runs by their keys. */
  difference(metric: "auc" | "logloss", ours: readonly string[], theirs: readonly string[]): Difference {
    const pairs = ours.map((key, i) => [this.#scores.get(key)!, this.#scores.get(theirs[i]!)!] as const);
    const next = randomWords(2);
    const [rows, both] = [new Float64Array(this.#count), new Float64Array(this.#count)];
    for (let k = 0; k < this.#count; k++) {
      for (const [a, b] of pairs) rows[k]! += (a[metric][k]! - b[metric][k]!) / pairs.length;
      for (let i = 0; i < pairs.length; i++) {
        const [a, b] = pairs[next() % pairs.length]!;
        both[k]! += (a[metric][k]! - b[metric][k]!) / pairs.length;
      }
    }
    const mean = pairs.reduce((sum, [a, b]) => sum + a.whole[metric] - b.whole[metric], 0) / pairs.length;
    return { mean, rows: middle(rows), rowsAndSeeds: middle(both) };
  }
}

/** The quantiles that 95 % lie between. */
function middle(values: Float64Array): [number, number] {
  const sorted = values.toSorted();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  return [at(0.025), at(0.975)];
}

/** 32-bit words (splitmix32): drawing rows needs no better, and 10^8 of them in a second. */
function randomWords(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let word = state ^ (state >>> 16);
    word = Math.imul(word, 0x21f0aaad);
    word ^= word >>> 15;
    word = Math.imul(word, 0x735a2d97);
    return (word ^ (word >>> 15)) >>> 0;
  };
}
