import { log } from "@pocketrec/compute/detmath";

/** What the true probabilities score on sampled labels: the best any model can expect. */
export interface BayesScores {
  /** Area under the ROC curve, ties counted half. */
  readonly auc: number;
  /** Mean log loss in nats. */
  readonly logloss: number;
  /** Mean label. */
  readonly ctr: number;
}

/**
 * Exact scores of the true probabilities on rows `0..rows-1`. To sort once and in place, the label travels in the
 * last bit of the probability's float64; that moves it by 1e-16.
 */
export function bayesScores(
  rows: number,
  outcome: (row: number) => { probability: number; label: number },
): BayesScores {
  const scores = new Float64Array(rows);
  const words = new Uint32Array(scores.buffer);
  let loss = 0, positives = 0;
  for (let row = 0; row < rows; row++) {
    const { probability, label } = outcome(row);
    scores[row] = probability;
    words[2 * row] = (words[2 * row]! & ~1) | label;
    positives += label;
    loss -= log(label ? probability : 1 - probability);
  }
  scores.sort();
  // Mann-Whitney: for every run of equal scores, positives beat the negatives before it and half of those in it.
  let wins = 0, negatives = 0;
  for (let i = 0; i < rows;) {
    let ones = 0, zeros = 0;
    const low = words[2 * i]! & ~1, high = words[2 * i + 1]!;
    for (; i < rows && (words[2 * i]! & ~1) === low && words[2 * i + 1] === high; i++) {
      if (words[2 * i]! & 1) ones++;
      else zeros++;
    }
    wins += ones * (negatives + zeros / 2);
    negatives += zeros;
  }
  return { auc: wins / (positives * negatives), logloss: loss / rows, ctr: positives / rows };
}
