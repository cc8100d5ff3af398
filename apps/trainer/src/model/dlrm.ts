/**
 * The DLRM behind the training loop's interface.
 *
 * @module
 */
import type { Tensor } from "@pocketrec/compute";
import { Dlrm, type LossConfig, type LossSum, type OptimizerConfig } from "@pocketrec/dlrm-model";
import type { CtrBatch } from "@pocketrec/datasets";
import type { StoredEmbedding } from "../config/model_choice.ts";
import { sizeInStep } from "../config/robe_spec.ts";
import { RunError } from "../errors.ts";
import type { FileData } from "../files.ts";
import type { StepPhase, TrainableModel } from "../run/model.ts";
import type { ModelFactory, ModelOrder } from "../run/model_factory.ts";
import { makeCollection, type StoredCollection } from "./collection.ts";
import { CodecExchange } from "./codec_exchange.ts";
import { DumpExchange } from "./dump_exchange.ts";
import { inTurn } from "./exchanges.ts";
import { decodeTensors, encodeTensors } from "./tensor_files.ts";

/** The codec's state in a checkpoint. */
const CODEC_FILE = "codec.json";

/** Builds a DLRM with fresh weights. */
export const createDlrm: ModelFactory = (order) => new DlrmModel(order);

class DlrmModel implements TrainableModel, Disposable {
  readonly #model: Dlrm;
  readonly #embeddings: StoredCollection;
  readonly #dump: DumpExchange | undefined;
  readonly #codec: CodecExchange | undefined;
  readonly #metadata: Record<string, string>;
  /** Elements of a ROBE array in a step. */
  readonly #sizeIn: (step: number) => number;
  #step: number;
  /** Rate of the tables over that of the MLPs. */
  readonly #embeddingRate: number;

  constructor({ device, config, choice, growth = [], dump, codec, startStep }: ModelOrder) {
    const optimizer = optimizerOf(config);
    this.#embeddingRate = config.embeddingLr / config.lr;
    const { shape, embedding } = choice;
    const beginning = "robe" in embedding ? embedding.robe.size : 0;
    this.#sizeIn = (step) => sizeInStep(beginning, growth, step);
    this.#step = startStep + 1;
    this.#dump = dump && new DumpExchange(dump, startStep + 1);
    this.#codec = codec && new CodecExchange(codec, shape.tables, startStep + 1);
    // Dumps are for those who study compression: of what comes before it.
    const exchange = inTurn([this.#dump, this.#codec].filter((one) => one !== undefined));
    this.#metadata = {
      format: "pocketrec-dlrm",
      config: JSON.stringify(shape),
      interaction_order: "tril",
      seed: String(config.seed),
    };
    this.#embeddings = makeCollection(device, shape, embedding, { optimizer, seed: config.seed });
    this.#model = new Dlrm(device, {
      config: shape,
      embeddings: this.#embeddings,
      optimizer,
      trainBatch: config.batch,
      predictBatch: config.testBatch,
      seed: config.seed,
      loss: lossOf(config),
      ...(exchange ? { exchange } : {}),
    });
  }

  async trainStep(batch: CtrBatch, lr: number, enter: (phase: StepPhase) => void): Promise<void> {
    const model = this.#model;
    // Before the step, not after the last one: so a checkpoint of any step is that of the array which the step trained.
    this.#embeddings.growTo?.(this.#sizeIn(this.#step));
    const looked = model.forward(batch);
    if (looked) await looked;
    enter("backward");
    const returned = model.backward();
    if (returned) await returned;
    enter("update");
    model.step(lr, lr * this.#embeddingRate);
    this.#step++;
    for (const exchange of [this.#dump, this.#codec]) if (exchange) exchange.step++;
  }

  readLoss(): Promise<LossSum> {
    return this.#model.readLoss();
  }

  setLoss(loss: LossSum): void {
    this.#model.setLoss(loss);
  }

  predict(batch: CtrBatch): Promise<Float32Array> {
    return this.#model.predict(batch);
  }

  get embedding(): StoredEmbedding {
    return this.#embeddings.stored();
  }

  get stateBytes(): number {
    return Object.values(this.#model.state()).reduce((sum, tensor) => sum + tensor.byteLength, 0);
  }

  snapshot(): ReadonlyMap<string, FileData> {
    const all = Object.entries(this.#model.state());
    const part = (wanted: (name: string) => boolean): Record<string, Tensor> =>
      Object.fromEntries(all.filter(([name]) => wanted(name)));
    const metadata = { ...this.#metadata, embedding: JSON.stringify(this.embedding) };
    const codec = this.#codec?.save();
    return new Map<string, FileData>([
      ["weights.safetensors", encodeTensors(part((name) => !name.includes("@")), metadata)],
      ["optimizer.safetensors", encodeTensors(part((name) => name.includes("@")), {})],
      ...(codec === undefined ? [] : [[CODEC_FILE, codec] as const]),
    ]);
  }

  restore(files: ReadonlyMap<string, Uint8Array>, what: "all" | "weights"): void {
    const names = ["weights.safetensors", ...(what === "all" ? ["optimizer.safetensors"] : [])];
    const bytesOf = (name: string): Uint8Array => {
      const bytes = files.get(name);
      if (!bytes) throw new RunError(`Cannot restore the model as ${name} is missing`);
      return bytes;
    };
    this.#model.load(Object.assign({}, ...names.map((name) => decodeTensors(bytesOf(name)))));
    if (what === "all" && this.#codec?.save() !== undefined) {
      this.#codec.load(new TextDecoder().decode(bytesOf(CODEC_FILE)));
    }
  }

  [Symbol.dispose](): void {
    this.#model[Symbol.dispose]();
    this.#embeddings[Symbol.dispose]();
  }
}

function optimizerOf({ optimizer, eps }: ModelOrder["config"]): OptimizerConfig {
  return optimizer === "sgd" ? { kind: "sgd" } : { kind: optimizer, epsilon: eps };
}

function lossOf({ loss, lossWeights, lossThreshold }: ModelOrder["config"]): LossConfig {
  if (loss === "mse") return { kind: "mse", threshold: lossThreshold };
  const [zero = 1, one = 1] = loss === "wbce" ? lossWeights : [];
  return { kind: "bce", classWeights: [zero, one], threshold: lossThreshold };
}
