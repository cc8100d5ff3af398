import { type Device, lossTotal, type Tensor } from "@pocketrec/compute";
import { exp } from "@pocketrec/compute/detmath";
import { type DlrmConfig, type DlrmShape, resolveConfig } from "../config.ts";
import type { EmbeddingCollection, StateData } from "../embedding_collection.ts";
import { checkLoss, clickLoss, type LossConfig } from "../loss/click_loss.ts";
import type { OptimizerConfig } from "../optimizer.ts";
import { BatchInputs, type BoundInputs } from "./batch_inputs.ts";
import { DenseParameters } from "./dense_parameters.ts";
import type { Exchange } from "./exchange.ts";
import { checkBatch, type OutOfRange, type SampleBatch, settleIds, type TrainingBatch } from "./host_batch.ts";
import type { BoundInteraction, InteractionLayer } from "./interaction_layer.ts";
import { interactionParameters, makeInteraction } from "./interactions.ts";
import { type BoundMlp, type Capacity, Mlp, mlpParameters } from "./mlp.ts";

/** What a {@linkcode Dlrm} is made of. */
export interface DlrmOptions {
  /** Shape. */
  readonly config: DlrmConfig;
  /** The tables; the model looks up, but does not own them. */
  readonly embeddings: EmbeddingCollection;
  /** Update rule of the MLPs; the collection has its own. */
  readonly optimizer: OptimizerConfig;
  /** Samples of the largest batch to train on. */
  readonly trainBatch: number;
  /** Samples that are scored at once. Default: `trainBatch`. */
  readonly predictBatch?: number;
  /** Seed of the initial values. */
  readonly seed: number;
  /** Default: binary cross-entropy. */
  readonly loss?: LossConfig;
  /** What happens to ids that a table does not have. Default `"error"`. */
  readonly outOfRange?: OutOfRange;
  /** Sees and may change what passes between tables and interaction. */
  readonly exchange?: Exchange;
}

/** Losses summed over samples. */
export interface LossSum {
  /** Sum of the losses. */
  readonly sum: number;
  /** Samples. */
  readonly count: number;
}

/** Everything tied to one batch size. */
interface Bound {
  readonly batch: number;
  readonly inputs: BoundInputs;
  readonly bottom: BoundMlp;
  readonly interaction: BoundInteraction;
  readonly top: BoundMlp;
  readonly embeddings: Tensor;
  readonly gradEmbeddings: () => Tensor;
}

/** Batch sizes whose views are kept. */
const KEPT_SIZES = 8;

/**
 * A deep learning recommendation model (Naumov et al., arXiv 1906.00091): a bottom MLP takes the dense features to a
 * vector, embedding tables give one vector per categorical feature, all vectors interact, and a top MLP turns the result
 * into the logit of a click.
 *
 * A training step records its commands and returns; nothing waits for the device but {@linkcode Dlrm.predict} and
 * {@linkcode Dlrm.readLoss}.
 *
 * ```ts
 * import { openCpuDevice } from "@pocketrec/compute";
 * import { Dlrm, TableCollection } from "@pocketrec/dlrm-model";
 *
 * using device = openCpuDevice({ threads: 1 });
 * const tables = [{ name: "user", rows: 100 }, { name: "item", rows: 50 }];
 * const config = { denseFeatures: 2, tables, dim: 4, bottom: [2, 4], top: [8, 1] };
 * const optimizer = { kind: "adagrad" } as const;
 * using embeddings = new TableCollection(device, { tables, dim: 4, optimizer, seed: 1 });
 * using model = new Dlrm(device, { config, embeddings, optimizer, trainBatch: 2, seed: 1 });
 * const batch = { dense: Float32Array.of(0.5, 1, 0, 2), ids: Uint32Array.of(7, 3, 99, 49) };
 * for (let step = 0; step < 200; step++) {
 *   await model.trainStep({ ...batch, labels: Float32Array.of(1, 0) }, 0.1);
 * }
 * const [first, second] = await model.predict(batch); // close to 1 and to 0
 * if (first! < 0.9 || second! > 0.1) throw new Error("it did not learn");
 * ```
 */
export class Dlrm implements Disposable {
  /** The checked configuration. */
  readonly shape: DlrmShape;
  /** The tables. */
  readonly embeddings: EmbeddingCollection;
  readonly #device: Device;
  readonly #parameters: DenseParameters;
  readonly #capacity: Capacity;
  readonly #inputs: BatchInputs;
  readonly #bottom: Mlp;
  readonly #interaction: InteractionLayer;
  readonly #top: Mlp;
  readonly #lossSum: Tensor;
  readonly #loss: LossConfig;
  readonly #outOfRange: OutOfRange;
  readonly #exchange: Exchange | undefined;
  readonly #bound = new Map<number, Bound>();
  #current: Bound | undefined;
  #losses = 0;

