import { type Device, dotInteraction, dotInteractionBackward, type Tensor } from "@pocketrec/compute";
import { BatchBuffer } from "../batch_buffer.ts";
import type { DlrmShape } from "../config.ts";
import type { BoundInteraction, InteractionInputs, InteractionLayer } from "./interaction_layer.ts";
import type { Capacity } from "./mlp.ts";

/** The dense vector and the products of all pairs of vectors. */
export class DotLayer implements InteractionLayer {
  readonly #output: BatchBuffer;
  readonly #gradient: BatchBuffer;
  readonly #options: { readonly self: boolean };

  /** Sizes the buffers. */
  constructor(device: Device, shape: DlrmShape, capacity: Capacity) {
    const width = [shape.interactionWidth];
    this.#options = { self: shape.interactionItself };
    this.#output = new BatchBuffer(device, "interaction", capacity.forward, width);
    this.#gradient = new BatchBuffer(device, "interaction gradient", capacity.backward, width);
  }

  /** See {@linkcode InteractionLayer.bind}. */
  bind({ dense, embeddings, gradDense, gradEmbeddings }: InteractionInputs): BoundInteraction {
    const batch = dense.shape[0]!;
    const output = this.#output.at(batch);
    let bound: readonly [gradOutput: Tensor, gradDense: Tensor, gradEmbeddings: Tensor] | undefined;
    const gradients = () => bound ??= [this.#gradient.at(batch), gradDense(), gradEmbeddings()];
    return {
      output,
      forward: () => dotInteraction(dense, embeddings, output, this.#options),
      gradOutput: () => gradients()[0],
      backward: () => {
        const [gradOutput, gradOfDense, gradOfEmbeddings] = gradients();
        dotInteractionBackward(gradOutput, dense, embeddings, gradOfDense, gradOfEmbeddings, this.#options);
      },
    };
  }

  /** Frees the buffers. */
  [Symbol.dispose](): void {
    this.#output[Symbol.dispose]();
    this.#gradient[Symbol.dispose]();
  }
}
