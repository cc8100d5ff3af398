/**
 * `train` from configuration to run folder.
 *
 * @module
 */
import type { AnyDevice } from "@pocketrec/compute";
import type { CtrDataset } from "@pocketrec/datasets";
import { CheckpointStore } from "../checkpoint/store.ts";
import { parseCodecSpec } from "../config/codec_spec.ts";
import { readConfigFile } from "../config/file.ts";
import { chooseModel, type ModelChoice } from "../config/model_choice.ts";
import {
  dataConfig,
  formatConfig,
  mergeSettings,
  resolveConfig,
  totalSteps,
  type TrainConfig,
} from "../config/resolve.ts";
import { growthSteps } from "../config/robe_spec.ts";
import { checkResumeFlags } from "../config/resume.ts";
import type { Settings } from "../config/settings.ts";
import { RunError } from "../errors.ts";
import { replaceFile } from "../files.ts";
import type { StepSpan } from "../model/codec_policy.ts";
import { groupDigits } from "../report/format.ts";
import { Progress } from "../progress/progress.ts";
import type { Terminal } from "../progress/terminal.ts";
import { CsvSink } from "../sinks/csv.ts";
import type { MetricSink } from "../sinks/metric_row.ts";
import { TensorBoardSink } from "../sinks/tensorboard.ts";
import { TRAINER_VERSION } from "../version.ts";
import { finishRun } from "./finish.ts";
import { noComm } from "./comm.ts";
import { rateOf } from "./rate.ts";
import { trainLoop } from "./loop.ts";
import { clickMetrics } from "./metrics.ts";
import type { ModelFactory, ModelOrder } from "./model_factory.ts";
import { ahead, factsOf, openData } from "./open_data.ts";
import { deviceLine, openDevice } from "./open_device.ts";
import { dataLine, modelLine, planText, trainLine } from "./plan_text.ts";
import { beginRefit, NO_ROWS, refitPlan, wantsRefit } from "./refit.ts";
import { RunFolder } from "./run_folder.ts";
import { SIGNAL_EXIT_CODES, StopRequest } from "./signals.ts";
import { decodeState, initialState, type RunState } from "./state.ts";
import { Stopwatch } from "./stopwatch.ts";

/** What `train` is asked to do. */
export interface TrainOrder {
  /** The command line, for the report. */
  readonly command: string;
  /** Settings of the configuration file, empty without one. */
  readonly file: Settings;
  readonly flags: Settings;
  readonly createModel: ModelFactory;
  readonly terminal: Terminal;
  /** Writes results to standard output. */
  print(text: string): void;
}

/**
 * Trains, or plans only with `--dry-run`.
 *
 * @returns the exit code.
 */
export async function train(order: TrainOrder): Promise<number> {
  const { flags } = order;
  const abort = new AbortController();
  const early = new Progress(order.terminal, 1, 1);
  const screen: Screen = { progress: early };
  using stop = new StopRequest((signal) => {
    screen.progress.line(`${signal === "SIGINT" ? "Ctrl-C" : signal}: finishing the step; once more to stop at once`);
    abort.abort();
  });
  const resume = flags.resume;
  using folder = flags.dryRun
    ? undefined
    : resume === undefined
    ? RunFolder.create(flags.out, flags.force ?? false)
    : RunFolder.open(resume);
  try {
    const file = resume === undefined ? order.file : readConfigFile(`${resume}/config.json`);
    if (resume !== undefined) checkResumeFlags(flags, file);
    const settings = mergeSettings(file, flags);
    const note = (text: string) => order.terminal.interactive && early.pause(text);
    await using dataset = await openData(dataConfig(settings), note, abort.signal);
    early.clear();
    const config = resolveConfig(settings, factsOf(dataset));
    const choice = chooseModel(config, factsOf(dataset));
    if (!folder) {
      order.print(formatConfig(config) + "\n" + planText(config, choice, dataset.info) + "\n");
      return 0;
    }
    return await runIn(folder, { order, config, choice, dataset, stop, screen, resumed: resume !== undefined });
  } catch (error) {
    early.clear();
    if (resume === undefined) folder?.abandon();
    if (stop.signal && abort.signal.aborted && !(error instanceof RunError)) return SIGNAL_EXIT_CODES[stop.signal];
    throw error;
  }
}

