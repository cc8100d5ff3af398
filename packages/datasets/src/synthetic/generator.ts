/**
 * A click log that looks like Criteo's and can be learnt, with known probabilities. Every value is a pure function of
 * (seed, row, column), so any row can be had at any time, in any runtime, with the same bits.
 *
 * - ids: bounded Zipf ranks (exponent 1.2, 0.9 for tables of 1,000 rows or fewer) through a permutation of the table, so
 *   that hot rows are not contiguous; cardinalities are Criteo Kaggle's, `0.02 n + 200` where n > 2,000.
 * - dense: 0 in 20 % of the rows, otherwise floor(lognormal(1, 1.2)); the feature is ln(x + 1).
 * - label: Bernoulli(sigmoid(b + 1.2 L + 0.5 P + 0.6 D)), where over the 8 informative tables I and normal effects g
 *   (scalars) and u (vectors of 2) that hang on the id, `L = sum g / sqrt(|I|)`, `P = sum_{t<s} <u_t, u_s> / sqrt(2 |I|
 *   (|I|-1) / 2)`, and `D = <w, standardised dense> / sqrt(13)`; b makes the mean probability 0.2562.
 *
 * @module
 */
import { exp, log1p, normalQuantile } from "@pocketrec/compute/detmath";
import type { CtrBatch, CtrSchema } from "../dataset.ts";
import { combine, mix32 } from "../hash.ts";
import { CATEGORIES, CATEGORY_NAMES, DENSE_FEATURES } from "../layout.ts";
import { Permutation } from "../permutation.ts";
import { DiscreteSampler } from "./discrete_sampler.ts";

/** Rows of the 26 tables: 681,167 in all. */
export const SYNTHETIC_TABLE_ROWS: readonly number[] = [
  1460,
  583,
  202824,
  44252,
  305,
  24,
  450,
  633,
  3,
  2062,
  313,
  167231,
  263,
  27,
  499,
  109426,
  10,
  313,
  243,
  4,
  141130,
  18,
  15,
  5923,
  105,
  3051,
];
/** Tables whose ids bear on the label. */
export const INFORMATIVE_TABLES: readonly number[] = [0, 2, 5, 8, 10, 14, 19, 22];

const MEAN_PROBABILITY = 0.2562;
const LINEAR = 1.2 / Math.sqrt(8);
const PAIR = 0.5 / Math.sqrt(2 * 28);
const DENSE = 0.6 / Math.sqrt(13);
const LABEL_COLUMN = CATEGORIES + DENSE_FEATURES;
const CALIBRATION_ROWS = 1 << 16;
/** Rows from here on serve to find the bias only. */
const CALIBRATION_START = 2 ** 40;

/** The generator for one seed. Building it takes some 0.3 s, a row about a microsecond. */
export class CriteoLikeGenerator {
  /** Widths of the features. */
  readonly schema: CtrSchema;
  readonly #keys: Int32Array = new Int32Array(2 * (LABEL_COLUMN + 1));
  readonly #ranks: readonly DiscreteSampler[];
  readonly #ids: readonly Uint32Array[];
  readonly #effects: readonly (Float32Array | undefined)[];
  readonly #counts: DiscreteSampler;
  readonly #feature: Float64Array;
  readonly #denseEffect: Float64Array;
  readonly #row: Uint32Array = new Uint32Array(CATEGORIES + DENSE_FEATURES);
  #bias = 0;

