/**
 * Settings to a complete configuration: presets and defaults filled in, contradictions refused.
 *
 * @module
 */
import { DLRM_DEFAULTS } from "@pocketrec/dlrm-model";
import { UsageError } from "../errors.ts";
import { DEFAULT_SYNTHETIC_ROWS } from "./data_spec.ts";
import { type DataFacts, defaultEps, defaultRates, defaultsFor, SMALL_ROWS } from "./defaults.ts";
import type { EmbeddingSetting } from "./embedding_spec.ts";
import { type PresetName, PRESETS } from "./presets.ts";
import type { Settings } from "./settings.ts";

/** What decides how the data are read; known before any of them is. */
export interface DataConfig {
  readonly data: string;
  readonly test?: string;
  readonly testSplit: number;
  readonly validSplit: number;
  readonly preprocess: "frequency" | "dlrm";
  /** With `refit`, values that only the validation rows have get ids too, for the final fit. */
  readonly fitOn: "train" | "train+valid";
  readonly minCount: number;
  readonly maxIndRange: number;
  readonly onBadRow: "fail" | "skip";
  readonly cache: string;
  readonly seed: number;
}

/** A complete configuration: nothing is left open. It is what `config.json` in a run folder holds. */
export interface TrainConfig extends DataConfig {
  readonly model: "dlrm";
  readonly embedding: EmbeddingSetting;
  readonly dim: number;
  readonly bottom: readonly number[];
  readonly top: readonly number[];
  readonly interaction: "dot" | "cat" | "dcn";
  readonly interactionItself: boolean;
  readonly crossLayers: number;
  readonly crossRank: number;
  readonly epochs: number;
  /** 0: no limit. */
  readonly maxSteps: number;
  readonly batch: number;
  readonly testBatch: number;
  readonly optimizer: "sgd" | "adagrad" | "rowwise-adagrad" | "adam";
  readonly lr: number;
  readonly embeddingLr: number;
  readonly eps: number;
  readonly warmup: number;
  readonly decayStart: number;
  readonly decaySteps: number;
  readonly loss: "bce" | "wbce" | "mse";
  readonly lossWeights: readonly number[];
  readonly lossThreshold: number;
  readonly shuffle: boolean;
  /** 0: at the end only. */
  readonly evalEvery: number;
  /** 0: never stop early. */
  readonly patience: number;
  readonly refit: boolean;
  readonly device: "auto" | "cpu" | "webgpu";
  readonly gpu: "deno" | "dawn";
  readonly blas: "auto" | "off" | "portable";
  /** 0: all cores. */
  readonly threads: number;
  readonly ranks: number;
  /** See `codec_spec.ts`. */
  readonly codec: string;
  /** 0: about one a minute. */
  readonly checkpointEvery: number;
  readonly keep: number;
  readonly logEvery: number;
  readonly tensorboard: boolean;
}

/**
 * Joins preset, file and flags (later ones win) and refuses contradictions that show without the data.
 *
 * @throws {UsageError}
 */
export function mergeSettings(file: Settings, flags: Settings): Settings {
  const preset = flags.preset ?? file.preset;
  const settings = { ...(preset ? PRESETS[preset as PresetName] : {}), ...file, ...flags };
  const { dim, bottom, top, warmup = 0, decayStart, decaySteps = 0 } = settings;
  if (dim !== undefined && bottom !== undefined && bottom.at(-1) !== dim) {
    // A dim beside a preset's bottom means: that preset, at another dim.
    if (flags.bottom ?? file.bottom) {
      throw new UsageError(
        `Cannot build the model as the bottom MLP must end in the embedding width: got --bottom ${bottom.join("-")} ` +
          `with --dim ${dim}; want a last width of ${dim}`,
      );
    }
    settings.bottom = [...bottom.slice(0, -1), dim];
  }
  if (top && top.at(-1) !== 1) {
    throw new UsageError(`Cannot build the model as the top MLP must end in 1: got --top ${top.join("-")}`);
  }
  if (decaySteps > 0 && decayStart !== undefined && decayStart < warmup) {
    throw new UsageError(
      `Cannot schedule the rate as the decay must not begin before the warm-up ends: got --decay-start ${decayStart}; ` +
        `want >= ${warmup}`,
    );
  }
  if (settings.lossWeights && (settings.loss ?? "bce") !== "wbce") {
    throw new UsageError(`Cannot use --loss-weights as the loss is ${settings.loss ?? "bce"}; want --loss wbce`);
  }
  if (hasUpstreamSplit(settings)) {
    // In a file they may stand, as in every config.json; who types them wants them to count.
    const split = ([["--test-split", flags.testSplit], ["--valid-split", flags.validSplit]] as const)
      .find(([, share]) => share !== undefined);
    if (split) {
      throw new UsageError(
        `Cannot use ${split[0]} ${
          split[1]
        } as --preprocess dlrm splits as upstream does: the first half of the last day ` +
          "is the test, the second the validation; want --preprocess frequency, or the test rows with --test",
      );
    }
    if (settings.refit) {
      throw new UsageError(
        "Cannot use --refit as with --preprocess dlrm the validation rows come after the test rows; want --no-refit, or " +
          "the test rows with --test",
      );
    }
  }
  if (settings.resume !== undefined && settings.out !== undefined) {
    throw new UsageError(`Cannot use --out with --resume as a resumed run stays in its folder: ${settings.resume}`);
  }
  return settings;
}