/** Whoever draws at the moment; lines of others go through it. */
interface Screen {
  progress: Progress;
}

/** A run with everything resolved. */
export interface Run {
  readonly order: TrainOrder;
  readonly config: TrainConfig;
  readonly choice: ModelChoice;
  readonly dataset: CtrDataset;
  readonly stop: StopRequest;
  readonly screen: Screen;
  readonly resumed: boolean;
}

async function runIn(folder: RunFolder, run: Run): Promise<number> {
  const { order, config, choice, dataset } = run;
  const total = totalSteps(config, dataset.train.rows);
  const progress = run.screen.progress = new Progress(order.terminal, total, config.epochs);
  using device = await openDevice(config);
  for (
    const line of [
      deviceLine(device, config),
      dataLine(dataset.info),
      modelLine(config, choice),
      trainLine(config, dataset.train.rows),
      ...(config.codec === "off" ? [] : [`codec   ${config.codec}`]),
      `run     ${folder.path}`,
    ]
  ) progress.line(line);

  const store = new CheckpointStore(folder.file("checkpoint"), config.keep);
  const checkpoint = run.resumed ? store.newestIntact((line) => progress.line(`warning: ${line}`)) : undefined;
  const state = checkpoint
    ? decodeState(checkpoint.files.get("state.json"), folder.path)
    : initialState(dataset.info.contentHash, TRAINER_VERSION);
  checkData(state, dataset, folder.path);
  extend(state, total, config);
  if (run.resumed) {
    progress.line(`resume  from step ${state.step}${state.refitFrom ? ", in the final fit" : ` of ${total}`}`);
  } else folder.clear();
  store.dropAfter(state.step);
  replaceFile(folder.file("config.json"), formatConfig(config));

  const sinks: MetricSink[] = [new CsvSink(folder.file("metrics.csv"), state.history)];
  if (config.tensorboard) sinks.push(new TensorBoardSink(folder.path, run.resumed ? state.step : undefined));
  const watch = new Stopwatch(state.phasesMs, "other");
  const parts: RunParts = { run, folder, device, store, state, sinks, watch };
  try {
    return (state.refitFrom ? undefined : await search(parts, total, checkpoint?.files)) ??
      await finalFit(parts, checkpoint?.files);
  } finally {
    run.screen.progress.clear();
    for (const sink of sinks) sink.close();
  }
}

type CheckpointFiles = ReadonlyMap<string, Uint8Array<ArrayBuffer>> | undefined;

/** What both parts of a run work with. */
interface RunParts {
  readonly run: Run;
  readonly folder: RunFolder;
  readonly device: AnyDevice;
  readonly store: CheckpointStore;
  readonly state: RunState;
  readonly sinks: readonly MetricSink[];
  readonly watch: Stopwatch;
}

/**
 * Trains on the train part and looks for the best step on the validation part.
 *
 * @param files of the checkpoint to go on from.
 * @returns the exit code, or `undefined` where the final fit is to follow.
 */
