import type { DenseOptimizer } from "./dense_update.ts";

/** `denseUpdate` in float64, in place. */
export function denseUpdateReference(
  params: Float64Array,
  grads: ArrayLike<number>,
  optimizer: DenseOptimizer,
  states: readonly Float64Array[],
  lr: number,
): void {
  for (let i = 0; i < params.length; i++) {
    const g = grads[i]!;
    if (optimizer.kind === "sgd") {
      params[i]! -= lr * g;
    } else if (optimizer.kind === "adagrad") {
      const s = states[0]![i]! += g * g;
      params[i]! -= lr * g / (Math.sqrt(s) + optimizer.epsilon);
    } else {
      const { beta1, beta2, epsilon, step } = optimizer;
      const m = states[0]![i] = beta1 * states[0]![i]! + (1 - beta1) * g;
      const v = states[1]![i] = beta2 * states[1]![i]! + (1 - beta2) * g * g;
      params[i]! -= lr * (m / (1 - beta1 ** step)) / (Math.sqrt(v / (1 - beta2 ** step)) + epsilon);
    }
  }
}