/** Whether rows are split as facebookresearch/dlrm does, whatever the shares: validation rows then follow the test rows. */
function hasUpstreamSplit({ data = "synthetic", test, preprocess }: Settings): boolean {
  return preprocess === "dlrm" && test === undefined && data.startsWith("criteo:");
}

/** The part of the configuration that says how to read the data. */
export function dataConfig(settings: Settings): DataConfig {
  return {
    data: settings.data ?? `synthetic:${DEFAULT_SYNTHETIC_ROWS}`,
    ...(settings.test === undefined ? {} : { test: settings.test }),
    testSplit: settings.test === undefined ? settings.testSplit ?? 0.2 : 0,
    validSplit: settings.validSplit ?? 0.1,
    preprocess: settings.preprocess ?? "frequency",
    fitOn: settings.fitOn ?? (settings.refit ?? true ? "train+valid" : "train"),
    minCount: settings.minCount ?? 2,
    maxIndRange: settings.maxIndRange ?? 0,
    onBadRow: settings.onBadRow ?? "fail",
    cache: settings.cache ?? ".cache/datasets",
    seed: settings.seed ?? 1,
  };
}

/**
 * Fills in everything that is still open.
 *
 * @throws {UsageError} when the architecture does not fit the data.
 */
export function resolveConfig(settings: Settings, facts: DataFacts): TrainConfig {
  const shape = defaultsFor(facts, settings);
  if (facts.denseFeatures > 0 && shape.bottom[0] !== facts.denseFeatures) {
    throw new UsageError(
      `Cannot build the bottom MLP as its first width must be the number of dense features: ` +
        `got ${shape.bottom[0]} in --bottom ${shape.bottom.join("-")}; want ${facts.denseFeatures}`,
    );
  }
  const epochs = settings.epochs ?? (facts.trainRows <= SMALL_ROWS ? 4 : 1);
  const maxSteps = settings.maxSteps ?? 0;
  const total = totalSteps({ batch: shape.batch, epochs, maxSteps }, facts.trainRows);
  const share = (parts: number) => Math.max(1, Math.ceil(total / parts));
  const warmup = settings.warmup ?? 0;
  return {
    ...dataConfig(settings),
    model: "dlrm",
    embedding: settings.embedding ?? "full",
    ...shape,
    interaction: settings.interaction ?? DLRM_DEFAULTS.interaction,
    interactionItself: settings.interactionItself ?? DLRM_DEFAULTS.interactionItself,
    crossLayers: settings.crossLayers ?? DLRM_DEFAULTS.crossLayers,
    crossRank: settings.crossRank ?? DLRM_DEFAULTS.crossRank,
    epochs,
    maxSteps,
    ...defaultRates(shape.optimizer, settings),
    eps: settings.eps ?? defaultEps(shape.optimizer, facts.trainRows),
    warmup,
    decayStart: settings.decayStart ?? warmup,
    decaySteps: settings.decaySteps ?? 0,
    loss: settings.loss ?? "bce",
    lossWeights: settings.lossWeights ?? [1, 1],
    lossThreshold: settings.lossThreshold ?? 0,
    shuffle: settings.shuffle ?? true,
    // An evaluation scores the whole validation part, so a long run affords fewer of them per row.
    evalEvery: settings.evalEvery ?? share(epochs * (facts.trainRows <= SMALL_ROWS ? 10 : 5)),
    patience: settings.patience ?? 10,
    refit: settings.refit ?? (facts.trainRows <= SMALL_ROWS && !hasUpstreamSplit(settings)),
    device: settings.device ?? "auto",
    gpu: settings.gpu ?? "deno",
    blas: settings.blas ?? "auto",
    threads: settings.threads ?? 0,
    ranks: settings.ranks ?? 1,
    codec: settings.codec ?? "off",
    checkpointEvery: settings.checkpointEvery ?? 0,
    keep: settings.keep ?? 2,
    logEvery: settings.logEvery ?? Math.min(100, share(100)),
    tensorboard: settings.tensorboard ?? true,
  };
}

/** Steps of a whole run; the last batch of an epoch may be smaller. */
export function totalSteps(
  config: Pick<TrainConfig, "batch" | "epochs" | "maxSteps">,
  trainRows: number,
): number {
  const steps = Math.ceil(trainRows / config.batch) * config.epochs;
  return config.maxSteps > 0 ? Math.min(config.maxSteps, steps) : steps;
}

/** The text of `config.json`; {@linkcode parseConfig} reads it back to the same configuration. */
export function formatConfig(config: TrainConfig): string {
  const dashed = (x: readonly number[]) => x.join("-");
  const { lossWeights, ...rest } = config;
  const flat = {
    ...rest,
    bottom: dashed(config.bottom),
    top: dashed(config.top),
    ...(config.loss === "wbce" ? { lossWeights } : {}),
  };
  return JSON.stringify(flat, null, 2) + "\n";
}
