import { type HostBags, occurrencesOf } from "../embedding_lookup/embedding_lookup_reference.ts";
import type { SparseOptimizer } from "./sparse_optimizer.ts";

/**
 * The gradient of {@linkcode embeddingLookup} for the rows that occur: `sum over occurrences of scale * gradOut[bag]`.
 *
 * @param gradOut `[batch, tables, dim]`
 * @returns row among all rows -> gradient `[dim]`
 */
export function sparseGradientReference(
  bags: HostBags,
  gradOut: ArrayLike<number>,
  dim: number,
): Map<number, Float64Array> {
  const gradients = new Map<number, Float64Array>();
  for (const { bag, row, scale } of occurrencesOf(bags)) {
    const gradient = gradients.get(row) ?? new Float64Array(dim);
    for (let j = 0; j < dim; j++) gradient[j]! += scale * gradOut[bag * dim + j]!;
    gradients.set(row, gradient);
  }
  return gradients;
}

/**
 * The definition of {@linkcode sparseUpdate}, in float64 and in place; rows beyond the table are skipped.
 *
 * @param table `[rows, dim]`
 * @param states as `sparseStateShapes` says
 */
export function sparseUpdateReference(
  table: Float64Array,
  dim: number,
  bags: HostBags,
  gradOut: ArrayLike<number>,
  optimizer: SparseOptimizer,
  states: readonly Float64Array[],
  lr: number,
): void {
  const [first, second] = states;
  for (const [row, g] of sparseGradientReference(bags, gradOut, dim)) {
    if ((row + 1) * dim > table.length) continue;
    if (optimizer.kind === "rowwise-adagrad") first![row]! += g.reduce((sum, x) => sum + x * x, 0) / dim;
    for (let j = 0; j < dim; j++) {
      const at = row * dim + j, x = g[j]!;
      switch (optimizer.kind) {
        case "sgd":
          table[at]! -= lr * x;
          break;
        case "adagrad":
          first![at]! += x * x;
          table[at]! -= lr * x / (Math.sqrt(first![at]!) + optimizer.epsilon);
          break;
        case "rowwise-adagrad":
          table[at]! -= lr * x / (Math.sqrt(first![row]!) + optimizer.epsilon);
          break;
        case "adam": {
          const { beta1, beta2, epsilon, step } = optimizer;
          const m = first![at] = beta1 * first![at]! + (1 - beta1) * x;
          const v = second![at] = beta2 * second![at]! + (1 - beta2) * x * x;
          table[at]! -= lr * Math.sqrt(1 - beta2 ** step) / (1 - beta1 ** step) * m / (Math.sqrt(v) + epsilon);
          break;
        }
        default:
          optimizer satisfies never;
      }
    }
  }
}
