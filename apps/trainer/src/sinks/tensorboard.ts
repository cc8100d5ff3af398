/**
 * TensorBoard event files, with the tags of facebookresearch/dlrm and some of our own.
 *
 * @module
 */
import { writeError } from "../files.ts";
import { encodeRestartEvent, encodeScalarEvent, encodeVersionEvent, type Scalar } from "./event_proto.ts";
import type { MetricRow, MetricSink } from "./metric_row.ts";
import { frameRecord } from "./tfrecord.ts";

/** The scalars of a row. `Test/Acc` and `mlperf-metrics-test/roc_auc` are upstream's names for any held-out part. */
export function scalarsOf(row: MetricRow): Scalar[] {
  const scalars: (readonly [string, number | undefined])[] = row.split === "train" || row.split === "refit"
    ? [["Train/Loss", row.loss], ["Train/LearningRate", row.lr], ["Train/Epoch", row.epoch]]
    : row.split === "valid"
    ? [
      ["Test/Acc", row.accuracy],
      ["mlperf-metrics-test/roc_auc", row.auc],
      ["Valid/AUC", row.auc],
      ["Valid/LogLoss", row.loss],
      ["Valid/Accuracy", row.accuracy],
    ]
    : [["Final/AUC", row.auc], ["Final/LogLoss", row.loss], ["Final/Accuracy", row.accuracy]];
  return scalars.filter((s): s is [string, number] => s[1] !== undefined).map(([tag, value]) => ({ tag, value }));
}

/** Writes one event file in a folder. */
export class TensorBoardSink implements MetricSink {
  readonly #path: string;
  readonly #file: Deno.FsFile;
  readonly #now: () => number;

  /**
   * @param folder where TensorBoard looks.
   * @param resumedFrom the step that a resumed run starts from; later points of earlier files are dropped then.
   * @param now milliseconds since 1970.
   * @throws {RunError} when the file cannot be written.
   */
  constructor(folder: string, resumedFrom?: number, now: () => number = Date.now) {
    this.#now = now;
    const seconds = String(Math.floor(now() / 1000)).padStart(10, "0");
    this.#path = `${folder}/events.out.tfevents.${seconds}.pocketrec.${Deno.pid}.${resumedFrom ?? 0}`;
    try {
      this.#file = Deno.openSync(this.#path, { write: true, create: true, truncate: true });
    } catch (error) {
      throw writeError(this.#path, error);
    }
    this.#append(encodeVersionEvent(this.#seconds()));
    if (resumedFrom !== undefined) this.#append(encodeRestartEvent(this.#seconds(), resumedFrom + 1));
  }

  write(row: MetricRow): void {
    this.scalars(row.step, scalarsOf(row));
  }

  /** Writes further scalars, such as the speed. */
  scalars(step: number, scalars: readonly Scalar[]): void {
    this.#append(encodeScalarEvent(this.#seconds(), step, scalars));
  }

  close(): void {
    this.#file.close();
  }

  #seconds(): number {
    return this.#now() / 1000;
  }

  #append(payload: Uint8Array): void {
    const record = frameRecord(payload);
    try {
      for (let at = 0; at < record.length;) at += this.#file.writeSync(record.subarray(at));
    } catch (error) {
      throw writeError(this.#path, error);
    }
  }
}
