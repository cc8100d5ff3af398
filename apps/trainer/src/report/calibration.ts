/**
 * Calibration: do clicks come as often as predicted?
 *
 * @module
 */

/** Rows whose predictions are near one another. */
export interface CalibrationBin {
  readonly rows: number;
  /** Mean predicted probability. */
  readonly predicted: number;
  /** Share of rows with label 1. */
  readonly observed: number;
}

/**
 * Groups predictions into bins of equal width. Empty bins are left out.
 *
 * @param scores probabilities, one per row.
 * @param labels 0 or 1, one per row.
 */
export function calibrationBins(scores: Float32Array, labels: Float32Array, bins: number = 20): CalibrationBin[] {
  const rows = new Float64Array(bins), predicted = new Float64Array(bins), observed = new Float64Array(bins);
  for (let i = 0; i < scores.length; i++) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(scores[i]! * bins)));
    rows[bin]! += 1;
    predicted[bin]! += scores[i]!;
    observed[bin]! += labels[i]!;
  }
  return Array.from(rows, (n, b) => ({ rows: n, predicted: predicted[b]! / n, observed: observed[b]! / n }))
    .filter((bin) => bin.rows > 0);
}
