import { exp, log, log1p } from "@pocketrec/compute/detmath";
import { KeyStore } from "./key_store.ts";
import { aucOfRanks, averagePrecisionOfRanks, sortableKey } from "./ranking.ts";

/** One bin of the reliability diagram. */
export interface CalibrationBin {
  /** Samples whose predicted probability falls in the bin. */
  readonly count: number;
  /** Mean predicted probability; NaN in an empty bin. */
  readonly predicted: number;
  /** Share of positive labels; NaN in an empty bin. */
  readonly observed: number;
}

/** Exact metrics of binary predictions; a value that the data does not define is NaN. */
export interface ClickMetrics {
  /** Samples. */
  readonly samples: number;
  /** Share of positive labels. */
  readonly ctr: number;
  /** Area under the ROC curve, ties by mean rank. */
  readonly auc: number;
  /** Average precision. */
  readonly averagePrecision: number;
  /** Mean negative log-likelihood, natural logarithm; of probabilities, each logarithm is at least -100. */
  readonly logloss: number;
  /** Normalised entropy: logloss over the entropy of always predicting the mean rate. */
  readonly normalizedEntropy: number;
  /** Share of samples whose probability, rounded half to even, is the label. */
  readonly accuracy: number;
  /** Share of positives among the samples predicted positive; 0 where none is. */
  readonly precision: number;
  /** Share of the positives that is predicted positive; 0 where there is none. */
  readonly recall: number;
  /** Harmonic mean of precision and recall; 0 where both are. */
  readonly f1: number;
  /** Mean predicted probability over the share of positive labels: 1 is calibrated. */
  readonly calibration: number;
  /** Bins of equal width over [0, 1]. */
  readonly bins: readonly CalibrationBin[];
}

/** Options of {@linkcode ClickMetricsAccumulator}. */
export interface ClickMetricsOptions {
  /** What `add` receives. Default `"probability"`. */
  readonly scores?: "probability" | "logit";
  /** Bins of the reliability diagram. Default 20. */
  readonly bins?: number;
}

/**
 * Collects predictions batch by batch and computes exact metrics over all of them. Holds 4 bytes per sample, and up to
 * twice that while it joins what it collected.
 *
 * ```ts
 * import { ClickMetricsAccumulator } from "@pocketrec/dlrm-model";
 *
 * const metrics = new ClickMetricsAccumulator();
 * metrics.add(Float32Array.of(0.1, 0.8, 0.35), Float32Array.of(0, 1, 1));
 * console.log(metrics.result().auc); // 1
 * ```
 */
export class ClickMetricsAccumulator {
  readonly #logits: boolean;
  readonly #positives = new KeyStore();
  readonly #negatives = new KeyStore();
  #loss = 0;
  #truePositives = 0;
  #falsePositives = 0;
  readonly #counts: Float64Array;
  readonly #predicted: Float64Array;
  readonly #observed: Float64Array;

  /** Starts empty. */
  constructor(options: ClickMetricsOptions = {}) {
    const bins = options.bins ?? 20;
    if (!Number.isInteger(bins) || bins < 1) {
      throw new RangeError(`Cannot collect metrics in ${bins} bins: want a whole number >= 1`);
    }
    this.#logits = options.scores === "logit";
    this.#counts = new Float64Array(bins);
    this.#predicted = new Float64Array(bins);
    this.#observed = new Float64Array(bins);
  }

  /** Samples added so far. */
  get samples(): number {
    return this.#positives.length + this.#negatives.length;
  }

  /**
   * Adds a batch.
   *
   * @param scores probabilities in [0, 1], or logits
   * @param labels 0 or 1, as many as scores
   * @throws {RangeError} naming the index of a NaN, of a probability outside [0, 1] or of another label; the batch is
   *   not added then
   */
  add(scores: Float32Array, labels: ArrayLike<number>): void {
    this.#check(scores, labels);
    const float = new Float32Array(1), bits = new Uint32Array(float.buffer);
    const bins = this.#counts.length;
    for (let i = 0; i < scores.length; i++) {
      const score = scores[i]!, label = labels[i]!;
      float[0] = score + 0; // both zeros become +0
      const key = sortableKey(bits[0]!);
      let probability = score;
      if (this.#logits) {
        const e = exp(-Math.abs(score));
        probability = (score >= 0 ? 1 : e) / (1 + e);
        this.#loss += Math.max(score, 0) - score * label + log1p(e);
      } else this.#loss -= Math.max(-100, log(label ? score : 1 - score));
      const predictedPositive = this.#logits ? score > 0 : score > 0.5;
      if (label) {
        this.#positives.push(key);
        if (predictedPositive) this.#truePositives++;
      } else {
        this.#negatives.push(key);
        if (predictedPositive) this.#falsePositives++;
      }
      const bin = Math.min(bins - 1, Math.floor(probability * bins));
      this.#counts[bin]!++;
      this.#predicted[bin]! += probability;
      this.#observed[bin]! += label;
    }
  }

  /** The metrics of everything added so far; more may be added afterwards. */
  result(): ClickMetrics {
    const ranks = { positives: this.#positives.sorted(), negatives: this.#negatives.sorted() };
    const positives = ranks.positives.length, negatives = ranks.negatives.length, samples = positives + negatives;
    const ctr = positives / samples, logloss = this.#loss / samples;
    const entropy = positives && negatives ? -(ctr * log(ctr) + (1 - ctr) * log(1 - ctr)) : NaN;
    const truePositives = this.#truePositives, falsePositives = this.#falsePositives;
    const predicted = this.#predicted.reduce((sum, value) => sum + value, 0);
    return {
      samples,
      ctr,
      auc: aucOfRanks(ranks),
      averagePrecision: averagePrecisionOfRanks(ranks),
      logloss,
      normalizedEntropy: logloss / entropy,
      accuracy: (truePositives + negatives - falsePositives) / samples,
      precision: truePositives / (truePositives + falsePositives) || 0,
      recall: truePositives / positives || 0,
      f1: 2 * truePositives / (positives + truePositives + falsePositives) || 0,
      calibration: predicted / positives,
      bins: Array.from(this.#counts, (count, i) => ({
        count,
        predicted: this.#predicted[i]! / count,
        observed: this.#observed[i]! / count,
      })),
    };
  }

  #check(scores: Float32Array, labels: ArrayLike<number>): void {
    if (scores.length !== labels.length) {
      throw new RangeError(`Cannot add ${scores.length} scores with ${labels.length} labels: want equal lengths`);
    }
    const most = this.#logits ? Infinity : 1, least = this.#logits ? -Infinity : 0;
    for (let i = 0; i < scores.length; i++) {
      const score = scores[i]!, label = labels[i]!;
      if (!(score >= least && score <= most)) {
        const want = this.#logits ? "a number" : "a probability from 0 to 1";
        throw new RangeError(`Cannot add score ${score} at index ${i}: want ${want}`);
      }
      if (label !== 0 && label !== 1) {
        throw new RangeError(`Cannot add label ${label} at index ${i}: want 0 or 1`);
      }
    }
  }
}

/** Area under the ROC curve of scores in any order-preserving unit; see {@linkcode ClickMetrics.auc}. */
export function rocAuc(scores: Float32Array, labels: ArrayLike<number>): number {
  const metrics = new ClickMetricsAccumulator({ scores: "logit" });
  metrics.add(scores, labels);
  return metrics.result().auc;
}
