/**
 * The second level of adaptation: a factor on every table's bound that falls to 1 as training goes on.
 *
 * @module
 */

/** How the factor falls. `constant` keeps it for the whole phase; `none` has no phase. */
export type DecayKind = "step" | "linear" | "log" | "constant" | "none";

/** The kinds of decay. */
export const DECAY_KINDS: readonly DecayKind[] = ["step", "linear", "log", "constant", "none"];

/** A decay. */
export interface Decay {
  /** How the factor falls. */
  readonly kind: DecayKind;
  /** The factor at iteration 0, at least 1. The authors' default is 2. */
  readonly initial: number;
  /** Iterations until the factor is 1, at least 1. The authors' default is 65,536, about a fifth of their run. */
  readonly iterations: number;
}

/** No decay. */
export const NO_DECAY: Decay = { kind: "none", initial: 1, iterations: 1 };

/** Drops of the kind `step`. */
const DROPS = 10;

/** The double nearest to Euler's number. */
const E = 2.718281828459045;
/** The double nearest to ln 2. */
const LN2 = 0.6931471805599453;

/**
 * The factor at an iteration. With `c0 = initial`, `T = iterations`, for `t < T`:
 *
 * ```text
 * step      c0 max(1/c0, 1 - floor(10 t/T) (1 - 1/c0)/10)
 * linear    c0 (1 - (t/T) (1 - 1/c0))
 * log       c0 ((1 - ln(1 + (t/T) (e - 1))) (1 - 1/c0) + 1/c0)
 * constant  c0
 * ```
 *
 * and 1 from `T` on. Every operation is one that IEEE 754 rounds correctly, so the bits are the same everywhere.
 *
 * @param iteration the first is 0
 */
export function decayFactor({ kind, initial: c0, iterations }: Decay, iteration: number): number {
  if (kind === "none" || iteration >= iterations) return 1;
  const fall = 1 - 1 / c0, share = iteration / iterations;
  switch (kind) {
    case "step":
      return c0 * Math.max(1 / c0, 1 - Math.floor(DROPS * iteration / iterations) * fall / DROPS);
    case "linear":
      return c0 * (1 - share * fall);
    case "log":
      return c0 * ((1 - naturalLog(1 + share * (E - 1))) * fall + 1 / c0);
    case "constant":
      return c0;
    default:
      throw kind satisfies never;
  }
}

/**
 * Refuses an impossible decay.
 *
 * @throws {TypeError} for an unknown kind
 * @throws {RangeError} for numbers out of range
 */
export function checkDecay({ kind, initial, iterations }: Decay): void {
  if (!DECAY_KINDS.includes(kind)) {
    throw new TypeError(`Cannot use a decay of kind ${kind}: want ${DECAY_KINDS.join(", ")}`);
  }
  if (!(initial >= 1 && initial < Infinity)) {
    throw new RangeError(`Cannot begin a decay at ${initial}: want a factor >= 1`);
  }
  if (!(Number.isSafeInteger(iterations) && iterations >= 1)) {
    throw new RangeError(`Cannot decay over ${iterations} iterations: want a whole number >= 1`);
  }
}

/**
 * The natural logarithm of a number from 1 to e, within 2^-51 of the true one. `Math.log` may differ between hosts in the
 * last bit; this may not.
 */
export function naturalLog(x: number): number {
  // x = 2^k m with m in [1/sqrt 2, sqrt 2], then ln m = 2 atanh(s) with |s| < 0.172.
  let k = 0, m = x;
  while (m > 1.4142135623730951) [k, m] = [k + 1, m / 2];
  const s = (m - 1) / (m + 1), square = s * s;
  let sum = 0;
  for (let n = 21; n >= 3; n -= 2) sum = (sum + 1 / n) * square;
  return k * LN2 + 2 * (s + s * sum);
}
