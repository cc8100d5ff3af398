/**
 * Choice of the update rule.
 *
 * @module
 */
import { ConfigError } from "../errors.ts";
import type { RobeOptimizer } from "../update/robe_optimizer.ts";

/**
 * The update rule of an array. Each slot of the array is a parameter: it is updated once per step, by the sum of the
 * gradients of all elements that share it. The rules are those of {@linkcode RobeOptimizer}: momentum and adam move every
 * slot in every step, the others only slots that a look-up touched.
 */
export type RobeOptimizerConfig =
  | { readonly kind: "sgd"; /** Learning rate of `step()`. */ readonly lr?: number }
  | {
    readonly kind: "momentum";
    /** Learning rate of `step()`. */
    readonly lr?: number;
    /** Default 0.9. */
    readonly momentum?: number;
  }
  | {
    /** `segment-adagrad` keeps one accumulator per 32 neighbouring slots: a 32nd of Adagrad's state. */
    readonly kind: "adagrad" | "segment-adagrad";
    /** Learning rate of `step()`. */
    readonly lr?: number;
    /** Added to the root. Default 1e-10. */
    readonly epsilon?: number;
  }
  | {
    readonly kind: "adam";
    /** Learning rate of `step()`. */
    readonly lr?: number;
    /** Decay of the first moment. Default 0.9. */
    readonly beta1?: number;
    /** Decay of the second moment. Default 0.999. */
    readonly beta2?: number;
    /** Added to the root. Default 1e-8. */
    readonly epsilon?: number;
  };

/**
 * The rule of step number `step` (1 for the first), with its defaults filled in.
 *
 * @throws {ConfigError} where the kind is unknown
 */
export function optimizerStep(config: RobeOptimizerConfig, step: number): RobeOptimizer {
  switch (config.kind) {
    case "sgd":
      return { kind: "sgd" };
    case "momentum":
      return { kind: "momentum", momentum: config.momentum ?? 0.9 };
    case "adagrad":
    case "segment-adagrad":
      return { kind: config.kind, epsilon: config.epsilon ?? 1e-10 };
    case "adam": {
      const { kind, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = config;
      return { kind, beta1, beta2, epsilon, step };
    }
    default:
      config satisfies never;
      throw new ConfigError(
        `Cannot optimise a ROBE array by "${
          (config as RobeOptimizerConfig).kind
        }": want sgd, momentum, adagrad, segment-adagrad or adam`,
      );
  }
}