  /**
   * Builds the model with fresh weights.
   *
   * @throws {RangeError} where the shape is impossible; see {@linkcode resolveConfig}
   * @throws {TypeError} where the collection has other tables than the configuration
   * @throws {DeviceMemoryError} where the device cannot hold it
   */
  constructor(device: Device, options: DlrmOptions) {
    const shape = this.shape = resolveConfig(options.config);
    const { embeddings, trainBatch, predictBatch = trainBatch, loss = { kind: "bce" } } = options;
    checkTables(shape, embeddings);
    checkLoss(loss);
    for (const [name, value] of Object.entries({ trainBatch, predictBatch })) {
      if (!Number.isSafeInteger(value) || value < 1) {
        throw new RangeError(`Cannot build the model for a ${name} of ${value}: want a whole number >= 1`);
      }
    }
    this.#device = device;
    this.embeddings = embeddings;
    this.#loss = loss;
    this.#outOfRange = options.outOfRange ?? "error";
    this.#exchange = options.exchange;
    const capacity = this.#capacity = { forward: Math.max(trainBatch, predictBatch), backward: trainBatch };
    const parameters = this.#parameters = new DenseParameters(
      device,
      [
        ...mlpParameters("bot_l", shape.bottom),
        ...interactionParameters(shape),
        ...mlpParameters("top_l", shape.topWidths),
      ],
      options.optimizer,
      options.seed,
    );
    this.#inputs = new BatchInputs(device, shape, capacity);
    this.#bottom = new Mlp(device, parameters, { prefix: "bot_l", widths: shape.bottom, lastRelu: true, capacity });
    this.#interaction = makeInteraction(device, shape, parameters, capacity);
    this.#top = new Mlp(device, parameters, { prefix: "top_l", widths: shape.topWidths, lastRelu: false, capacity });
    this.#lossSum = device.tensor("f32", [2], { label: "loss" });
  }

  /** Gradients of all dense parameters, flat: what data-parallel ranks add up between `backward` and `step`. */
  get gradients(): Tensor {
    return this.#parameters.gradients;
  }

  /** Bytes of all trained parameters, as stored. */
  get parameterBytes(): number {
    let elements = 0;
    for (const { value } of this.#parameters.all()) elements += value.size;
    return 4 * elements + this.embeddings.parameterBytes;
  }

  /**
   * Trains on a batch of 1 up to `trainBatch` samples: {@linkcode Dlrm.forward}, {@linkcode Dlrm.backward} and
   * {@linkcode Dlrm.step}. Resolves when all commands are recorded, without waiting for the device.
   *
   * @throws {RangeError} where an array has the wrong length or an id is out of range; the model is unchanged then
   */
  async trainStep(batch: TrainingBatch, lr: number): Promise<void> {
    const exchanged = this.forward(batch);
    if (exchanged) await exchanged;
    const returned = this.backward();
    if (returned) await returned;
    this.step(lr);
  }

  /** Uploads a batch and records the pass up to the logits and the loss's gradient. Await what it returns, if anything. */
  forward(batch: TrainingBatch): Promise<void> | undefined {
    const samples = checkBatch(batch, this.shape.denseFeatures, this.shape.tables.length);
    if (batch.labels.length !== samples) {
      throw new RangeError(
        `Cannot use a batch of ${samples} samples with ${batch.labels.length} labels: want ${samples}`,
      );
    }
    if (samples < 1 || samples > this.#capacity.backward) {
      throw new RangeError(
        `Cannot train on a batch of ${samples} samples: the model was built for 1 to ${this.#capacity.backward}`,
      );
    }
    const bound = this.#bind(samples);
    bound.inputs.write(batch, settleIds(batch, this.shape.tables, this.#outOfRange));
    const labels = bound.inputs.labels();
    labels.write(batch.labels);
    this.#current = bound;
    this.#losses += samples;
    const after = () => {
      this.#infer(bound);
      const tensors = { logits: bound.top.output, labels, gradLogits: bound.top.gradOutput(), lossSum: this.#lossSum };
      clickLoss(this.#loss, tensors);
    };
    return this.#lookUp(bound, "train", after);
  }

  /** Records the gradients of the last forward pass. Await what it returns, if anything. */
  backward(): Promise<void> | undefined {
    const bound = this.#trained("take gradients");
    bound.top.backward();
    bound.interaction.backward();
    bound.bottom.backward();
    const gradient = bound.gradEmbeddings();
    const exchanged = this.#exchange?.backward(gradient);
    if (exchanged) return exchanged.then(() => this.embeddings.backward(gradient));
    this.embeddings.backward(gradient);
    return undefined;
  }

  /** Records the update of all parameters by the last gradients, and submits. Tables may have a rate of their own. */
  step(lr: number, embeddingLr: number = lr): void {
    this.#trained("update");
    this.#parameters.step(lr);
    this.embeddings.step(embeddingLr);
    this.#current = undefined;
    this.#device.submit();
  }

  /**
   * Scores any number of samples.
   *
   * @param as `"probability"` (default) or `"logit"`
   * @returns `[batch]`
   */
  async predict(batch: SampleBatch, as: "probability" | "logit" = "probability"): Promise<Float32Array<ArrayBuffer>> {
    const { denseFeatures, tables } = this.shape;
    const samples = checkBatch(batch, denseFeatures, tables.length);
    const scores = new Float32Array(samples);
    const ids = settleIds(batch, tables, this.#outOfRange);
    for (let first = 0; first < samples; first += this.#capacity.forward) {
      const count = Math.min(this.#capacity.forward, samples - first);
      const bound = this.#bind(count);
      bound.inputs.writeRange(batch, ids, first);
      const exchanged = this.#lookUp(bound, "predict", () => this.#infer(bound));
      if (exchanged) await exchanged;
      scores.set(await bound.top.output.read(), first);
    }
    if (as === "probability") {
      for (let i = 0; i < samples; i++) {
        const e = exp(-Math.abs(scores[i]!));
        scores[i] = (scores[i]! >= 0 ? 1 : e) / (1 + e);
      }
    }
    return scores;
  }

  /** The losses of all forward passes since the last {@linkcode Dlrm.setLoss}; waits for the device. */
  async readLoss(): Promise<LossSum> {
    const count = this.#losses;
    return { sum: lossTotal(await this.#lossSum.read()), count };
  }

  /**
   * Sets the running loss: to zero after reading it, or in a resumed run to what it was. Equal sums go on to equal sums,
   * bit by bit.
   */
  setLoss(loss: LossSum): void {
    const carried = Math.floor(loss.sum / 4096) * 4096;
    this.#lossSum.write(Float32Array.of(loss.sum - carried, carried));
    this.#losses = loss.count;
  }

  /** Everything an exact resume needs, by name: facebookresearch/dlrm's names, `<name>@<state>` for optimiser state. */
  state(): Record<string, Tensor> {
    return { ...this.#parameters.state(), ...this.embeddings.state() };
  }

  /**
   * Overwrites parameters, and optimiser state as far as it is given.
   *
   * @throws {TypeError} where a parameter is missing or has the wrong type
   * @throws {RangeError} where one has the wrong number of elements
   */
  load(state: StateData): void {
    this.#parameters.load(state);
    this.embeddings.load(state);
  }

  /** The gradient of every dense parameter after `backward`, by name. */
  denseGradients(): Record<string, Tensor> {
    return Object.fromEntries([...this.#parameters.all()].map(({ name, gradient }) => [name, gradient]));
  }

  /** The gradient of the pooled vectors after `backward`, `[batch, tables, dim]`. */
  embeddingGradient(): Tensor {
    return this.#trained("read gradients").gradEmbeddings();
  }

  /** Frees the model; the collection stays. */
  [Symbol.dispose](): void {
    for (const part of [this.#parameters, this.#inputs, this.#bottom, this.#interaction, this.#top, this.#lossSum]) {
      part[Symbol.dispose]();
    }
    this.#bound.clear();
  }

  #trained(action: string): Bound {
    if (!this.#current) throw new TypeError(`Cannot ${action} before a forward pass`);
    return this.#current;
  }

  #lookUp(bound: Bound, phase: "train" | "predict", after: () => void): Promise<void> | undefined {
    this.embeddings.lookup(bound.inputs.ids(), bound.embeddings);
    const exchanged = this.#exchange?.forward(bound.embeddings, phase);
    if (exchanged) return exchanged.then(after);
    after();
    return undefined;
  }

  #infer(bound: Bound): void {
    bound.bottom.forward();
    bound.interaction.forward();
    bound.top.forward();
  }

  #bind(batch: number): Bound {
    let bound = this.#bound.get(batch);
    if (bound) return bound;
    const inputs = this.#inputs.bind(batch);
    const bottom = this.#bottom.bind(inputs.dense);
    const { embeddings, gradEmbeddings } = inputs;
    const interaction = this.#interaction.bind({
      dense: bottom.output,
      embeddings,
      gradDense: bottom.gradOutput,
      gradEmbeddings,
    });
    const top = this.#top.bind(interaction.output, interaction.gradOutput);
    bound = { batch, inputs, bottom, interaction, top, embeddings, gradEmbeddings };
    if (this.#bound.size >= KEPT_SIZES) this.#bound.delete(this.#bound.keys().next().value!);
    this.#bound.set(batch, bound);
    return bound;
  }
}

function checkTables(shape: DlrmShape, { tables }: EmbeddingCollection): void {
  const text = (list: readonly { readonly rows: number }[]) => list.map(({ rows }) => rows).join(", ");
  if (text(tables) !== text(shape.tables)) {
    throw new TypeError(`Cannot build the model as its tables have ${text(shape.tables)} rows: got ${text(tables)}`);
  }
  const other = tables.find(({ dim }) => dim !== shape.dim);
  if (other) {
    throw new TypeError(`Cannot build the model as table ${other.name} has dim ${other.dim}: want ${shape.dim}`);
  }
}
