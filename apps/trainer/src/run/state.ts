/**
 * Where a run stands: what a checkpoint holds besides the model.
 *
 * @module
 */
import { RunError } from "../errors.ts";
import type { MetricRow } from "../sinks/metric_row.ts";
import type { CommTotals } from "./comm.ts";
import type { LossSum } from "./model.ts";

/** The best evaluation so far. */
export interface Best {
  readonly step: number;
  /** `null` when all validation labels are equal; the log loss decides then. */
  readonly auc: number | null;
  readonly logloss: number;
}

/** Everything the loop carries from step to step. */
export interface RunState {
  version: 1;
  /** Steps done. */
  step: number;
  /** 0-based. */
  epoch: number;
  /** Batches done in this epoch: with seed and epoch, the data cursor. */
  batch: number;
  /** Rows seen. */
  samples: number;
  /** Loss since the last reading, as the model had summed it at the checkpoint. */
  pending: LossSum;
  /** The evaluation of this step is still to be done. */
  evalDue: boolean;
  best: Best | null;
  /** Evaluations in a row that were not better. */
  worse: number;
  finished: "no" | "finished" | "early-stop";
  /** Where the final fit began (see `refit.ts`), or `null` while the best step is still being looked for. */
  refitFrom: { readonly step: number; readonly epoch: number; readonly outcome: "finished" | "early-stop" } | null;
  history: MetricRow[];
  /** What went through the codec; absent without one. */
  comm?: CommTotals;
  /** Wall-clock milliseconds by phase, over all parts of the run. */
  phasesMs: Record<string, number>;
  /** Of the training rows; a resumed run must see the same. */
  contentHash: string;
  /** The trainer's version that wrote this. */
  trainer: string;
}

/** The state before the first step. */
export function initialState(contentHash: string, trainer: string): RunState {
  return {
    version: 1,
    step: 0,
    epoch: 0,
    batch: 0,
    samples: 0,
    pending: { sum: 0, count: 0 },
    evalDue: false,
    best: null,
    worse: 0,
    finished: "no",
    refitFrom: null,
    history: [],
    phasesMs: {},
    contentHash,
    trainer,
  };
}

/** The text of `state.json`. Numbers survive: JSON text of a double reads back to the same double. */
export function encodeState(state: RunState): string {
  return JSON.stringify(state) + "\n";
}

/**
 * Reads `state.json` back.
 *
 * @throws {RunError} when it is not of this version.
 */
export function decodeState(bytes: Uint8Array | undefined, where: string): RunState {
  let state: Partial<RunState> | null;
  try {
    state = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    state = null;
  }
  if (state?.version !== 1) {
    throw new RunError(`Cannot resume from ${where} as its state has version ${state?.version ?? "none"}; want 1`);
  }
  return state as RunState;
}
