/**
 * `--codec`: what passes between look-up and interaction comes out as if it had been sent compressed from rank to rank.
 *
 * Only training is compressed; scoring a model is not. The gradient is that of the rounded vectors, handed through to the
 * tables as it is, or rounded on its own way back.
 *
 * @module
 */
import type { Tensor } from "@pocketrec/compute";
import type { Exchange } from "@pocketrec/dlrm-model";
import { quantiseInPlace } from "@pocketrec/lossy-codec/dual-level";
import type { CodecDirection, HalfSpec, LossySpec } from "../config/codec_spec.ts";
import type { CommTotals } from "../run/comm.ts";
import { CodecPolicy, type StepSpan, type TableOfModel } from "./codec_policy.ts";
import { roundToHalf } from "./half.ts";
import { MessageSizes } from "./message_sizes.ts";
import { eachTableSlice } from "./table_slices.ts";

/** The order for a codec. */
export interface CodecOrder extends StepSpan {
  readonly spec: HalfSpec | LossySpec;
  /** Added to, in place. */
  readonly totals: CommTotals;
}

/**
 * Every so many steps what they send is encoded, to learn its size. Values need no encoding: they come out of the
 * quantiser as they would come out of a decoder.
 */
const SIZED_EVERY = 16;

type Way = Exclude<CodecDirection, "both">;

/** An exchange that rounds. */
export class CodecExchange implements Exchange {
  readonly #spec: HalfSpec | LossySpec;
  readonly #totals: CommTotals;
  /** Absent for half precision, like the one below. */
  readonly #policy: CodecPolicy | undefined;
  readonly #sizes: MessageSizes | undefined;
  /** The step in progress; the first is 1. */
  step: number;

  /** @param step in progress next */
  constructor({ spec, totals, ...span }: CodecOrder, tables: readonly TableOfModel[], step: number) {
    this.#spec = spec;
    this.#totals = totals;
    if (spec.kind === "lossy") [this.#policy, this.#sizes] = [new CodecPolicy(spec, tables, span), new MessageSizes()];
    this.step = step;
  }

  forward(embeddings: Tensor, phase: "train" | "predict"): void | Promise<void> {
    if (phase === "predict") return;
    if (this.#compresses("forward") || this.#policy?.samplesIn(this.step)) return this.#pass(embeddings, "forward");
  }

  backward(gradEmbeddings: Tensor): void | Promise<void> {
    if (this.#compresses("backward")) return this.#pass(gradEmbeddings, "backward");
  }

  /** Text for a checkpoint; `undefined` where the codec has no state. */
  save(): string | undefined {
    return this.#policy?.save();
  }

  /** Takes over what {@linkcode CodecExchange.save} gave. */
  load(text: string): void {
    this.#policy?.load(text);
  }

  #compresses(way: Way): boolean {
    return this.#spec.direction === "both" || this.#spec.direction === way;
  }

  async #pass(tensor: Tensor, way: Way): Promise<void> {
    const shape = tensor.shape as [number, number, number];
    const data = await tensor.read() as Float32Array;
    const began = performance.now();
    if (way === "forward") this.#sample(data, shape);
    if (this.#compresses(way)) {
      if (this.#spec.kind === "fp16") this.#halve(data, way, shape[0]);
      else this.#quantise(data, shape, way, this.#spec);
      this.#totals.rawBytes += data.byteLength;
      this.#totals.ms += performance.now() - began;
      tensor.write(data);
    }
  }

  #sample(data: Float32Array, shape: readonly [number, number, number]): void {
    const policy = this.#policy;
    if (!policy?.samplesIn(this.step)) return;
    eachTableSlice(data, shape, 1, (vectors, { table }) => policy.sample(table, vectors, shape[2]));
  }

  #quantise(data: Float32Array, shape: readonly [number, number, number], way: Way, spec: LossySpec): void {
    const factor = way === "backward" ? spec.gradientFactor : 1;
    const sized = (this.step - 1) % SIZED_EVERY === 0;
    eachTableSlice(data, shape, spec.slices, (slice, { table }) => {
      const bound = factor * this.#policy!.bound(table, this.step);
      if (sized) this.#size(slice.byteLength, this.#sizes!.of(slice, shape[2], bound));
      this.#note(quantiseInPlace(slice, shape[2], bound));
    });
  }

  #halve(data: Float32Array, way: Way, batch: number): void {
    // Gradients of a mean are small by the size of the batch, and half precision has few small numbers.
    this.#note(roundToHalf(data, way === "backward" ? 2 ** Math.ceil(Math.log2(batch)) : 1));
    this.#size(data.byteLength, data.byteLength / 2);
  }

  #size(raw: number, encoded: number): void {
    this.#totals.sizedRawBytes += raw;
    this.#totals.sizedBytes += encoded;
  }

  #note(error: number): void {
    if (error > this.#totals.maxError) this.#totals.maxError = error;
  }
}
