/**
 * How slots of a ROBE array follow their gradient.
 *
 * @module
 */

/**
 * How a slot follows its gradient `g`, which is first summed over all rows that lie on it:
 *
 * | kind | rule | states |
 * | --- | --- | --- |
 * | sgd | `w -= lr g` | none |
 * | momentum | `v = momentum v + g; w -= lr v` | v `[size]` |
 * | adagrad | `s += g^2; w -= lr g / (sqrt(s) + epsilon)` | s `[size]` |
 * | segment-adagrad | `m += mean(g^2)` over each aligned segment of 32 slots; `w -= lr g / (sqrt(m) + epsilon)` | m `[ceil(size / 32)]` |
 * | adam | `m += (1 - beta1)(g - m); v += (1 - beta2)(g^2 - v); w -= lr / (1 - beta1^step) m / (sqrt(v / (1 - beta2^step)) + epsilon)` | m, v `[size]` |
 *
 * They are PyTorch's formulas for dense parameters (segment-adagrad: our own, in the place of row-wise Adagrad, as an array
 * has no rows). Momentum and adam move every slot in every step; the others only slots with a gradient. A quotient
 * of zero by zero, possible with epsilon 0, moves nothing. States start at zero.
 */
export type RobeOptimizer =
  | { readonly kind: "sgd" }
  | {
    readonly kind: "momentum";
    /** Part of the velocity that stays, in [0, 1). */
    readonly momentum: number;
  }
  | {
    readonly kind: "adagrad" | "segment-adagrad";
    /** Added to the root, at least 0. */
    readonly epsilon: number;
  }
  | {
    readonly kind: "adam";
    /** Part of the mean that stays, in [0, 1). */
    readonly beta1: number;
    /** Part of the mean of squares that stays, in [0, 1). */
    readonly beta2: number;
    /** Added to the root, at least 0. */
    readonly epsilon: number;
    /** Number of this step, from 1 on. */
    readonly step: number;
  };

/** Slots that share a state in segment-adagrad. */
export const SEGMENT_SLOTS = 32;

/** Scalars of a step, ready for kernels. */
export interface RobeStep {
  /** 0 sgd, 1 momentum, 2 adagrad, 3 segment-adagrad, 4 adam. */
  readonly kind: number;
  /** Factor of the move. */
  readonly rate: number;
  /** Added to the root. */
  readonly epsilon: number;
  /** `momentum`, or `1 - beta1`. */
  readonly blend1: number;
  /** `1 - beta2`. */
  readonly blend2: number;
  /** Whether slots without gradient move, too. */
  readonly dense: boolean;
}

const KINDS = ["sgd", "momentum", "adagrad", "segment-adagrad", "adam"] as const;

/** Shapes of a rule's states, for an array of `size` slots. */
export function robeStateShapes(optimizer: RobeOptimizer, size: number): number[][] {
  const { kind } = optimizer;
  switch (kind) {
    case "sgd":
      return [];
    case "momentum":
    case "adagrad":
      return [[size]];
    case "segment-adagrad":
      return [[Math.ceil(size / SEGMENT_SLOTS)]];
    case "adam":
      return [[size], [size]];
    default:
      throw unknownKind(kind);
  }
}

/** Names of a rule's states in files: those of PyTorch's optimisers. */
export function robeStateNames(kind: RobeOptimizer["kind"]): readonly string[] {
  switch (kind) {
    case "sgd":
      return [];
    case "momentum":
      return ["momentum_buffer"];
    case "adagrad":
      return ["sum"];
    case "segment-adagrad":
      return ["segment_sum"];
    case "adam":
      return ["exp_avg", "exp_avg_sq"];
    default:
      throw unknownKind(kind);
  }
}

function unknownKind(kind: never): TypeError {
  return new TypeError(`Cannot update a ROBE array with optimizer "${kind}": want ${KINDS.join(", ")}`);
}

/**
 * Checks a rule and folds its bias corrections in float64: with `root = sqrt(1 - beta2^step)` adam's quotient is
 * `root m / (sqrt(v) + epsilon root)`.
 *
 * @throws {RangeError} where a hyperparameter is out of range
 */
export function robeStep(optimizer: RobeOptimizer, lr: number): RobeStep {
  check("lr", lr, Number.isFinite(lr), "a finite number");
  const kind = KINDS.indexOf(optimizer.kind);
  const step = { kind, rate: lr, epsilon: 0, blend1: 0, blend2: 0, dense: false };
  switch (optimizer.kind) {
    case "sgd":
      return step;
    case "momentum":
      checkShare("momentum", optimizer.momentum);
      return { ...step, blend1: optimizer.momentum, dense: true };
    case "adagrad":
    case "segment-adagrad":
      checkEpsilon(optimizer.epsilon);
      return { ...step, epsilon: optimizer.epsilon };
    case "adam": {
      const { beta1, beta2, epsilon, step: count } = optimizer;
      checkShare("beta1", beta1);
      checkShare("beta2", beta2);
      checkEpsilon(epsilon);
      check("step", count, Number.isSafeInteger(count) && count >= 1, "a whole number >= 1");
      const root = Math.sqrt(1 - powerOf(beta2, count));
      return {
        kind,
        rate: lr * root / (1 - powerOf(beta1, count)),
        epsilon: epsilon * root,
        blend1: 1 - beta1,
        blend2: 1 - beta2,
        dense: true,
      };
    }
    default:
      throw unknownKind(optimizer);
  }
}

/** Power by squaring: `Math.pow` may differ between hosts, products do not. */
function powerOf(base: number, exponent: number): number {
  let power = 1;
  for (let square = base, left = exponent; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) power *= square;
    square *= square;
  }
  return power;
}

function checkShare(name: string, value: number): void {
  check(name, value, value >= 0 && value < 1, "a number in [0, 1)");
}

function checkEpsilon(value: number): void {
  check("epsilon", value, value >= 0 && value < Infinity, "a number >= 0");
}

function check(name: string, value: number, ok: boolean, want: string): void {
  if (!ok) throw new RangeError(`Cannot update a ROBE array with ${name} ${value}: want ${want}`);
}
