import { anyDevice, bceWithLogits, type Tensor } from "@pocketrec/compute";
import { probabilityLoss } from "./probability_loss.ts";

/** The loss that a model is trained for. */
export type LossConfig =
  | {
    /** Binary cross-entropy. */
    readonly kind: "bce";
    /** Factors of samples with label 0 and label 1. Default `[1, 1]`. */
    readonly classWeights?: readonly [number, number];
    /** Clamps probabilities to [threshold, 1 - threshold]; outside, the gradient is zero. Default 0: none. */
    readonly threshold?: number;
  }
  | {
    /** Mean squared error of the probability. */
    readonly kind: "mse";
    /** As for `"bce"`. */
    readonly threshold?: number;
  };

/** Tensors of a loss over a batch. */
export interface LossTensors {
  /** f32 `[batch, 1]`. */
  readonly logits: Tensor;
  /** f32 `[batch]`, in [0, 1]. */
  readonly labels: Tensor;
  /** f32 `[batch, 1]`: gets the gradient of the mean loss by the logits. */
  readonly gradLogits: Tensor;
  /** f32 `[2]`: the sum of the losses is added to it, in the form of `lossTotal`. */
  readonly lossSum: Tensor;
}

/**
 * Checks a loss.
 *
 * @throws {RangeError} where a weight or the threshold is out of range
 */
export function checkLoss(config: LossConfig): void {
  const { threshold = 0 } = config;
  if (!(threshold >= 0 && threshold < 0.5)) {
    throw new RangeError(`Cannot clamp probabilities at threshold ${threshold}: want at least 0 and below 0.5`);
  }
  const weights = config.kind === "bce" ? config.classWeights ?? [1, 1] : [];
  for (const weight of weights) {
    if (!(weight >= 0 && weight < Infinity)) {
      throw new RangeError(`Cannot weight a class by ${weight}: want a number >= 0`);
    }
  }
}

/** Records the loss of a batch and its gradient. */
export function clickLoss(config: LossConfig, tensors: LossTensors): void {
  const { logits, labels, gradLogits, lossSum } = tensors;
  const gradScale = 1 / labels.size;
  if (config.kind === "bce" && !config.threshold) {
    const classWeights = config.classWeights ?? [1, 1];
    return bceWithLogits(logits, labels, { gradLogits, lossSum, gradScale, classWeights });
  }
  probabilityLoss(anyDevice(logits.device), config, tensors);
}
