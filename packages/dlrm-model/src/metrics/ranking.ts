/**
 * Metrics of an order: exact, by sorting all scores. Scores travel as sortable 32-bit keys, split by label, so that
 * 89 million of them need less than 1 GB.
 *
 * @module
 */

/** Sorted keys of the scores of both classes. */
export interface RankedScores {
  /** Keys of the positive samples, ascending. */
  readonly positives: Uint32Array;
  /** Keys of the negative samples, ascending. */
  readonly negatives: Uint32Array;
}

/**
 * Maps the bits of a float32 to a u32 of the same order: all bits flip where the sign is set, else the sign alone. Both
 * zeros must come in as +0.
 */
export function sortableKey(bits: number): number {
  return (bits & 0x8000_0000 ? ~bits : bits | 0x8000_0000) >>> 0;
}

const DIGIT_BITS = 11;
const BUCKETS = 1 << DIGIT_BITS;

/** Sorts keys in place by least-significant-digit radix sort: three passes, one array of scratch. */
export function sortKeys(keys: Uint32Array): void {
  let from = keys, to: Uint32Array = new Uint32Array(keys.length);
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    const next = new Float64Array(BUCKETS);
    for (let i = 0; i < from.length; i++) next[from[i]! >>> shift & (BUCKETS - 1)]!++;
    let sum = 0;
    for (let digit = 0; digit < BUCKETS; digit++) {
      const count = next[digit]!;
      next[digit] = sum;
      sum += count;
    }
    for (let i = 0; i < from.length; i++) {
      const key = from[i]!;
      to[next[key >>> shift & (BUCKETS - 1)]!++] = key;
    }
    [from, to] = [to, from];
  }
  if (from !== keys) keys.set(from);
}

/**
 * Area under the ROC curve as Mann and Whitney count it: the share of pairs of a positive and a negative sample in
 * which the positive one scores higher, a tie counting one half (the mean rank). Equal to scikit-learn's
 * `roc_auc_score`. NaN where a class is absent.
 */
export function aucOfRanks({ positives, negatives }: RankedScores): number {
  // Twice the number of won pairs is a whole number below 2^53 up to 1.9e8 samples.
  let twiceWon = 0, below = 0;
  for (let i = 0; i < positives.length;) {
    const key = positives[i]!;
    let ties = i;
    while (positives[ties] === key) ties++;
    while (below < negatives.length && negatives[below]! < key) below++;
    let equal = below;
    while (equal < negatives.length && negatives[equal] === key) equal++;
    twiceWon += (ties - i) * (below + equal);
    below = equal;
    i = ties;
  }
  return twiceWon / (2 * positives.length * negatives.length);
}

/**
 * Average precision: the sum over distinct thresholds, highest first, of the gain in recall times the precision there.
 * Equal to scikit-learn's `average_precision_score`. NaN without positive samples.
 */
export function averagePrecisionOfRanks({ positives, negatives }: RankedScores): number {
  let sum = 0, negative = negatives.length - 1;
  for (let i = positives.length - 1; i >= 0;) {
    const key = positives[i]!;
    let next = i;
    while (next >= 0 && positives[next] === key) next--;
    while (negative >= 0 && negatives[negative]! >= key) negative--;
    const truePositives = positives.length - 1 - next, falsePositives = negatives.length - 1 - negative;
    sum += (i - next) * (truePositives / (truePositives + falsePositives));
    i = next;
  }
  return sum / positives.length;
}
