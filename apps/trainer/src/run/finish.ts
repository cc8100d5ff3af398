/**
 * The end of a run: the best weights, the one look at the test part, the model folder and the reports.
 *
 * @module
 */
import type { AnyDevice } from "@pocketrec/compute";
import type { ClickMetrics } from "@pocketrec/dlrm-model";
import { sizesOf } from "../config/model_choice.ts";
import type { CheckpointStore } from "../checkpoint/store.ts";
import { type FileData, replaceFile } from "../files.ts";
import { encodeNpy } from "../npy.ts";
import type { Progress } from "../progress/progress.ts";
import { compactNumber, formatBytes } from "../report/format.ts";
import { reportHtml } from "../report/html.ts";
import { formatReport, type Report, type Scores } from "../report/report.ts";
import type { MetricSink } from "../sinks/metric_row.ts";
import { environment, TRAINER_VERSION, versions } from "../version.ts";
import { type Scored, scoreSplit } from "./evaluate.ts";
import type { CommTotals } from "./comm.ts";
import { evaluationRow } from "./loop.ts";
import { clickMetrics } from "./metrics.ts";
import { STEP_PHASES, type TrainableModel } from "./model.ts";
import { writeModelFolder } from "./model_folder.ts";
import { ahead } from "./open_data.ts";
import type { RunFolder } from "./run_folder.ts";
import { SIGNAL_EXIT_CODES } from "./signals.ts";
import type { RunState } from "./state.ts";
import type { Stopwatch } from "./stopwatch.ts";
import type { Run } from "./train.ts";

/** What the loop leaves behind. */
export interface RunEnd {
  readonly run: Run;
  readonly folder: RunFolder;
  readonly outcome: "finished" | "early-stop" | "interrupted";
  readonly state: RunState;
  readonly model: TrainableModel;
  readonly store: CheckpointStore;
  readonly sinks: readonly MetricSink[];
  readonly progress: Progress;
  readonly watch: Stopwatch;
  readonly device: AnyDevice;
}

/** Writes everything that a run leaves. @returns the exit code. */
export async function finishRun(end: RunEnd): Promise<number> {
  const { run, folder, state } = end;
  const stopped = () => run.stop.signal !== undefined;
  let test: ClickMetrics | undefined;
  let outcome = end.outcome === "interrupted" ? end.outcome : state.refitFrom?.outcome ?? end.outcome;
  if (outcome !== "interrupted") {
    if (!state.refitFrom) restoreBest(end);
    if (!stopped()) test = await scoreTest(end, stopped);
    if (stopped()) outcome = "interrupted";
    else await writeModel(end, test);
  }
  end.progress.clear();
  end.watch.flush();
  const report = makeReport(end, outcome, test);
  replaceFile(folder.file("report.json"), formatReport(report));
  replaceFile(
    folder.file("report.html"),
    reportHtml({
      title: title(end),
      report,
      history: state.history,
      calibration: test?.bins ?? [],
      tables: sizesOf(run.choice, end.model.embedding).tables,
      config: { ...run.config },
      environment: { ...environment(), device: end.device.label },
    }),
  );
  const say = run.order.print;
  if (outcome === "interrupted") {
    say(`stopped at step ${state.step}; go on with: deno task train --resume ${folder.path}\n`);
    return SIGNAL_EXIT_CODES[run.stop.signal ?? "SIGINT"];
  }
  say(summary(end, report));
  return 0;
}

/** Takes the model back to its best evaluation, optimiser and all. */
function restoreBest({ state, store, model }: RunEnd): void {
  if (state.best && state.best.step !== state.step) model.restore(store.read(state.best.step).files, "all");
}

async function scoreTest(end: RunEnd, stopped: () => boolean): Promise<ClickMetrics | undefined> {
  const { run, model, state, watch, progress } = end;
  const { test } = run.dataset;
  if (test.rows === 0) return undefined;
  progress.pause("scoring the test part");
  watch.enter("evaluate");
  const scored = await scoreSplit(model, ahead(test), run.config.testBatch, stopped);
  watch.enter("other");
  if (!scored) return undefined;
  const { dumpScores } = run.order.flags;
  if (dumpScores !== undefined) replaceFile(dumpScores, encodeNpy(sideBySide(scored), [test.rows, 2]));
  const metrics = clickMetrics(scored.scores, scored.labels);
  const row = { ...evaluationRow(state, "test", metrics), step: modelStep(state) };
  state.history.push(row);
  for (const sink of end.sinks) sink.write(row);
  return metrics;
}

function sideBySide({ scores, labels }: Scored): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: 2 * scores.length }, (_, i) => (i % 2 === 0 ? scores : labels)[i >> 1]!);
}

