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

const DIGITS = 256;
/** Ranges this short are sorted by insertion. */
const SHORT = 24;

/** Sorts keys in place: radix sort from the most significant byte on, buckets swapped into place ("American flag"). */
export function sortKeys(keys: Uint32Array): void {
  // Per byte: where each bucket's unsorted part starts, and where the bucket ends.
  const starts = [24, 16, 8, 0].map(() => new Uint32Array(DIGITS));
  const ends = [24, 16, 8, 0].map(() => new Uint32Array(DIGITS));
  sortRange(0, keys.length, 0);

  function sortRange(from: number, to: number, depth: number): void {
    if (to - from <= SHORT) return insertionSort(keys, from, to);
    const shift = 24 - 8 * depth, start = starts[depth]!, end = ends[depth]!;
    end.fill(0);
    for (let i = from; i < to; i++) end[keys[i]! >>> shift & 255]!++;
    for (let digit = 0, at = from; digit < DIGITS; digit++) {
      start[digit] = at;
      at += end[digit]!;
      end[digit] = at;
    }
    for (let digit = 0; digit < DIGITS; digit++) {
      for (let i = start[digit]!; i < end[digit]!; i = start[digit]!) {
        let key = keys[i]!;
        // Follow the cycle of keys that sit in each other's buckets.
        for (let home = key >>> shift & 255; home !== digit; home = key >>> shift & 255) {
          const place = start[home]!++;
          const evicted = keys[place]!;
          keys[place] = key;
          key = evicted;
        }
        keys[i] = key;
        start[digit]!++;
      }
    }
    if (depth === 3) return;
    for (let digit = 0, at = from; digit < DIGITS; digit++) {
      const bucketEnd = end[digit]!;
      if (bucketEnd - at > 1) sortRange(at, bucketEnd, depth + 1);
      at = bucketEnd;
    }
  }
}

function insertionSort(keys: Uint32Array, from: number, to: number): void {
  for (let i = from + 1; i < to; i++) {
    const key = keys[i]!;
    let j = i;
    for (; j > from && keys[j - 1]! > key; j--) keys[j] = keys[j - 1]!;
    keys[j] = key;
  }
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
