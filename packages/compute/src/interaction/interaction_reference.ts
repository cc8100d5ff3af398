/** Extents for the references: samples, vectors per sample (F, the dense one included), length, diagonal. */
export interface ReferenceShape {
  /** Samples. */
  readonly batch: number;
  /** Vectors per sample. */
  readonly rows: number;
  /** Length of each vector. */
  readonly dim: number;
  /** Whether the diagonal counts. */
  readonly self: boolean;
}

/** The rows of sample `s`. */
function vectors(
  dense: ArrayLike<number>,
  embeddings: ArrayLike<number>,
  shape: ReferenceShape,
  s: number,
): number[][] {
  const { rows, dim } = shape;
  return Array.from(
    { length: rows },
    (_, i) =>
      Array.from(
        { length: dim },
        (_, k) => i === 0 ? dense[s * dim + k]! : embeddings[(s * (rows - 1) + i - 1) * dim + k]!,
      ),
  );
}

/** `dotInteraction` in float64, by its definition. */
export function interactionReference(
  dense: ArrayLike<number>,
  embeddings: ArrayLike<number>,
  shape: ReferenceShape,
): Float64Array {
  const out: number[] = [];
  for (let s = 0; s < shape.batch; s++) {
    const v = vectors(dense, embeddings, shape, s);
    out.push(...v[0]!);
    for (let i = 0; i < shape.rows; i++) {
      for (let j = 0; j < (shape.self ? i + 1 : i); j++) {
        out.push(v[i]!.reduce((sum, x, k) => sum + x * v[j]![k]!, 0));
      }
    }
  }
  return Float64Array.from(out);
}

/** `dotInteractionBackward` in float64, by the product rule. */
export function interactionBackwardReference(
  gradOut: ArrayLike<number>,
  dense: ArrayLike<number>,
  embeddings: ArrayLike<number>,
  shape: ReferenceShape,
): { gradDense: Float64Array; gradEmbeddings: Float64Array } {
  const { batch, rows, dim, self } = shape;
  const gradDense = new Float64Array(batch * dim), gradEmbeddings = new Float64Array(batch * (rows - 1) * dim);
  let at = 0;
  for (let s = 0; s < batch; s++) {
    const v = vectors(dense, embeddings, shape, s);
    const add = (i: number, k: number, x: number) => {
      if (i === 0) gradDense[s * dim + k]! += x;
      else gradEmbeddings[(s * (rows - 1) + i - 1) * dim + k]! += x;
    };
    for (let k = 0; k < dim; k++) add(0, k, gradOut[at++]!);
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < (self ? i + 1 : i); j++, at++) {
        for (let k = 0; k < dim; k++) {
          add(i, k, gradOut[at]! * v[j]![k]!);
          add(j, k, gradOut[at]! * v[i]![k]!);
        }
      }
    }
  }
  return { gradDense, gradEmbeddings };
}