async function writeModel(end: RunEnd, test: ClickMetrics | undefined): Promise<void> {
  const { run, folder, state, model } = end;
  const { config, choice, dataset } = run;
  const files = new Map<string, FileData>([["model.safetensors", model.snapshot().get("weights.safetensors")!]]);
  if (dataset.preprocessor) files.set("preprocessor.bin", dataset.preprocessor.toBytes());
  await writeModelFolder(folder.file("model/1"), {
    kind: "dlrm",
    model: choice.shape,
    embedding: model.embedding,
    training: {
      trainer: TRAINER_VERSION,
      step: modelStep(state),
      seed: config.seed,
      data: config.data,
      contentHash: state.contentHash,
      preprocess: config.preprocess,
    },
    test: scoresOf(test),
  }, files);
}

/** The step whose weights the run ends with: of a final fit the last, else the best, which the run may have left behind. */
function modelStep(state: RunState): number {
  return state.refitFrom ? state.step : state.best?.step ?? state.step;
}

function makeReport(end: RunEnd, outcome: Report["outcome"], test: ClickMetrics | undefined): Report {
  const { run, state, watch, device } = end;
  const { info } = run.dataset;
  const { compression } = sizesOf(run.choice, end.model.embedding);
  // An array that has not grown to its end yet counts as it is.
  const parameters = run.choice.parameters + (compression.embeddingBytes - run.choice.compression.embeddingBytes) / 4;
  const { phasesMs } = state;
  const trainMs = ["data", ...STEP_PHASES, "readback"].reduce((sum, phase) => sum + (phasesMs[phase] ?? 0), 0);
  return {
    command: run.order.command,
    outcome,
    versions: versions(),
    device: device.label,
    seed: run.config.seed,
    data: {
      rows: info.rows,
      train: info.train,
      valid: info.valid,
      test: info.test,
      ctr: info.ctr,
      ...(info.bayesAuc === undefined ? {} : { bayesAuc: info.bayesAuc }),
      ...(info.bayesLogloss === undefined ? {} : { bayesLogloss: info.bayesLogloss }),
    },
    model: {
      parameters,
      embeddingBytes: compression.embeddingBytes,
      fullEmbeddingBytes: compression.fullEmbeddingBytes,
      compressionRatio: compression.compressionRatio,
    },
    test: scoresOf(test),
    best: state.best && { auc: state.best.auc, step: state.best.step },
    speed: {
      samplesPerSecond: trainMs > 0 ? 1000 * state.samples / trainMs : 0,
      stepMs: watch.stepMs(),
      phasesMs: { ...phasesMs },
    },
    ...(state.comm && state.comm.sizedBytes > 0 ? { comm: commOf(state.comm) } : {}),
    wallSeconds: Object.values(phasesMs).reduce((sum, ms) => sum + ms, 0) / 1000,
  };
}

function commOf({ rawBytes, sizedRawBytes, sizedBytes, maxError, ms }: CommTotals): NonNullable<Report["comm"]> {
  const ratio = sizedRawBytes / sizedBytes;
  return { ratio, maxError, bytes: Math.round(rawBytes / ratio), ms };
}

function scoresOf(metrics: ClickMetrics | undefined): Scores | null {
  if (!metrics) return null;
  const { auc, logloss, accuracy } = metrics;
  return { auc: Number.isNaN(auc) ? null : auc, logloss, accuracy };
}

function title({ run }: RunEnd): string {
  const { config } = run;
  const embedding = typeof config.embedding === "string" ? config.embedding : "mixed";
  return `DLRM ${config.interaction}, ${embedding} tables, ${config.data.split(/[/\\]/).at(-1)}`;
}

/** The last lines of a run. */
function summary({ folder, state }: RunEnd, report: Report): string {
  const { test, data, outcome } = report;
  const end = state.refitFrom?.step ?? state.step;
  const stop = outcome === "early-stop" ? ` (stopped early at step ${end})` : "";
  const best = state.best ? `best step ${state.best.step}${stop}` : `step ${state.step}`;
  const bayes = (x: number | undefined) => (x === undefined ? "" : ` (Bayes ${x.toFixed(4)})`);
  const scores = test
    ? `test    auc ${test.auc?.toFixed(4) ?? "undefined, all labels are equal"}${bayes(data.bayesAuc)}  ` +
      `logloss ${test.logloss.toFixed(4)}${bayes(data.bayesLogloss)}  accuracy ${(100 * test.accuracy).toFixed(2)} %\n`
    : "test    no test rows\n";
  return scores +
    `speed   ${compactNumber(report.speed.samplesPerSecond)} rows/s, ${
      report.wallSeconds.toFixed(1)
    } s in all, ${best}\n` +
    `model   ${folder.file("model/1")}, ${formatBytes(report.model.embeddingBytes)} of embeddings\n` +
    `report  ${folder.file("report.html")}\n`;
}
