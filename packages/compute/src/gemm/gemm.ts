import { sameDevice } from "../device.ts";
import type { Tensor } from "../tensor.ts";
import { gemmOnCpu } from "./gemm_cpu.ts";
import { gemmOnWebGpu } from "./gemm_webgpu.ts";

/** What {@linkcode gemm} applies to each element of the sum, last. */
export type Activation = "none" | "relu" | "sigmoid";

/** Options of {@linkcode gemm}. */
export interface GemmOptions {
  /** `a` is stored as `[K, M]`. */
  readonly transposeA?: boolean;
  /** `b` is stored as `[N, K]`, as PyTorch stores the weights of a linear layer. */
  readonly transposeB?: boolean;
  /** Factor of the product. Default 1. */
  readonly alpha?: number;
  /** Factor of what `out` held before. Default 0, which does not read `out` (so NaN there does not spread). */
  readonly beta?: number;
  /** `[N]`, added to each row. */
  readonly bias?: Tensor;
  /** Applied last but for `reluMask`. Default `"none"`. */
  readonly activation?: Activation;
  /**
   * `[M, N]`: elements where it is not above zero become zero. With the saved output of a ReLU layer this is the
   * layer's backward pass, fused into the product that brings the gradient.
   */
  readonly reluMask?: Tensor;
}

/** A checked {@linkcode gemm}: what the implementations receive. */
export interface GemmPlan {
  /** Rows of `op(a)` and `out`. */
  readonly m: number;
  /** Columns of `op(b)` and `out`. */
  readonly n: number;
  /** Columns of `op(a)`, rows of `op(b)`. */
  readonly k: number;
  /** Left operand as stored. */
  readonly a: Tensor;
  /** Right operand as stored. */
  readonly b: Tensor;
  /** Result. */
  readonly out: Tensor;
  /** See {@linkcode GemmOptions.transposeA}. */
  readonly transposeA: boolean;
  /** See {@linkcode GemmOptions.transposeB}. */
  readonly transposeB: boolean;
  /** Factor of the product. */
  readonly alpha: number;
  /** Factor of the former `out`. */
  readonly beta: number;
  /** See {@linkcode GemmOptions.bias}. */
  readonly bias: Tensor | undefined;
  /** See {@linkcode GemmOptions.activation}. */
  readonly activation: Activation;
  /** See {@linkcode GemmOptions.reluMask}. */
  readonly reluMask: Tensor | undefined;
}

/**
 * Matrix product with everything that a linear layer needs, forward and backward:
 *
 * `out[M, N] = mask(activation(alpha * op(a)[M, K] @ op(b)[K, N] + beta * out + bias))`, all f32, row-major.
 *
 * A linear layer `y = relu(x W^T + bias)` with `W [outputs, inputs]` takes three calls: forward
 * `gemm(x, W, y, { transposeB: true, bias, activation: "relu" })`, input gradient
 * `gemm(dy, W, dx, { reluMask: x })`, weight gradient `gemm(dy, x, dW, { transposeA: true })`.
 *
 * The order of summation depends on the shape alone, so the same device and library give the same bits for any number
 * of threads. Between hosts the last bits may differ: products are fused with sums where the host does so.
 *
 * @throws {TypeError} where dtypes or shapes do not fit, tensors live on several devices, or `out` shares memory with
 *   an operand
 * @throws {RangeError} where `alpha` or `beta` is not finite
 */
export function gemm(a: Tensor, b: Tensor, out: Tensor, options: GemmOptions = {}): void {
  const device = sameDevice("gemm", [a, b, out, options.bias, options.reluMask]);
  const plan = planGemm(a, b, out, options);
  if (plan.m === 0 || plan.n === 0) return;
  switch (device.kind) {
    case "cpu":
      return gemmOnCpu(device, plan);
    case "webgpu":
      return gemmOnWebGpu(device, plan);
    default:
      device satisfies never;
  }
}

/** Checks the arguments of {@linkcode gemm} and resolves its options. */
export function planGemm(a: Tensor, b: Tensor, out: Tensor, options: GemmOptions): GemmPlan {
  const { transposeA = false, transposeB = false, alpha = 1, beta = 0, bias, activation = "none", reluMask } = options;
  for (
    const [name, tensor, rank] of [["a", a, 2], ["b", b, 2], ["out", out, 2], ["bias", bias, 1], [
      "reluMask",
      reluMask,
      2,
    ]] as const
  ) {
    if (tensor) checkOperand(name, tensor, rank);
  }
  const [m, k] = transposeA ? [a.shape[1]!, a.shape[0]!] : [a.shape[0]!, a.shape[1]!];
  const [n, inner] = transposeB ? [b.shape[0]!, b.shape[1]!] : [b.shape[1]!, b.shape[0]!];
  if (inner !== k) {
    throw new TypeError(
      `Cannot run gemm as the inner extents of a [${a.shape}]${transposeA ? " transposed" : ""} and b [${b.shape}]${
        transposeB ? " transposed" : ""
      } differ: ${k} and ${inner}`,
    );
  }
  checkShape("out", out, [m, n]);
  if (bias) checkShape("bias", bias, [n]);
  if (reluMask) checkShape("reluMask", reluMask, [m, n]);
  for (const [name, value] of [["alpha", alpha], ["beta", beta]] as const) {
    if (!Number.isFinite(value)) throw new RangeError(`Cannot run gemm with ${name} ${value}: want a finite number`);
  }
  if (!["none", "relu", "sigmoid"].includes(activation)) {
    throw new TypeError(`Cannot run gemm with activation "${activation}": want "none", "relu" or "sigmoid"`);
  }
  for (const [name, tensor] of [["a", a], ["b", b], ["bias", bias], ["reluMask", reluMask]] as const) {
    if (tensor && shareMemory(tensor, out)) {
      throw new TypeError(`Cannot run gemm as ${name} "${tensor.label}" shares memory with out "${out.label}"`);
    }
  }
  return { m, n, k, a, b, out, transposeA, transposeB, alpha, beta, bias, activation, reluMask };
}

function checkOperand(name: string, tensor: Tensor, rank: number): void {
  if (tensor.dtype !== "f32" || tensor.shape.length !== rank) {
    throw new TypeError(
      `Cannot run gemm as ${name} "${tensor.label}" is ${tensor.dtype} [${tensor.shape}]: want f32 of rank ${rank}`,
    );
  }
}

function checkShape(name: string, tensor: Tensor, shape: readonly number[]): void {
  if (tensor.shape.some((extent, axis) => extent !== shape[axis])) {
    throw new TypeError(
      `Cannot run gemm as ${name} "${tensor.label}" has shape [${tensor.shape}]: want [${shape}]`,
    );
  }
}

/** Whether a kernel may not read one while it writes the other: WebGPU forbids this per buffer, not per byte. */
export function shareMemory(x: Tensor, y: Tensor): boolean {
  if (x.storage !== y.storage || x.size === 0 || y.size === 0) return false;
  if (x.device.kind === "webgpu") return true;
  return x.byteOffset < y.byteOffset + y.byteLength && y.byteOffset < x.byteOffset + x.byteLength;
}
