/**
 * Whether restored values keep their bound, without any rounding in the check.
 *
 * @module
 */
import type { ErrorBound } from "./options.ts";

/**
 * Whether |a - b| <= bound, exactly.
 *
 * The difference of two doubles is that of the machine plus what rounding took, which is a double as well (two-sum, Knuth,
 * TAOCP vol. 2, 4.2.2): so ties of the machine's difference with the bound are decided by the sign of the rest. Elsewhere
 * rounding changes nothing, as it keeps the order: what is above the bound cannot be rounded to below it, nor the reverse.
 */
export function within(a: number, b: number, bound: number): boolean {
  const difference = a - b, rest = difference - a, lost = (a - (difference - rest)) - (b + rest);
  if (Math.abs(difference) !== bound) return Math.abs(difference) < bound;
  return difference > 0 ? lost <= 0 : lost >= 0;
}

/** What a check came to. */
export interface Judged {
  /** Values that are not as the bound wants. */
  readonly violations: number;
  /** Index of the first, -1 if there is none. */
  readonly first: number;
  /** The greatest |x - x^| of finite values, rounded to a double; for an absolute bound, otherwise 0. */
  readonly greatestError: number;
}

/**
 * Compares f32 values with the restored ones. NaN with all their bits and infinities have to be the same; zeros have no sign.
 *
 * A bound relative to each value is taken as documented, rounded down to a power of two: its product with a value is then
 * exact, and one that is kept keeps the bound asked for too.
 *
 * @throws {RangeError} The bound is relative to a range
 */
export function judge(x: Float32Array, restored: Float32Array, bound: ErrorBound): Judged {
  const before = new Uint32Array(x.buffer, x.byteOffset, x.length);
  const after = new Uint32Array(restored.buffer, restored.byteOffset, restored.length);
  let violations = 0, first = -1, greatestError = 0;
  const violated = (i: number) => {
    if (violations++ === 0) first = i;
  };
  if (x.length !== restored.length) return { violations: x.length, first: 0, greatestError };
  if (bound === "lossless") {
    for (let i = 0; i < before.length; i++) if (before[i] !== after[i]) violated(i);
  } else if ("abs" in bound) {
    const { abs } = bound;
    for (let i = 0; i < x.length; i++) {
      const a = x[i]!, b = restored[i]!, error = Math.abs(a - b);
      if (!(error < abs) && (a - a === 0 ? !within(a, b, abs) : before[i] !== after[i])) violated(i);
      else if (error > greatestError) greatestError = error;
    }
  } else if ("pwRel" in bound) {
    let share = 1;
    while (share > bound.pwRel) share /= 2;
    for (let i = 0; i < x.length; i++) {
      const a = x[i]!, b = restored[i]!, most = share * Math.abs(a);
      if (Math.abs(a - b) < most) continue;
      if (a - a === 0 ? !within(a, b, most) : before[i] !== after[i]) violated(i);
    }
  } else throw new RangeError(`Cannot judge by ${JSON.stringify(bound)}: want abs, pwRel or lossless`);
  return { violations, first, greatestError };
}
