import type { Tensor } from "@pocketrec/compute";

/**
 * What happens between look-up and interaction, where a hybrid-parallel model sends pooled vectors between ranks. The
 * default is nothing. Three uses:
 *
 * - quantise and dequantise, to see what a lossy codec costs in accuracy
 * - an all-to-all: look up for the whole batch and own tables, go on with all tables and the own part of the batch
 * - reading the tensor, to dump what a codec would get
 *
 * Both calls change the tensor in place, or leave it. They may return a promise, which is awaited before the next
 * command; one that waits for the device costs a step its overlap.
 */
export interface Exchange {
  /**
   * After the look-up.
   *
   * @param embeddings f32 `[batch, tables, dim]`, pooled vectors
   * @param phase `"predict"` where no gradient follows
   */
  forward(embeddings: Tensor, phase: "train" | "predict"): void | Promise<void>;
  /**
   * Before the tables get their gradient.
   *
   * @param gradEmbeddings f32 `[batch, tables, dim]`, gradient of the mean loss by what `forward` left
   */
  backward(gradEmbeddings: Tensor): void | Promise<void>;
}
