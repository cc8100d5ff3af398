/**
 * How a row follows its gradient `g`, which is summed over all its occurrences in a batch first. Rows that do not occur
 * stay as they are, state included.
 *
 * | kind | rule | states |
 * | --- | --- | --- |
 * | sgd | `w -= lr * g` | none |
 * | adagrad | `s += g * g; w -= lr * g / (sqrt(s) + epsilon)` | s `[rows, dim]` |
 * | rowwise-adagrad | `m += mean(g * g); w -= lr * g / (sqrt(m) + epsilon)` | m `[rows]` |
 * | adam (lazy) | `m += (1 - beta1) * (g - m); v += (1 - beta2) * (g * g - v); w -= lr * sqrt(1 - beta2^step) / (1 - beta1^step) * m / (sqrt(v) + epsilon)` | m, v `[rows, dim]` |
 *
 * They are PyTorch's rules for sparse gradients (`SGD`, `Adagrad`, `SparseAdam`) and FBGEMM's row-wise Adagrad.
 */
export type SparseOptimizer =
  | { readonly kind: "sgd" }
  | { readonly kind: "adagrad" | "rowwise-adagrad"; readonly epsilon: number }
  | {
    readonly kind: "adam";
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
    /** Number of this step, from 1 on; counted for all rows together. */
    readonly step: number;
  };

/** Scalars of a step, ready for kernels. */
export interface StepScalars {
  /** 0 sgd, 1 adagrad, 2 row-wise adagrad, 3 adam. */
  readonly kind: number;
  /** Factor of the update; for adam with the bias corrections. */
  readonly rate: number;
  /** Added to the root. */
  readonly epsilon: number;
  /** `1 - beta1`. */
  readonly blend1: number;
  /** `1 - beta2`. */
  readonly blend2: number;
}

const KINDS = ["sgd", "adagrad", "rowwise-adagrad", "adam"] as const;

/** Shapes of an optimiser's states, for tables of `[rows, dim]`. */
export function sparseStateShapes(kind: SparseOptimizer["kind"], rows: number, dim: number): number[][] {
  switch (kind) {
    case "sgd":
      return [];
    case "adagrad":
      return [[rows, dim]];
    case "rowwise-adagrad":
      return [[rows]];
    case "adam":
      return [[rows, dim], [rows, dim]];
    default:
      kind satisfies never;
      throw new TypeError(`Cannot update rows with optimizer "${kind}": want ${KINDS.join(", ")}`);
  }
}

/**
 * Checks an optimiser and folds its bias corrections into the rate, in float64.
 *
 * @throws {RangeError} where a hyperparameter is out of range
 */
export function stepScalars(optimizer: SparseOptimizer, lr: number): StepScalars {
  check("lr", lr, Number.isFinite(lr), "a finite number");
  const kind = KINDS.indexOf(optimizer.kind);
  if (optimizer.kind === "sgd") return { kind, rate: lr, epsilon: 0, blend1: 0, blend2: 0 };
  check("epsilon", optimizer.epsilon, optimizer.epsilon >= 0 && optimizer.epsilon < Infinity, "a number >= 0");
  if (optimizer.kind !== "adam") return { kind, rate: lr, epsilon: optimizer.epsilon, blend1: 0, blend2: 0 };
  const { beta1, beta2, epsilon, step } = optimizer;
  check("beta1", beta1, beta1 >= 0 && beta1 < 1, "a number in [0, 1)");
  check("beta2", beta2, beta2 >= 0 && beta2 < 1, "a number in [0, 1)");
  check("step", step, Number.isSafeInteger(step) && step >= 1, "a whole number >= 1");
  const rate = lr * Math.sqrt(1 - powerOf(beta2, step)) / (1 - powerOf(beta1, step));
  return { kind, rate, epsilon, blend1: 1 - beta1, blend2: 1 - beta2 };
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

function check(name: string, value: number, ok: boolean, want: string): void {
  if (!ok) throw new RangeError(`Cannot update rows with ${name} ${value}: want ${want}`);
}
