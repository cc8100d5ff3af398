/**
 * Logistic regression over dense features and ids by Adagrad, in plain loops: a second model behind the loop's interface,
 * to test trainer and model apart.
 *
 * @module
 */
import { decodeSafetensors, encodeSafetensors } from "@pocketrec/dlrm-model";
import type { CtrBatch } from "@pocketrec/datasets";
import type { StoredEmbedding } from "../config/model_choice.ts";
import type { LossSum, TrainableModel } from "../run/model.ts";
import type { ModelFactory } from "../run/model_factory.ts";

/** Weights per table at most, so that checkpoints are small. */
const FOLD = 500;

/** A model of one weight per dense feature, one per id (folded), and a bias. */
export class Logistic implements TrainableModel, Disposable {
  /** Dense weights, id weights table by table, bias. */
  weights: Float32Array;
  /** Adagrad's sums of squares. */
  squares: Float32Array;
  /** Nothing is stored otherwise than one would think. */
  readonly embedding: StoredEmbedding = { schemes: [], qrOperation: "mult" };
  readonly #dense: number;
  readonly #base: readonly number[];
  #loss: LossSum = { sum: 0, count: 0 };

  constructor(denseFeatures: number, tableRows: readonly number[]) {
    this.#dense = denseFeatures;
    let next = denseFeatures;
    this.#base = tableRows.map((rows) => (next += Math.min(rows, FOLD)) - Math.min(rows, FOLD));
    this.weights = new Float32Array(next + 1);
    this.squares = new Float32Array(next + 1);
  }

  trainStep(batch: CtrBatch, lr: number): void {
    const gradient = new Map<number, number>();
    let { sum, count } = this.#loss;
    for (let i = 0; i < batch.rows; i++) {
      const p = this.#probability(batch, i);
      sum -= Math.log(batch.labels[i] ? p : 1 - p);
      this.#each(batch, i, (weight, x) => {
        gradient.set(weight, (gradient.get(weight) ?? 0) + (p - batch.labels[i]!) * x / batch.rows);
      });
    }
    count += batch.rows;
    this.#loss = { sum, count };
    for (const [weight, g] of gradient) {
      this.squares[weight]! += g * g;
      this.weights[weight]! -= lr * g / (Math.sqrt(this.squares[weight]!) + 1e-10);
    }
  }

  readLoss(): Promise<LossSum> {
    return Promise.resolve(this.#loss);
  }

  setLoss(loss: LossSum): void {
    this.#loss = loss;
  }

  predict(batch: CtrBatch): Promise<Float32Array> {
    return Promise.resolve(Float32Array.from({ length: batch.rows }, (_, i) => this.#probability(batch, i)));
  }

  get stateBytes(): number {
    return 2 * this.weights.byteLength;
  }

  snapshot(): ReadonlyMap<string, Uint8Array> {
    const file = (data: Float32Array) => encodeSafetensors({ data: { dtype: "F32", shape: [data.length], data } });
    return new Map([["weights.safetensors", file(this.weights)], ["optimizer.safetensors", file(this.squares)]]);
  }

  restore(files: ReadonlyMap<string, Uint8Array>, what: "all" | "weights"): void {
    const data = (name: string) => decodeSafetensors(files.get(name)!).tensors.get("data")!.data as Float32Array;
    this.weights = data("weights.safetensors").slice();
    if (what === "all") this.squares = data("optimizer.safetensors").slice();
  }

  [Symbol.dispose](): void {}

  #probability(batch: CtrBatch, i: number): number {
    let logit = 0;
    this.#each(batch, i, (weight, x) => logit += this.weights[weight]! * x);
    return 1 / (1 + Math.exp(-logit));
  }

  #each(batch: CtrBatch, i: number, visit: (weight: number, x: number) => void): void {
    for (let j = 0; j < this.#dense; j++) visit(j, batch.dense[i * this.#dense + j]!);
    this.#base.forEach((base, t) => visit(base + batch.ids[i * this.#base.length + t]! % FOLD, 1));
    visit(this.weights.length - 1, 1);
  }
}

/** Builds the regression for the data's shape. */
export const createLogistic: ModelFactory = ({ choice }) =>
  new Logistic(choice.shape.denseFeatures, choice.shape.tables.map((table) => table.rows));
