import type { Activation } from "./gemm.ts";

/** Arguments of {@linkcode gemmReference}: those of `gemm`, as host arrays with their extents. */
export interface GemmReferenceInput {
  /** Rows of the result. */
  readonly m: number;
  /** Columns of the result. */
  readonly n: number;
  /** Length of the sums. */
  readonly k: number;
  /** `[M, K]`, or `[K, M]` where transposed. */
  readonly a: ArrayLike<number>;
  /** `[K, N]`, or `[N, K]` where transposed. */
  readonly b: ArrayLike<number>;
  /** What the result's memory held before, `[M, N]`. */
  readonly out?: ArrayLike<number>;
  /** `a` is stored transposed. */
  readonly transposeA?: boolean;
  /** `b` is stored transposed. */
  readonly transposeB?: boolean;
  /** Factor of the product. */
  readonly alpha?: number;
  /** Factor of the former result. */
  readonly beta?: number;
  /** `[N]`. */
  readonly bias?: ArrayLike<number>;
  /** Applied to each element. */
  readonly activation?: Activation;
  /** `[M, N]`; elements where it is not above zero become zero. */
  readonly reluMask?: ArrayLike<number>;
}

/** The definition of `gemm`, in float64. */
export function gemmReference(input: GemmReferenceInput): Float64Array {
  const { m, n, k, a, b, out, transposeA, transposeB, alpha = 1, beta = 0, bias, activation, reluMask } = input;
  const result = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let p = 0; p < k; p++) {
        sum += a[transposeA ? p * m + i : i * k + p]! * b[transposeB ? j * k + p : p * n + j]!;
      }
      let value = alpha * sum + (bias ? bias[j]! : 0);
      if (beta !== 0) value += beta * out![i * n + j]!;
      if (activation === "relu") value = Math.max(value, 0);
      if (activation === "sigmoid") value = 1 / (1 + Math.exp(-value));
      if (reluMask && !(reluMask[i * n + j]! > 0)) value = 0;
      result[i * n + j] = value;
    }
  }
  return result;
}

/** The definition of `sumRows`, in float64: `[M, N]` to `[N]`. */
export function sumRowsReference(m: number, n: number, a: ArrayLike<number>): Float64Array {
  const result = new Float64Array(n);
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) result[j] = result[j]! + a[i * n + j]!;
  return result;
}