async function search(parts: RunParts, totalSteps: number, files: CheckpointFiles): Promise<number | undefined> {
  const { run, state, device, watch } = parts;
  const { config, choice, dataset, order } = run;
  const { dumpExchange, dumpEvery = Math.max(1, Math.floor(totalSteps / 24)) } = order.flags;
  using model = order.createModel({
    device,
    config,
    choice,
    growth: growthSteps(choice.growth, 0, totalSteps),
    startStep: state.step,
    ...codecOrder(config, state, { fromStep: 0, steps: totalSteps }),
    ...(dumpExchange === undefined ? {} : { dump: { folder: dumpExchange, every: dumpEvery } }),
  });
  if (files) model.restore(files, "all");
  const { progress } = run.screen;
  const outcome = await trainLoop({
    ...parts,
    plan: { ...config, totalSteps, learningRate: rateOf(config) },
    model,
    train: ahead(dataset.train),
    valid: ahead(dataset.valid),
    metrics: clickMetrics,
    progress,
    checkpointedAt: watch.now(),
    stopped: () => run.stop.signal !== undefined,
  });
  if (outcome === "interrupted" || !wantsRefit(config, state, dataset.valid.rows)) {
    return await finishRun({ ...parts, outcome, model, progress });
  }
  beginRefit(state, outcome);
  return undefined;
}

/** Trains a fresh model on train and validation rows together; see `refit.ts`. @returns the exit code. */
async function finalFit(parts: RunParts, files: CheckpointFiles): Promise<number> {
  const { run, state, device, watch } = parts;
  const { config, choice, dataset, order } = run;
  const { preprocessor } = dataset;
  await using all = await openData({ ...config, validSplit: 0 }, () => {}, undefined, preprocessor);
  const plan = refitPlan(config, state, { search: dataset.train.rows, fit: all.train.rows });
  const from = state.refitFrom!;
  run.screen.progress.clear();
  const passes = Math.ceil((plan.totalSteps - from.step) * config.batch / all.train.rows);
  const progress = run.screen.progress = new Progress(order.terminal, plan.totalSteps, from.epoch + passes);
  progress.line(
    `refit   a fresh model on all ${groupDigits(all.train.rows)} rows before the test, ` +
      `${groupDigits(plan.totalSteps - from.step)} steps as the best was step ${state.best!.step}`,
  );
  const growth = growthSteps(choice.growth, from.step, plan.totalSteps - from.step);
  const codec = codecOrder(config, state, { fromStep: from.step, steps: plan.totalSteps - from.step });
  using model = order.createModel({ device, config, choice, growth, startStep: state.step, ...codec });
  // The search's last checkpoint holds the search's weights, which the final fit does not begin with.
  if (files && state.step > from.step) model.restore(files, "all");
  const outcome = await trainLoop({
    ...parts,
    plan,
    model,
    train: ahead(all.train),
    valid: NO_ROWS,
    metrics: clickMetrics,
    progress,
    checkpointedAt: watch.now(),
    stopped: () => run.stop.signal !== undefined,
  });
  return await finishRun({ ...parts, outcome, model, progress });
}

/** The part of a model's order that says what `--codec` does over some steps. */
function codecOrder(config: TrainConfig, state: RunState, span: StepSpan): Pick<ModelOrder, "codec"> {
  const spec = parseCodecSpec(config.codec, "--codec");
  if (spec.kind === "off") return {};
  return { codec: { spec, ...span, totals: state.comm ??= noComm() } };
}

function checkData(state: RunState, dataset: CtrDataset, path: string): void {
  if (state.contentHash === dataset.info.contentHash) return;
  throw new RunError(
    `Cannot resume ${path} as the data changed since: SHA-256 ${dataset.info.contentHash.slice(0, 12)}...; ` +
      `want ${state.contentHash.slice(0, 12)}...`,
  );
}

/** A finished run goes on when it is given more steps or more patience, unless its final fit has begun. */
function extend(state: RunState, total: number, config: TrainConfig): void {
  if (state.refitFrom) {
    if (state.refitFrom.outcome === "early-stop" || total <= state.refitFrom.step) return;
    throw new RunError(
      `Cannot train for ${total} steps as the final fit began after step ${state.refitFrom.step}; ` +
        "want a new run, or one with --no-refit, which can always go on",
    );
  }
  const more = state.finished === "finished" && state.step < total;
  const patient = state.finished === "early-stop" && (config.patience === 0 || state.worse < config.patience);
  if (more || patient) state.finished = "no";
}
