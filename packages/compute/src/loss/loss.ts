import { sameDevice } from "../device.ts";
import { checkDistinct, checkFinite, checkOperand, checkRank, checkSize } from "../elementwise/_operands.ts";
import type { Tensor } from "../tensor.ts";
import { lossOnCpu } from "./loss_cpu.ts";
import { lossOnWebGpu } from "./loss_webgpu.ts";

/** Options of {@linkcode softmaxCrossEntropy} and, with more, {@linkcode bceWithLogits}. */
export interface LossOptions {
  /** Gets the gradient of `gradScale * loss` by the logits; shape of the logits, overwritten. */
  readonly gradLogits?: Tensor;
  /**
   * f32 `[2]` or `[1]`: the sum of the losses of the batch is added to it, so it accumulates over steps without anyone
   * reading it back. Zero it to start anew, and use {@linkcode lossTotal} on what was read.
   *
   * With two elements, whole multiples of 4096 are carried from the first to the second: the first stays small enough
   * to lose nothing, the second is exact up to 2^36. So the error after any number of steps is what rounding each
   * batch's sum to f32 makes. (Compensated summation is no help on GPUs, whose compilers may reassociate it away.) With
   * one element it is a plain f32 sum.
   */
  readonly lossSum?: Tensor;
  /** Factor of the gradient; `1 / batch` for the gradient of the mean loss. Default 1. */
  readonly gradScale?: number;
}

/** Options of {@linkcode bceWithLogits}. */
export interface BceOptions extends LossOptions {
  /** Weights of samples with label 0 and 1; linear between them for soft labels. Default `[1, 1]`. */
  readonly classWeights?: readonly [number, number];
}

/** A checked loss: what the implementations receive. */
export interface LossPlan {
  /** Which loss. */
  readonly kind: "bce" | "softmax";
  /** `[batch]` or `[batch, classes]`. */
  readonly logits: Tensor;
  /** f32 for bce, u32 for softmax; `[batch]`. */
  readonly labels: Tensor;
  /** Samples. */
  readonly batch: number;
  /** Classes; 1 for bce. */
  readonly classes: number;
  /** See {@linkcode LossOptions.gradLogits}. */
  readonly gradLogits: Tensor | undefined;
  /** See {@linkcode LossOptions.lossSum}. */
  readonly lossSum: Tensor | undefined;
  /** Factor of the gradient. */
  readonly gradScale: number;
  /** Weights by class; only bce. */
  readonly classWeights: readonly [number, number];
}

/** The sum that `lossSum` of {@linkcode bceWithLogits} stands for, in f64, from the elements read. */
export function lossTotal(elements: ArrayLike<number>): number {
  return (elements[1] ?? 0) + elements[0]!;
}

/**
 * Binary cross-entropy of logits: per sample `w (max(s, 0) - s y + log1p(e^-|s|))` with `w = w0 + y (w1 - w0)`, which
 * never overflows, and its gradient `w (sigmoid(s) - y) gradScale`. On the CPU in f64 inside.
 *
 * @param logits f32 `[batch]` or `[batch, 1]`
 * @param labels f32 `[batch]` or `[batch, 1]`, in [0, 1]
 * @throws {TypeError} where dtypes or shapes do not fit, or an output shares memory with another tensor
 * @throws {RangeError} where `gradScale` or a weight is not finite
 */
export function bceWithLogits(logits: Tensor, labels: Tensor, options: BceOptions = {}): void {
  const name = "bceWithLogits";
  const { classWeights = [1, 1] } = options;
  const batch = logits.shape[0] ?? 0;
  checkOperand(name, "logits", logits, logits.shape.length === 2 ? [batch, 1] : [batch]);
  checkSize(name, "labels", labels, batch);
  classWeights.forEach((weight, at) => checkFinite(name, `classWeights[${at}]`, weight));
  run(name, { kind: "bce", logits, labels, batch, classes: 1, classWeights }, options);
}

/**
 * Cross-entropy of the softmax of each row: `log(sum_c e^{s_c}) - s_label`, and its gradient
 * `(softmax(s)_c - [c = label]) gradScale`. A label that is no class makes loss and gradient of its row `NaN`.
 *
 * @param logits f32 `[batch, classes]`
 * @param labels u32 `[batch]`
 * @throws {TypeError} where dtypes or shapes do not fit, or an output shares memory with another tensor
 * @throws {RangeError} where `gradScale` is not finite or there are no classes
 */
export function softmaxCrossEntropy(logits: Tensor, labels: Tensor, options: LossOptions = {}): void {
  const name = "softmaxCrossEntropy";
  checkRank(name, "logits", logits, 2);
  const [batch, classes] = logits.shape as [number, number];
  checkOperand(name, "labels", labels, [batch], "u32");
  if (classes === 0) throw new RangeError(`Cannot run ${name} as logits "${logits.label}" has 0 classes: want >= 1`);
  run(name, { kind: "softmax", logits, labels, batch, classes, classWeights: [1, 1] }, options);
}

function run(
  name: string,
  given: Omit<LossPlan, "gradLogits" | "lossSum" | "gradScale">,
  options: LossOptions,
): void {
  const { gradLogits, lossSum, gradScale = 1 } = options;
  const { logits, labels, batch } = given;
  const device = sameDevice(name, [logits, labels, gradLogits, lossSum]);
  checkFinite(name, "gradScale", gradScale);
  if (gradLogits) checkSize(name, "gradLogits", gradLogits, logits.size);
  if (lossSum) checkOperand(name, "lossSum", lossSum, lossSum.size === 1 ? [1] : [2]);
  checkDistinct(name, [logits, labels], [gradLogits, lossSum].filter((tensor) => tensor !== undefined));
  if (batch === 0 || (!gradLogits && !lossSum)) return;
  const plan: LossPlan = { ...given, gradLogits, lossSum, gradScale };
  switch (device.kind) {
    case "cpu":
      return lossOnCpu(device, plan);
    case "webgpu":
      return lossOnWebGpu(device, plan);
    default:
      device satisfies never;
  }
}
