import { copyColumns, type Tensor } from "@pocketrec/compute";

/** `out[batch] = [dense, embedding 0, embedding 1, ...]`, f32 `[batch, (tables + 1) * dim]`. */
export function joinVectors(dense: Tensor, flatEmbeddings: Tensor, out: Tensor): void {
  copyColumns(dense, out);
  copyColumns(flatEmbeddings, out, { toColumn: dense.shape[1]! });
}

/** The parts of {@linkcode joinVectors}' output, or of its gradient. */
export function splitVectors(joined: Tensor, dense: Tensor, flatEmbeddings: Tensor): void {
  const dim = dense.shape[1]!;
  copyColumns(joined, dense, { columns: dim });
  copyColumns(joined, flatEmbeddings, { fromColumn: dim });
}

/** `[batch, tables, dim]` as `[batch, tables * dim]`. */
export function flatten(embeddings: Tensor): Tensor {
  const [batch, tables, dim] = embeddings.shape as [number, number, number];
  return embeddings.reshape([batch, tables * dim]);
}
