import { sameDevice } from "../device.ts";
import { checkDistinct, checkOperand, checkRank } from "../elementwise/_operands.ts";
import type { Tensor } from "../tensor.ts";
import { interactionBackwardOnCpu, interactionOnCpu } from "./interaction_cpu.ts";
import { interactionBackwardOnWebGpu, interactionOnWebGpu } from "./interaction_webgpu.ts";

/** Options of {@linkcode dotInteraction}. */
export interface InteractionOptions {
  /** Whether each vector is also multiplied with itself: F (F + 1) / 2 products instead of F (F - 1) / 2. */
  readonly self?: boolean;
}

/** Extents of a {@linkcode dotInteraction}, checked. */
export interface InteractionShape {
  /** Samples. */
  readonly batch: number;
  /** Vectors per sample, F: the dense one and the embeddings. */
  readonly rows: number;
  /** Length of each vector. */
  readonly dim: number;
  /** Whether the diagonal counts. */
  readonly self: boolean;
  /** Products per sample. */
  readonly pairs: number;
}

/**
 * Columns of the output of {@linkcode dotInteraction}: `dim + F (F - 1) / 2`, or `dim + F (F + 1) / 2` with `self`.
 *
 * @param rows vectors per sample, F, the dense one included
 */
export function interactionWidth(rows: number, dim: number, options: InteractionOptions = {}): number {
  return dim + rows * (rows - 1 + (options.self ? 2 : 0)) / 2;
}

/**
 * The "dot" interaction of DLRM (Naumov et al., arXiv 1906.00091, section 2.1.3): with `V_0 = dense[s]` and
 * `V_i = embeddings[s, i - 1]`, row `s` of `out` is `V_0`, then `<V_i, V_j>` for `i > j` (`i >= j` with `self`): the lower
 * triangle, row by row, so the product of i and j stands at `dim + i (i - 1) / 2 + j`.
 *
 * @param dense f32 `[batch, dim]`
 * @param embeddings f32 `[batch, F - 1, dim]`
 * @param out f32 `[batch, interactionWidth(F, dim)]`; overwritten
 * @throws {TypeError} where dtypes or shapes do not fit, or `out` shares memory with an input
 */
export function dotInteraction(
  dense: Tensor,
  embeddings: Tensor,
  out: Tensor,
  options: InteractionOptions = {},
): void {
  const device = sameDevice("dotInteraction", [dense, embeddings, out]);
  const shape = shapeOf("dotInteraction", dense, embeddings, options);
  checkOperand("dotInteraction", "out", out, [shape.batch, shape.dim + shape.pairs]);
  checkDistinct("dotInteraction", [dense, embeddings], [out]);
  if (shape.batch === 0) return;
  switch (device.kind) {
    case "cpu":
      return interactionOnCpu(device, shape, dense, embeddings, out);
    case "webgpu":
      return interactionOnWebGpu(device, shape, dense, embeddings, out);
    default:
      device satisfies never;
  }
}

/**
 * The gradient of {@linkcode dotInteraction}: with the triangle of `gradOut` as a strictly lower triangular matrix `S`,
 * `gradV = (S + S^T) V` per sample (the diagonal counts twice with `self`), and `gradV_0` also gets the columns of
 * `gradOut` that were copies of `dense`.
 *
 * @param gradOut f32 `[batch, interactionWidth(F, dim)]`
 * @param dense f32 `[batch, dim]`, as given forward
 * @param embeddings f32 `[batch, F - 1, dim]`, as given forward
 * @param gradDense f32 `[batch, dim]`; overwritten
 * @param gradEmbeddings f32 `[batch, F - 1, dim]`; overwritten
 * @throws {TypeError} where dtypes or shapes do not fit, or an output shares memory with another tensor
 */
export function dotInteractionBackward(
  gradOut: Tensor,
  dense: Tensor,
  embeddings: Tensor,
  gradDense: Tensor,
  gradEmbeddings: Tensor,
  options: InteractionOptions = {},
): void {
  const name = "dotInteractionBackward";
  const device = sameDevice(name, [gradOut, dense, embeddings, gradDense, gradEmbeddings]);
  const shape = shapeOf(name, dense, embeddings, options);
  checkOperand(name, "gradOut", gradOut, [shape.batch, shape.dim + shape.pairs]);
  checkOperand(name, "gradDense", gradDense, dense.shape);
  checkOperand(name, "gradEmbeddings", gradEmbeddings, embeddings.shape);
  checkDistinct(name, [gradOut, dense, embeddings], [gradDense, gradEmbeddings]);
  if (shape.batch === 0) return;
  const tensors = { gradOut, dense, embeddings, gradDense, gradEmbeddings };
  switch (device.kind) {
    case "cpu":
      return interactionBackwardOnCpu(device, shape, tensors);
    case "webgpu":
      return interactionBackwardOnWebGpu(device, shape, tensors);
    default:
      device satisfies never;
  }
}

function shapeOf(name: string, dense: Tensor, embeddings: Tensor, options: InteractionOptions): InteractionShape {
  checkRank(name, "dense", dense, 2);
  checkRank(name, "embeddings", embeddings, 3);
  const [batch, dim] = dense.shape as [number, number];
  const rows = embeddings.shape[1]! + 1;
  checkOperand(name, "embeddings", embeddings, [batch, rows - 1, dim]);
  return { batch, rows, dim, self: options.self ?? false, pairs: interactionWidth(rows, dim, options) - dim };
}