  /** Builds the tables for a seed. @param seed any safe integer */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed)) {
      throw new RangeError(`Cannot generate data as the seed must be an integer: got ${seed}`);
    }
    const key = combine(combine(0xc417e0, seed), Math.floor(seed / 2 ** 32));
    for (let i = 0; i < this.#keys.length; i++) this.#keys[i] = combine(key, i);
    const tables = SYNTHETIC_TABLE_ROWS.map((rows, t) => ({ name: CATEGORY_NAMES[t]!, rows }));
    this.schema = { denseFeatures: DENSE_FEATURES, tables };
    this.#ranks = SYNTHETIC_TABLE_ROWS.map((rows) => DiscreteSampler.zipf(rows, rows > 1000 ? 1.2 : 0.9));
    this.#ids = SYNTHETIC_TABLE_ROWS.map((rows, t) => {
      const permutation = new Permutation(rows, combine(key, 1000 + t));
      return Uint32Array.from({ length: rows }, (_, rank) => permutation.at(rank));
    });
    const normal = (stream: number, index: number): number =>
      normalQuantile((combine(combine(key, 2000 + stream), index) + 0.5) / 2 ** 32);
    this.#effects = SYNTHETIC_TABLE_ROWS.map((rows, t) =>
      INFORMATIVE_TABLES.includes(t) ? Float32Array.from({ length: 3 * rows }, (_, i) => normal(t, i)) : undefined
    );
    this.#counts = DiscreteSampler.ofMonotone((u) => {
      const rest = ((u + 0.5) / 2 ** 32 - 0.2) / 0.8;
      return rest <= 0 ? 0 : Math.floor(exp(1 + 1.2 * normalQuantile(rest)));
    });
    this.#feature = Float64Array.from({ length: this.#counts.size }, (_, x) => log1p(x));
    let mean = 0, square = 0;
    for (let x = 0; x < this.#counts.size; x++) {
      mean += this.#counts.probability(x) * this.#feature[x]!;
      square += this.#counts.probability(x) * this.#feature[x]! * this.#feature[x]!;
    }
    const scale = DENSE / Math.sqrt(square - mean * mean);
    const weights = Array.from({ length: DENSE_FEATURES }, (_, i) => normal(100, i) * scale);
    // Effect of count x in column c at [x * 13 + c].
    this.#denseEffect = Float64Array.from(
      { length: this.#counts.size * DENSE_FEATURES },
      (_, i) => weights[i % DENSE_FEATURES]! * (this.#feature[Math.floor(i / DENSE_FEATURES)]! - mean),
    );
    this.#bias = this.#calibrate();
  }

  /** Writes row `row` (0..2^40-1) to place `at` of a batch; returns the true probability of its label being 1. */
  write(row: number, batch: CtrBatch, at: number): number {
    const logit = this.#draw(row);
    const values = this.#row;
    for (let t = 0, to = at * CATEGORIES; t < CATEGORIES; t++) batch.ids[to + t] = values[t]!;
    for (let c = 0, to = at * DENSE_FEATURES; c < DENSE_FEATURES; c++) {
      batch.dense[to + c] = this.#feature[values[CATEGORIES + c]!]!;
    }
    const probability = sigmoid(logit + this.#bias);
    batch.labels[at] = this.#label(row, probability);
    return probability;
  }

  /** The true probability and the label of a row. */
  outcome(row: number): { probability: number; label: number } {
    const probability = sigmoid(this.#draw(row) + this.#bias);
    return { probability, label: this.#label(row, probability) };
  }

  /** Rows `[from, to)` as Criteo TSV; categories are a bijective hash of the ids, as in the real files. */
  tsv(from: number, to: number): Uint8Array<ArrayBuffer> {
    const lines: string[] = [];
    for (let row = from; row < to; row++) {
      const { label } = this.outcome(row);
      let line = `${label}`;
      for (let c = 0; c < DENSE_FEATURES; c++) line += `\t${this.#row[CATEGORIES + c]}`;
      for (let t = 0; t < CATEGORIES; t++) {
        line += "\t" + mix32(this.#row[t]! ^ this.#keys[t]!).toString(16).padStart(8, "0");
      }
      lines.push(line + "\n");
    }
    return new TextEncoder().encode(lines.join(""));
  }

  #uniform(row: number, column: number): number {
    const inner = mix32(row ^ this.#keys[2 * column]!);
    return mix32(inner + this.#keys[2 * column + 1]! + Math.imul(Math.floor(row / 2 ** 32), 0x9e3779b1));
  }

  #label(row: number, probability: number): number {
    return (this.#uniform(row, LABEL_COLUMN) + 0.5) / 2 ** 32 < probability ? 1 : 0;
  }

  /** Draws ids and counts of a row into the scratch row; returns the logit without the bias. */
  #draw(row: number): number {
    const values = this.#row;
    let linear = 0, u0 = 0, u1 = 0, squares = 0;
    for (let t = 0; t < CATEGORIES; t++) {
      const id = this.#ids[t]![this.#ranks[t]!.draw(this.#uniform(row, t))]!;
      values[t] = id;
      const effects = this.#effects[t];
      if (!effects) continue;
      const a = effects[3 * id + 1]!, b = effects[3 * id + 2]!;
      linear += effects[3 * id]!;
      u0 += a;
      u1 += b;
      squares += a * a + b * b;
    }
    let dense = 0;
    for (let c = 0; c < DENSE_FEATURES; c++) {
      const x = this.#counts.draw(this.#uniform(row, CATEGORIES + c));
      values[CATEGORIES + c] = x;
      dense += this.#denseEffect[x * DENSE_FEATURES + c]!;
    }
    return LINEAR * linear + PAIR * 0.5 * (u0 * u0 + u1 * u1 - squares) + dense;
  }

  /** Newton's method on the mean probability of the calibration rows. */
  #calibrate(): number {
    const logits = Float64Array.from({ length: CALIBRATION_ROWS }, (_, i) => this.#draw(CALIBRATION_START + i));
    let bias = 0;
    for (let step = 0; step < 8; step++) {
      let sum = 0, slope = 0;
      for (const logit of logits) {
        const p = sigmoid(logit + bias);
        sum += p;
        slope += p * (1 - p);
      }
      bias -= (sum - MEAN_PROBABILITY * CALIBRATION_ROWS) / slope;
    }
    return bias;
  }
}

function sigmoid(x: number): number {
  return 1 / (1 + exp(-x));
}
