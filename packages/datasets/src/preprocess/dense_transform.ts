/**
 * What becomes of an integer feature.
 *
 * "log1p-standard": `y = sign(x) ln(1 + |x|)`, standardised by mean and deviation of the fitted rows, clipped to the
 * range seen there and to `clipSigma` deviations, so that neither a heavy tail nor a counter that drifts past everything
 * seen in training can blow an activation up. Missing becomes 0, the mean. A column that is empty or constant in the
 * fitted rows is 0 everywhere: nothing could be learnt about it.
 *
 * "dlrm": `ln(max(x, 0) + 1)` with missing = 0, as in facebookresearch/dlrm.
 *
 * @module
 */
import { DENSE_FEATURES, type RawBlock } from "../layout.ts";
import { log, log1p } from "@pocketrec/compute/detmath";

/** Parameters of one column of "log1p-standard". */
export interface DenseColumn {
  /** Mean of y over the non-missing fitted values. */
  readonly mean: number;
  /** 1 / standard deviation, or 0 for a column without variation. */
  readonly scale: number;
  /** Lower clip, after standardisation. */
  readonly low: number;
  /** Upper clip, after standardisation. */
  readonly high: number;
}

let table: Float64Array | undefined;

/** `sign(x) ln(1 + |x|)`; a table serves the small values that make up most of a click log. */
export function signedLog1p(x: number): number {
  table ??= Float64Array.from({ length: 8192 }, (_, k) => log1p(k));
  const magnitude = x < 0 ? -x : x;
  const y = magnitude < table.length ? table[magnitude]! : log1p(magnitude);
  return x < 0 ? -y : y;
}

/** The `dlrm` transform, rounded to float32 at the points where NumPy rounds. */
export function dlrmDense(x: number): number {
  if (x <= 0) return 0;
  return x < 8191 ? signedLog1p(x) : log(Math.fround(Math.fround(x) + 1));
}

/** Accumulates, in row order, what {@linkcode DenseColumn} needs. */
export class DenseStatistics {
  readonly #count: Float64Array = new Float64Array(DENSE_FEATURES);
  readonly #mean: Float64Array = new Float64Array(DENSE_FEATURES);
  readonly #m2: Float64Array = new Float64Array(DENSE_FEATURES);
  readonly #low: Float64Array = new Float64Array(DENSE_FEATURES).fill(Infinity);
  readonly #high: Float64Array = new Float64Array(DENSE_FEATURES).fill(-Infinity);

  /** Takes rows `[from, to)` of a block. */
  add(block: RawBlock, from: number, to: number): void {
    for (let r = from; r < to; r++) {
      const missing = block.intMissing[r]!;
      for (let c = 0; c < DENSE_FEATURES; c++) {
        if ((missing >>> c) & 1) continue;
        const y = signedLog1p(block.ints[r * DENSE_FEATURES + c]!);
        const count = ++this.#count[c]!;
        const delta = y - this.#mean[c]!; // Welford
        this.#mean[c]! += delta / count;
        this.#m2[c]! += delta * (y - this.#mean[c]!);
        if (y < this.#low[c]!) this.#low[c] = y;
        if (y > this.#high[c]!) this.#high[c] = y;
      }
    }
  }

  /** The fitted columns. @param clipSigma deviations beyond which values are clipped */
  columns(clipSigma: number): DenseColumn[] {
    return Array.from({ length: DENSE_FEATURES }, (_, c) => {
      const mean = this.#mean[c]!;
      if (!(this.#high[c]! > this.#low[c]!)) return { mean, scale: 0, low: 0, high: 0 };
      const scale = 1 / Math.sqrt(this.#m2[c]! / this.#count[c]!);
      return {
        mean,
        scale,
        low: Math.max(-clipSigma, (this.#low[c]! - mean) * scale),
        high: Math.min(clipSigma, (this.#high[c]! - mean) * scale),
      };
    });
  }
}

/** Applies one column's transform to a value that is not missing. */
export function standardise(x: number, { mean, scale, low, high }: DenseColumn): number {
  const z = (signedLog1p(x) - mean) * scale;
  return z < low ? low : z > high ? high : z;
}
