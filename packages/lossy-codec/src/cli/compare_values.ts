/**
 * How far restored values are off, by definition and not by what the encoder says.
 *
 * @module
 */
import { dtypeOf, type FloatArray } from "../dtype.ts";
import { F16 } from "../kernels/kernels.ts";
import { f16Value } from "../kernels/plain_range.ts";
import type { ErrorBound } from "../options.ts";

/** Result of a comparison. */
export interface Comparison {
  /** The greatest |x - x^| of finite values; of `pwRel` the greatest |x - x^| / |x|. */
  readonly maxError: number;
  /** What it may be. */
  readonly allowed: number;
  /** Values that are off by more, and values that are not finite and changed. */
  readonly violations: number;
}

/** Compares an array with what it was restored to, in double precision. */
export function compareValues(x: FloatArray, restored: FloatArray, bound: ErrorBound): Comparison {
  const half = dtypeOf(x) === F16, value = (array: FloatArray, i: number) => half ? f16Value(array[i]!) : array[i]!;
  const allowed = allowedError(x.length, (i) => value(x, i), bound),
    relative = bound !== "lossless" && "pwRel" in bound;
  let maxError = 0, violations = 0;
  for (let i = 0; i < x.length; i++) {
    const a = value(x, i), b = value(restored, i);
    if (Object.is(a, b)) continue;
    const distance = Math.abs(a - b), error = relative && distance !== 0 ? distance / Math.abs(a) : distance;
    if (!(error <= allowed) || bound === "lossless") violations++;
    if (error > maxError) maxError = error;
  }
  return { maxError, allowed, violations };
}

function allowedError(length: number, value: (i: number) => number, bound: ErrorBound): number {
  if (bound === "lossless") return 0;
  if ("abs" in bound) return bound.abs;
  if ("pwRel" in bound) return bound.pwRel;
  let least = Infinity, greatest = -Infinity;
  for (let i = 0; i < length; i++) {
    const x = value(i);
    if (!Number.isFinite(x)) continue;
    if (x < least) least = x;
    if (x > greatest) greatest = x;
  }
  return greatest > least ? bound.rel * (greatest - least) : 0;
}
