/**
 * The training loop: steps, readings, evaluations, checkpoints, and when to stop. It knows no model, data format,
 * terminal or file; those come in as interfaces.
 *
 * @module
 */
import type { CtrSplit } from "@pocketrec/datasets";
import type { CheckpointStore } from "../checkpoint/store.ts";
import type { TrainConfig } from "../config/resolve.ts";
import { RunError } from "../errors.ts";
import { collect, type FileData } from "../files.ts";
import type { Progress } from "../progress/progress.ts";
import type { MetricRow, MetricSink } from "../sinks/metric_row.ts";
import { breathe } from "./breathe.ts";
import { type MetricFunction, type Metrics, scoreSplit } from "./evaluate.ts";
import type { StepPhase, TrainableModel } from "./model.ts";
import { encodeState, type RunState } from "./state.ts";
import type { Stopwatch } from "./stopwatch.ts";

/** Time between checkpoints when no number of steps is given. When they are written changes nothing in the results. */
const CHECKPOINT_MS = 60_000;

/**
 * The best state is held in memory up to this size and reaches the disk with the next checkpoint; larger ones are written
 * at once.
 */
const HELD_BYTES = 2 ** 30;

/** The numbers that steer the loop; see the configuration for their meaning. */
export interface LoopPlan {
  readonly seed: number;
  readonly shuffle: boolean;
  readonly batch: number;
  readonly testBatch: number;
  readonly epochs: number;
  readonly totalSteps: number;
  readonly logEvery: number;
  readonly evalEvery: number;
  readonly checkpointEvery: number;
  readonly patience: number;
  /** What training minimises. */
  readonly loss: TrainConfig["loss"];
  /** Learning rate of a step; the first is 1. */
  learningRate(step: number): number;
}

/** What the loop works with. */
export interface LoopParts {
  readonly plan: LoopPlan;
  /** Where the run stands; updated in place. */
  readonly state: RunState;
  readonly model: TrainableModel;
  readonly train: CtrSplit;
  readonly valid: CtrSplit;
  readonly metrics: MetricFunction;
  readonly store: CheckpointStore;
  readonly sinks: readonly MetricSink[];
  readonly progress: Progress;
  readonly watch: Stopwatch;
  /** When the last checkpoint was written, by the watch's clock; updated in place. */
  checkpointedAt: number;
  /** The best state, not yet on the disk. */
  held?: { readonly step: number; readonly files: ReadonlyMap<string, FileData> } | undefined;
  /** Whether to stop after the current step. */
  stopped(): boolean;
}

/**
 * Trains until the plan is fulfilled, early stopping stops it, or the user does.
 *
 * @returns how it ended; `interrupted` runs can go on from their last checkpoint.
 * @throws {RunError} when the loss is no longer finite, or a file cannot be written.
 */
export async function trainLoop(parts: LoopParts): Promise<"finished" | "early-stop" | "interrupted"> {
  try {
    return await run(parts);
  } catch (error) {
    // The best state must not be lost with the run; if the disk is the trouble, the first error is the one to tell.
    if (parts.held) await parts.store.write(parts.held.step, parts.held.files, [parts.held.step]).catch(() => {});
    throw error;
  }
}

async function run(parts: LoopParts): Promise<"finished" | "early-stop" | "interrupted"> {
  const { state, plan, watch, progress } = parts;
  parts.model.setLoss(state.pending);
  // A run stopped between a step and its evaluation owes that evaluation.
  let open = state.evalDue ? await afterStep(parts) : state.finished === "no";
  const rest = breathe();
  const enter = (phase: StepPhase) => void watch.enter(phase);
  while (open && state.epoch < plan.epochs) {
    let began = watch.now();
    watch.enter("data");
    const batches = parts.train.batches({
      batchSize: plan.batch,
      startBatch: state.batch,
      ...(plan.shuffle ? { shuffle: { seed: plan.seed, epoch: state.epoch } } : {}),
    });
    for await (const batch of batches) {
      watch.enter("forward");
      await parts.model.trainStep(batch, plan.learningRate(state.step + 1), enter);
      watch.enter("other");
      state.step++;
      state.batch++;
      state.samples += batch.rows;
      const tick = { step: state.step, epoch: state.epoch + 1, rows: batch.rows };
      progress.step(tick);
      watch.step(watch.now() - began);
      open = await afterStep(parts);
      if (!open) break;
      await rest();
      began = watch.now();
      watch.enter("data");
    }
    if (!open) break;
    state.epoch++;
    state.batch = 0;
  }
  watch.enter("other");
  return state.finished === "no" ? "interrupted" : state.finished;
}

/** Reading, evaluation and checkpoint as they are due. @returns whether to go on. */
async function afterStep(parts: LoopParts): Promise<boolean> {
  const { state, plan, valid } = parts;
  const last = state.step >= plan.totalSteps;
  if (!state.evalDue) {
    if (last || state.step % plan.logEvery === 0) await readLoss(parts);
    // Counted from the beginning of an epoch, whose end is always looked at: there a model begins to see rows again.
    const epochEnds = state.batch === Math.ceil(parts.train.rows / plan.batch);
    const due = last || (plan.evalEvery > 0 && (epochEnds || state.batch % plan.evalEvery === 0));
    state.evalDue = due && valid.rows > 0;
  }
  let better = false;
  if (state.evalDue && !parts.stopped()) {
    const result = await evaluate(parts);
    if (result !== undefined) [better, state.evalDue] = [result, false];
  }
  // A stop that comes while the last evaluation is still owed leaves the run unfinished.
  if (!state.evalDue) {
    const enough = plan.patience > 0 && state.worse >= plan.patience;
    if (last || enough) state.finished = last ? "finished" : "early-stop";
  }
  const ended = state.finished !== "no";
  const interrupted = !ended && parts.stopped();
  const periodic = plan.checkpointEvery > 0
    ? state.step % plan.checkpointEvery === 0
    : parts.watch.now() - parts.checkpointedAt >= CHECKPOINT_MS;
  if (ended || interrupted || periodic || (better && parts.model.stateBytes > HELD_BYTES)) await checkpoint(parts);
  else if (better) await hold(parts);
  return !ended && !interrupted;
}

