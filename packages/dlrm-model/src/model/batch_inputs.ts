import type { Device, Tensor } from "@pocketrec/compute";
import { BatchBuffer } from "../batch_buffer.ts";
import type { DlrmShape } from "../config.ts";
import type { IdBatch } from "../embedding_collection.ts";
import { ScratchTensor } from "../tables/scratch_tensor.ts";
import type { SampleBatch } from "./host_batch.ts";
import type { Capacity } from "./mlp.ts";

/** The tensors of a batch on the device, for one batch size. */
export interface BoundInputs {
  /** f32 `[batch, denseFeatures]`. */
  readonly dense: Tensor;
  /** f32 `[batch]`. */
  labels(): Tensor;
  /** f32 `[batch, tables, dim]`: pooled vectors. */
  readonly embeddings: Tensor;
  /** f32 `[batch, tables, dim]`: their gradient. */
  gradEmbeddings(): Tensor;
  /** The ids of the last write. */
  ids(): IdBatch;
  /** Uploads dense features and ids. */
  write(batch: SampleBatch, ids: Uint32Array): void;
  /** The same for as many samples of a larger batch, from `first` on. */
  writeRange(batch: SampleBatch, ids: Uint32Array, first: number): void;
}

/** Device tensors that batches are uploaded to. */
export class BatchInputs implements Disposable {
  readonly #tables: number;
  readonly #features: number;
  readonly #dense: BatchBuffer;
  readonly #labels: BatchBuffer;
  readonly #ids: BatchBuffer;
  readonly #bags: { readonly ids: ScratchTensor; readonly offsets: ScratchTensor; readonly weights: ScratchTensor };
  readonly #embeddings: BatchBuffer;
  readonly #gradEmbeddings: BatchBuffer;

  /** Sizes the buffers. */
  constructor(device: Device, { tables, dim, denseFeatures }: DlrmShape, { forward, backward }: Capacity) {
    this.#tables = tables.length;
    this.#features = denseFeatures;
    this.#dense = new BatchBuffer(device, "dense features", forward, [denseFeatures]);
    this.#labels = new BatchBuffer(device, "labels", backward, []);
    this.#ids = new BatchBuffer(device, "ids", forward, [tables.length], "u32");
    this.#bags = {
      ids: new ScratchTensor(device, "u32", "ids of bags"),
      offsets: new ScratchTensor(device, "u32", "offsets of bags"),
      weights: new ScratchTensor(device, "f32", "weights of ids"),
    };
    this.#embeddings = new BatchBuffer(device, "embeddings", forward, [tables.length, dim]);
    this.#gradEmbeddings = new BatchBuffer(device, "gradient of embeddings", backward, [tables.length, dim]);
  }

  /** Ties the buffers to a batch size. */
  bind(batch: number): BoundInputs {
    const tables = this.#tables, features = this.#features;
    const dense = this.#dense.at(batch);
    let labels: Tensor | undefined, gradEmbeddings: Tensor | undefined;
    let oneHot: IdBatch | undefined, current: IdBatch | undefined;
    const writeIds = (ids: Uint32Array, offsets?: Uint32Array, weights?: Float32Array) => {
      if (!offsets && !weights) {
        current = oneHot ??= { batch, tables, ids: this.#ids.at(batch) };
        current.ids.write(ids);
        return;
      }
      const shape = offsets ? [ids.length] : [batch, tables];
      current = { batch, tables, ids: upload(this.#bags.ids, shape, ids) };
      if (offsets) current = { ...current, offsets: upload(this.#bags.offsets, [offsets.length], offsets) };
      if (weights) current = { ...current, weights: upload(this.#bags.weights, shape, weights) };
    };
    return {
      dense,
      labels: () => labels ??= this.#labels.at(batch),
      embeddings: this.#embeddings.at(batch),
      gradEmbeddings: () => gradEmbeddings ??= this.#gradEmbeddings.at(batch),
      ids: () => current!,
      write: (source, ids) => {
        dense.write(source.dense);
        writeIds(ids, source.offsets, source.idWeights);
      },
      writeRange: (source, ids, first) => {
        dense.write(source.dense.subarray(first * features, (first + batch) * features));
        const from = first * tables, to = from + batch * tables;
        if (!source.offsets) return writeIds(ids.subarray(from, to), undefined, source.idWeights?.subarray(from, to));
        const start = source.offsets[from]!, end = source.offsets[to]!;
        const offsets = source.offsets.slice(from, to + 1).map((offset) => offset - start);
        writeIds(ids.subarray(start, end), offsets, source.idWeights?.subarray(start, end));
      },
    };
  }

  /** Frees the buffers. */
  [Symbol.dispose](): void {
    const buffers = [this.#dense, this.#labels, this.#ids, this.#embeddings, this.#gradEmbeddings];
    for (const buffer of [...buffers, ...Object.values(this.#bags)]) buffer[Symbol.dispose]();
  }
}

function upload(scratch: ScratchTensor, shape: readonly number[], data: Uint32Array | Float32Array): Tensor {
  const tensor = scratch.of(shape);
  tensor.write(data);
  return tensor;
}
