import type { Tensor } from "@pocketrec/compute";

/** Inputs of an interaction for one batch size. */
export interface InteractionInputs {
  /** f32 `[batch, dim]`. */
  readonly dense: Tensor;
  /** f32 `[batch, tables, dim]`. */
  readonly embeddings: Tensor;
  /** Gets the gradient of `dense`; called once, before the first backward. */
  readonly gradDense: () => Tensor;
  /** Gets the gradient of `embeddings`; called once, before the first backward. */
  readonly gradEmbeddings: () => Tensor;
}

/** An interaction tied to the tensors of one batch size. */
export interface BoundInteraction {
  /** `[batch, interactionWidth]`. */
  readonly output: Tensor;
  /** Records the forward pass. */
  forward(): void;
  /** Where the gradient of `output` goes before `backward`. */
  gradOutput(): Tensor;
  /** Records the gradients of both inputs and of weights, where it has any. */
  backward(): void;
}

/** How dense vector and embeddings meet. */
export interface InteractionLayer extends Disposable {
  /** Ties the layer to a batch size. */
  bind(inputs: InteractionInputs): BoundInteraction;
}
