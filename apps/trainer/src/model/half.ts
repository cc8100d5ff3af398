/**
 * Half precision.
 *
 * @module
 */

/** The largest finite number of half precision. */
const MOST = 65504;

/**
 * Rounds values to what half precision can hold of them, ties to even; too large ones become the largest there is.
 *
 * @param values changed in place.
 * @param scale a power of two that they are multiplied by before, and divided by after.
 * @returns the largest error made.
 */
export function roundToHalf(values: Float32Array, scale: number = 1): number {
  const half = new Float16Array(1);
  let worst = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    // NaN stays NaN.
    half[0] = Math.max(-MOST, Math.min(MOST, value * scale));
    const rounded = half[0] / scale, error = Math.abs(value - rounded);
    if (error > worst) worst = error;
    values[i] = rounded;
  }
  return worst;
}
