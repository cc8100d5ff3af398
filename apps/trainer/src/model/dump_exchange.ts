/**
 * `--dump-exchange`: what passes between look-up and interaction, as files for whoever studies its compression.
 *
 * ```text
 * step-00000020-fwd.npy    float32 [tables, batch, dim], pooled look-ups
 * step-00000020-bwd.npy    the gradient of the mean loss by them
 * ```
 *
 * Tables come first, so that what one rank would send of one table lies together.
 *
 * @module
 */
import type { Tensor } from "@pocketrec/compute";
import type { Exchange } from "@pocketrec/dlrm-model";
import { replaceFile, writeError } from "../files.ts";
import { encodeNpy } from "../npy.ts";
import type { DumpRequest } from "../run/model_factory.ts";

/** An exchange that changes nothing and writes every `every`-th step to files. */
export class DumpExchange implements Exchange {
  readonly #request: DumpRequest;
  /** The step in progress; the first is 1. */
  step: number;

  /** @throws {RunError} when the folder cannot be made. */
  constructor(request: DumpRequest, step: number) {
    this.#request = request;
    this.step = step;
    try {
      Deno.mkdirSync(request.folder, { recursive: true });
    } catch (error) {
      throw writeError(request.folder, error);
    }
  }

  forward(embeddings: Tensor, phase: "train" | "predict"): void | Promise<void> {
    if (phase === "train" && this.#due()) return this.#write("fwd", embeddings);
  }

  backward(gradEmbeddings: Tensor): void | Promise<void> {
    if (this.#due()) return this.#write("bwd", gradEmbeddings);
  }

  #due(): boolean {
    return this.step % this.#request.every === 0;
  }

  async #write(direction: string, tensor: Tensor): Promise<void> {
    const [batch, tables, dim] = tensor.shape as [number, number, number];
    const data = await tensor.read() as Float32Array;
    const name = `step-${String(this.step).padStart(8, "0")}-${direction}.npy`;
    replaceFile(
      `${this.#request.folder}/${name}`,
      encodeNpy(tablesFirst(data, batch, tables, dim), [tables, batch, dim]),
    );
  }
}

/** `[batch, tables, dim]` as `[tables, batch, dim]`. */
export function tablesFirst(data: Float32Array, batch: number, tables: number, dim: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(data.length);
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < tables; t++) {
      const from = (b * tables + t) * dim;
      out.set(data.subarray(from, from + dim), (t * batch + b) * dim);
    }
  }
  return out;
}
