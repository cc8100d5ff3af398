import type { Device, Tensor } from "@pocketrec/compute";
import { BatchBuffer } from "../batch_buffer.ts";
import type { DlrmShape } from "../config.ts";
import type { BoundInteraction, InteractionInputs, InteractionLayer } from "./interaction_layer.ts";
import type { Capacity } from "./mlp.ts";
import { flatten, joinVectors, splitVectors } from "./side_by_side.ts";

/** All vectors side by side. */
export class CatLayer implements InteractionLayer {
  readonly #output: BatchBuffer;
  readonly #gradient: BatchBuffer;

  /** Sizes the buffers. */
  constructor(device: Device, shape: DlrmShape, capacity: Capacity) {
    const width = [shape.interactionWidth];
    this.#output = new BatchBuffer(device, "interaction", capacity.forward, width);
    this.#gradient = new BatchBuffer(device, "interaction gradient", capacity.backward, width);
  }

  /** See {@linkcode InteractionLayer.bind}. */
  bind({ dense, embeddings, gradDense, gradEmbeddings }: InteractionInputs): BoundInteraction {
    const batch = dense.shape[0]!;
    const output = this.#output.at(batch), flat = flatten(embeddings);
    let bound: readonly [gradOutput: Tensor, gradDense: Tensor, gradFlat: Tensor] | undefined;
    const gradients = () => bound ??= [this.#gradient.at(batch), gradDense(), flatten(gradEmbeddings())];
    return {
      output,
      forward: () => joinVectors(dense, flat, output),
      gradOutput: () => gradients()[0],
      backward: () => splitVectors(...gradients()),
    };
  }

  /** Frees the buffers. */
  [Symbol.dispose](): void {
    this.#output[Symbol.dispose]();
    this.#gradient[Symbol.dispose]();
  }
}