/** Waits for the device and takes the loss summed so far into the state. */
async function collectLoss(parts: LoopParts): Promise<void> {
  const before = parts.watch.enter("readback");
  parts.state.pending = await parts.model.readLoss();
  parts.watch.enter(before);
  const { sum } = parts.state.pending;
  if (!Number.isFinite(sum)) throw diverged(parts, `the loss is ${sum}`);
}

async function readLoss(parts: LoopParts): Promise<void> {
  const { state, plan, progress } = parts;
  await collectLoss(parts);
  const { sum, count } = state.pending;
  if (count === 0) return;
  state.pending = { sum: 0, count: 0 };
  parts.model.setLoss(state.pending);
  const lr = plan.learningRate(state.step);
  const row = point(state, state.refitFrom ? "refit" : "train", { loss: sum / count, lr });
  emit(parts, row);
  progress.loss({ step: state.step, epoch: row.epoch, rows: 0 }, row.loss, lr);
}

/** @returns whether it is the best so far, or `undefined` when the user stops it. */
async function evaluate(parts: LoopParts): Promise<boolean | undefined> {
  const { state, plan, progress, watch } = parts;
  progress.pause("evaluating");
  watch.enter("evaluate");
  const scored = await scoreSplit(parts.model, parts.valid, plan.testBatch, parts.stopped);
  if (scored === undefined) return undefined;
  const scores = parts.metrics(scored.scores, scored.labels);
  const better = isBetter(scores, state.best, plan.loss);
  if (better) state.best = { step: state.step, auc: numberOrNull(scores.auc), logloss: scores.logloss };
  state.worse = better ? 0 : state.worse + 1;
  emit(parts, evaluationRow(state, "valid", scores));
  progress.evaluation(state.step, scores, better);
  progress.resume();
  return better;
}

/**
 * A better AUC, unless it is paid for with a log loss more than a hundredth above the best one's: where positives are few
 * the AUC of an overconfident model is luck, and its probabilities are of no use. Other losses than "bce" do not aim at
 * a low log loss, so with them the AUC alone decides.
 */
function isBetter(scores: Metrics, best: RunState["best"], loss: LoopPlan["loss"]): boolean {
  if (best === null) return true;
  if (best.auc === null || Number.isNaN(scores.auc)) return scores.logloss < best.logloss;
  return scores.auc > best.auc && (loss !== "bce" || scores.logloss <= 1.01 * best.logloss);
}

/** Writes where the run stands, and before that the best state if it is still in memory only. */
async function checkpoint(parts: LoopParts): Promise<void> {
  const { state, store, watch, progress, held } = parts;
  await collectLoss(parts);
  progress.pause("writing a checkpoint");
  watch.enter("checkpoint");
  watch.flush();
  const best = state.best?.step;
  if (held && held.step === best && best !== state.step) await store.write(held.step, held.files, [held.step]);
  parts.held = undefined;
  await store.write(state.step, stateFiles(parts), best === undefined ? [] : [best]);
  parts.checkpointedAt = watch.now();
  progress.resume();
}

async function hold(parts: LoopParts): Promise<void> {
  await collectLoss(parts);
  parts.watch.enter("checkpoint");
  const files = new Map<string, FileData>();
  for (const [name, data] of stateFiles(parts)) files.set(name, await collect(data));
  parts.held = { step: parts.state.step, files };
  parts.progress.resume();
}

function stateFiles({ state, model }: LoopParts): Map<string, FileData> {
  return new Map<string, FileData>([["state.json", encodeState(state)], ...model.snapshot()]);
}

/** The row of an evaluation. */
export function evaluationRow(state: RunState, split: "valid" | "test", scores: Metrics): MetricRow {
  const { auc, logloss, accuracy } = scores;
  return point(state, split, { loss: logloss, ...(Number.isNaN(auc) ? {} : { auc }), accuracy });
}

function point(
  state: RunState,
  split: MetricRow["split"],
  values: Pick<MetricRow, "loss" | "lr" | "auc" | "accuracy">,
): MetricRow {
  return { step: state.step, epoch: state.epoch + 1, samples: state.samples, split, ...values };
}

function emit(parts: LoopParts, row: MetricRow): void {
  parts.state.history.push(row);
  for (const sink of parts.sinks) sink.write(row);
}

function diverged(parts: LoopParts, why: string): RunError {
  const { state, plan, store } = parts;
  const good = parts.held?.step ?? store.steps().at(-1);
  return new RunError(
    `Training diverged by step ${state.step} as ${why}; want a lower rate than --lr ${plan.learningRate(state.step)}` +
      (good === undefined ? "" : `; the checkpoint of step ${good} is intact`),
  );
}

function numberOrNull(x: number): number | null {
  return Number.isNaN(x) ? null : x;
}
