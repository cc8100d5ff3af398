/**
 * What the training loop needs of a model.
 *
 * @module
 */
import type { CtrBatch } from "@pocketrec/datasets";
import type { StoredEmbedding } from "../config/model_choice.ts";
import type { FileData } from "../files.ts";

/** Loss summed over some rows. */
export interface LossSum {
  readonly sum: number;
  readonly count: number;
}

/** The parts of a step that a model may tell apart; on a device that runs behind, their times are those of recording. */
export const STEP_PHASES = ["forward", "backward", "update"] as const;

/** A part of a step. */
export type StepPhase = typeof STEP_PHASES[number];

/** A model that can be trained, scored, saved and restored. */
export interface TrainableModel {
  /**
   * Does one step. It may return before the device is done; the promise, when there is one, is awaited.
   *
   * @param enter told the phase that begins, one of {@linkcode STEP_PHASES}, for the report.
   * @throws {RangeError} when an id is out of range.
   */
  trainStep(batch: CtrBatch, lr: number, enter: (phase: StepPhase) => void): void | Promise<void>;
  /** Loss of all steps since the last {@linkcode setLoss}; waits for the device. */
  readLoss(): Promise<LossSum>;
  /**
   * Sets the accumulated loss, to zero after a reading, or to what {@linkcode readLoss} gave before a checkpoint: going
   * on adding to that sum gives the same bits as never having stopped.
   */
  setLoss(loss: LossSum): void;
  /** Probabilities of label 1, `[rows]`. */
  predict(batch: CtrBatch): Promise<Float32Array>;
  /** How the embeddings are stored now; an array grows as training goes on. */
  readonly embedding: StoredEmbedding;
  /** Bytes of what {@linkcode snapshot} gives, about. */
  readonly stateBytes: number;
  /** Everything that an exact resume needs, as named files; one of them is `weights.safetensors`. */
  snapshot(): ReadonlyMap<string, FileData>;
  /**
   * Takes over what {@linkcode snapshot} gave.
   *
   * @param what `weights` leaves the optimiser alone.
   */
  restore(files: ReadonlyMap<string, Uint8Array>, what: "all" | "weights"): void;
}
