/**
 * Choice of the update rule, and what of it goes into checkpoints.
 *
 * @module
 */
import type { SparseOptimizer } from "@pocketrec/compute";

/**
 * The update rule of a model. Rows of tables are updated only when they occur (as by PyTorch's sparse gradients); the
 * MLPs take the dense rule of the same name, and plain Adagrad where the rows take the row-wise one.
 */
export type OptimizerConfig =
  | { readonly kind: "sgd" }
  | {
    readonly kind: "adagrad" | "rowwise-adagrad";
    /** Added to the root. Default 1e-10. */
    readonly epsilon?: number;
  }
  | {
    readonly kind: "adam";
    /** Decay of the first moment. Default 0.9. */
    readonly beta1?: number;
    /** Decay of the second moment. Default 0.999. */
    readonly beta2?: number;
    /** Added to the root. Default 1e-8. */
    readonly epsilon?: number;
  };

/**
 * Names of a rule's state tensors: those of PyTorch's optimisers. A parameter's state is called
 * `<parameter>@<state>` in checkpoints.
 */
export function stateNames(kind: OptimizerConfig["kind"]): readonly string[] {
  switch (kind) {
    case "sgd":
      return [];
    case "adagrad":
      return ["sum"];
    case "rowwise-adagrad":
      return ["row_sum"];
    case "adam":
      return ["exp_avg", "exp_avg_sq"];
    default:
      kind satisfies never;
      throw new TypeError(`Cannot optimise by "${kind}": want sgd, adagrad, rowwise-adagrad or adam`);
  }
}

/** The rule of step number `step` (1 for the first), with its defaults filled in. */
export function optimizerStep(config: OptimizerConfig, step: number): SparseOptimizer {
  switch (config.kind) {
    case "sgd":
      return { kind: "sgd" };
    case "adagrad":
    case "rowwise-adagrad":
      return { kind: config.kind, epsilon: config.epsilon ?? 1e-10 };
    case "adam": {
      const { kind, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = config;
      return { kind, beta1, beta2, epsilon, step };
    }
    default:
      throw new TypeError(`Cannot optimise by ${JSON.stringify(config satisfies never)}`);
  }
}
