/**
 * Every setting of the trainer: the one list behind the flags, the configuration file, `--help` and the messages.
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import { parseCodecSpec } from "./codec_spec.ts";
import { DEFAULT_SYNTHETIC_ROWS, parseDataSpec } from "./data_spec.ts";
import { type EmbeddingSetting, parseEmbeddingSetting } from "./embedding_spec.ts";
import { choice, type Group, onOff, type Option, realNumber, show, text, wholeNumber, widths } from "./option.ts";
import { PRESET_NAMES } from "./presets.ts";
import type { Settings } from "./settings.ts";

/** An option per setting; the type keeps the list complete. */
export type OptionTable = { readonly [K in keyof Required<Settings>]: Option<Required<Settings>[K]> };

const isShare = (x: number) => x >= 0 && x < 1;
const notInThisBuild = (value: unknown, what: string, want: string): never => {
  throw new UsageError(`Cannot use ${what} ${value} as it is not part of this build; want ${want}`);
};

const dataOptions = {
  data: text({
    group: "Data",
    placeholder: "<source>",
    help: "synthetic[:rows] or criteo:<tsv[.gz]|parquet|dir>",
    fallback: `synthetic:${DEFAULT_SYNTHETIC_ROWS}`,
    aliases: ["raw-data-file"],
  }, parseDataSpec),
  test: text({
    group: "Data",
    placeholder: "criteo:<file>",
    help: "Test rows from a file of their own instead of the end of --data",
  }, (value, what) => {
    if (parseDataSpec(value, what).kind !== "criteo") {
      throw new UsageError(`Cannot read ${what} as it must name a file: got "${value}"; want criteo:<file>`);
    }
  }),
  testSplit: realNumber(
    { group: "Data", help: "Share of the rows held out for the test, the last in file order", fallback: "0.2" },
    "a share >= 0 and < 1",
    isShare,
  ),
  validSplit: realNumber(
    { group: "Data", help: "Share of the train rows held out for validation, the last ones", fallback: "0.1" },
    "a share >= 0 and < 1",
    isShare,
  ),
  preprocess: choice({
    group: "Data",
    help: "frequency: vocabulary of the train part, rare values share an index; dlrm: as facebookresearch/dlrm, " +
      "its split by days too",
    fallback: "frequency",
  }, ["frequency", "dlrm"]),
  fitOn: choice({
    group: "Data",
    help: "With frequency: rows that the vocabulary is taken from",
    fallback: "train+valid, with --no-refit train",
  }, ["train", "train+valid"]),
  minCount: wholeNumber({
    group: "Data",
    help: "With frequency: values seen fewer times share one index",
    fallback: "2",
  }, 1),
  maxIndRange: wholeNumber({
    group: "Data",
    help: "Fold category values modulo this before the vocabulary; 0 leaves them alone",
    fallback: "0",
  }),
  onBadRow: choice({ group: "Data", help: "What to do with rows that cannot be read", fallback: "fail" }, [
    "fail",
    "skip",
  ]),
  cache: text({
    group: "Data",
    placeholder: "<dir>",
    help: "Folder for preprocessed data, keyed by content",
    fallback: ".cache/datasets",
  }),
};

const modelOptions = {
  model: {
    ...choice({ group: "Model", help: "The kind of model", fallback: "dlrm" }, ["dlrm"]),
    parse(value: unknown, what: string): "dlrm" {
      if (value === "sage" || value === "gcn" || value === "gat") notInThisBuild(value, what, "dlrm");
      return choice({ group: "Model", help: "" }, ["dlrm"]).parse(value, what);
    },
  },
  embedding: {
    group: "Model" as Group,
    placeholder: "<kind>",
    help: "full, hash:<ratio>, qr:<ratio>[,op=mult|add|concat] or robe:<ratio>[,<key>=<value>...]; " +
      "ratio = full bytes / bytes of all tables, in the end. Keys of robe: z (elements of a block, 32 or --dim), " +
      "align (1, 4 or 8), sign (on or off), hash (mix32 or m31), grow (4@0.3+2@0.6: the array becomes 4 times as large " +
      "after 0.3 of the steps, and twice that after 0.6). " +
      'In a file also { "default": "hash:10", "tables": { "C1": "full" } }',
    fallback: "full",
    parse: parseEmbedding,
  },
  dim: wholeNumber(
    {
      group: "Model",
      help: "Width of an embedding vector",
      fallback: "auto",
      aliases: ["arch-sparse-feature-size"],
    },
    1,
    4096,
  ),
  bottom: widths({
    group: "Model",
    help: "Widths of the bottom MLP: dense features first, --dim last",
    fallback: "auto",
    aliases: ["arch-mlp-bot"],
  }, 2),
  top: widths({
    group: "Model",
    help: "Widths of the top MLP after its input, 1 last",
    fallback: "auto",
    aliases: ["arch-mlp-top"],
  }, 1),
  interaction: choice({
    group: "Model",
    help: "How vectors meet: pairwise dot products, concatenation, or DCNv2 cross layers",
    fallback: "dot",
    aliases: ["arch-interaction-op"],
  }, ["dot", "cat", "dcn"]),
  interactionItself: onOff({
    group: "Model",
    help: "With dot: also each vector with itself",
    fallback: "off",
    aliases: ["arch-interaction-itself"],
  }),
  crossLayers: wholeNumber({ group: "Model", help: "With dcn: number of cross layers", fallback: "3" }, 1, 16),
  crossRank: wholeNumber({ group: "Model", help: "With dcn: rank of a cross layer", fallback: "512" }, 1, 4096),
};

const trainingOptions = {
  epochs: wholeNumber(
    {
      group: "Training",
      help: "Passes over the train rows, at most",
      fallback: "auto; 4 up to 1 M train rows, else 1",
      aliases: ["nepochs"],
    },
    1,
  ),
  maxSteps: wholeNumber({
    group: "Training",
    help: "Stop after this many steps; 0 for no limit",
    fallback: "0",
    aliases: ["num-batches"],
  }),
  batch: wholeNumber({ group: "Training", help: "Rows per step", fallback: "auto", aliases: ["mini-batch-size"] }, 1),
  testBatch: wholeNumber({
    group: "Training",
    help: "Rows per batch when scoring",
    fallback: "auto",
    aliases: ["test-mini-batch-size"],
  }, 1),
  optimizer: choice(
    { group: "Training", help: "The update rule, of MLPs and tables alike", fallback: "auto" },
    ["sgd", "adagrad", "rowwise-adagrad", "adam"],
    { rwsadagrad: "rowwise-adagrad" },
  ),
  lr: realNumber(
    {
      group: "Training",
      help: "Learning rate",
      fallback: "auto; sgd 0.1, adagrad 0.008, adam 0.001",
      aliases: ["learning-rate"],
    },
    "a number > 0",
    (x) => x > 0,
  ),
  embeddingLr: realNumber(
    {
      group: "Training",
      help: "Learning rate of the tables; follows the same schedule",
      fallback: "--lr; adagrad with no --lr 0.05",
    },
    "a number > 0",
    (x) => x > 0,
  ),
  eps: realNumber(
    { group: "Training", help: "Epsilon of the adaptive rules", fallback: "1e-8; adagrad on up to 1 M rows 1e-5" },
    "a number > 0",
    (x) => x > 0,
  ),
  warmup: wholeNumber({
    group: "Training",
    help: "Steps in which the rate rises from 0",
    fallback: "0",
    aliases: ["lr-num-warmup-steps"],
  }),
  decayStart: wholeNumber({
    group: "Training",
    help: "First step of the quadratic decay",
    fallback: "--warmup",
    aliases: ["lr-decay-start-step"],
  }),
  decaySteps: wholeNumber({
    group: "Training",
    help: "Length of the decay; 0 for none",
    fallback: "0",
    aliases: ["lr-num-decay-steps"],
  }),
  loss: choice(
    {
      group: "Training",
      help: "Binary cross-entropy, weighted, or squared error",
      fallback: "bce",
      aliases: ["loss-function"],
    },
    ["bce", "wbce", "mse"],
  ),
  lossWeights: {
    group: "Training" as Group,
    placeholder: "<x-x>",
    help: "With wbce: weights of the classes 0 and 1",
    fallback: "1-1",
    parse: parseLossWeights,
  },
  lossThreshold: realNumber(
    { group: "Training", help: "Keep probabilities this far from 0 and 1 in the loss", fallback: "0" },
    "a number >= 0 and < 0.5",
    (x) => x >= 0 && x < 0.5,
  ),
  shuffle: onOff({ group: "Training", help: "A new order of the train rows in each epoch", fallback: "on" }),
  seed: wholeNumber({
    group: "Training",
    help: "Seed of weights, order and synthetic data",
    fallback: "1",
    aliases: ["numpy-rand-seed"],
  }),
  evalEvery: wholeNumber({
    group: "Training",
    help: "Steps of an epoch between evaluations on the validation part; 0 for the end of the run only",
    fallback: "auto",
    aliases: ["test-freq"],
  }),
  patience: wholeNumber({
    group: "Training",
    help: "Stop after this many evaluations without a better AUC, at a log loss not 1 % worse; 0 never",
    fallback: "10, of which there are as many in an epoch of up to 1 M rows",
  }),
  refit: onOff({
    group: "Training",
    help: "At the end, train a fresh model on train and validation rows, for as long as was best",
    fallback: "auto; on up to 1 M train rows, but for the split of --preprocess dlrm",
  }),
};

const deviceOptions = {
  device: choice({ group: "Device", help: "Where to compute", fallback: "auto" }, ["auto", "cpu", "webgpu"]),
  gpu: choice({ group: "Device", help: "Which WebGPU", fallback: "deno" }, ["deno", "dawn"]),
  blas: choice({
    group: "Device",
    help: "A system BLAS for dense layers on the CPU; portable: none, and every operation rounded as by WebGPU " +
      "adapters that fuse no products with sums, so that runs on both give the same weights",
    fallback: "auto",
  }, ["auto", "off", "portable"]),
  threads: wholeNumber({ group: "Device", help: "CPU threads; 0 for all cores", fallback: "0" }, 0, 1024),
  ranks: {
    ...wholeNumber({ group: "Device", help: "Workers; this build trains with 1", fallback: "1" }),
    parse(value: unknown, what: string): number {
      const ranks = wholeNumber({ group: "Device", help: "" }, 1).parse(value, what);
      return ranks === 1 ? 1 : notInThisBuild(ranks, what, "1");
    },
  },
  codec: text({
    group: "Device",
    placeholder: "<kind>",
    help: "What vectors between tables and interaction are rounded to in training, as if sent between ranks: off, " +
      "fp16[,direction=...] or lossy[:<relative bound>][,<key>=<value>...]; the bound is a share of the range of a " +
      "table's values in a batch. Keys of lossy: direction (forward, backward or both), gradient (another bound " +
      "backward), slices (parts of a batch with ranges of their own), adaptive (bounds by table class: a third of the " +
      "bound, itself, or 5/3 of it; tighten=, loosen=, warmup=, samples=), decay (step, linear, log, constant or none: " +
      "bounds begin c0= times as large and fall over phase= of the steps)",
    fallback: "off; lossy 0.02 forward, adaptive 0.03 with decay=step,c0=2,phase=0.2",
  }, parseCodecSpec),
};

const outputOptions = {
  out: text({ group: "Output", placeholder: "<dir>", help: "The run folder", fallback: "runs/<time>", flagOnly: true }),
  resume: text({
    group: "Output",
    placeholder: "<dir>",
    help: "Go on with the run in this folder, exactly where its last checkpoint stands",
    flagOnly: true,
  }),
  force: onOff({ group: "Output", help: "Replace a run that is already in the --out folder", flagOnly: true }),
  checkpointEvery: wholeNumber({
    group: "Output",
    help: "Steps between checkpoints, besides those at better evaluations; 0 for about one a minute",
    fallback: "0",
  }),
  keep: wholeNumber({ group: "Output", help: "Checkpoints to keep, besides the best", fallback: "2" }, 1),
  logEvery: wholeNumber({
    group: "Output",
    help: "Steps between loss readings",
    fallback: "auto",
    aliases: ["print-freq"],
  }, 1),
  tensorboard: onOff({ group: "Output", help: "TensorBoard event files in the run folder", fallback: "on" }),
  export: {
    ...text({ group: "Output", placeholder: "onnx", help: "Further model formats; none in this build" }),
    parse: (value: unknown, what: string): string => notInThisBuild(value, what, "no --export"),
  },
  dumpExchange: text({
    group: "Output",
    placeholder: "<dir>",
    help: "Write embedding lookups and their gradients as .npy [tables, batch, dim]",
    flagOnly: true,
  }),
  dumpEvery: wholeNumber({
    group: "Output",
    help: "Steps between two of these dumps",
    fallback: "a 24th of the run",
    flagOnly: true,
  }, 1),
  dumpScores: text({
    group: "Output",
    placeholder: "<file>",
    help: "Write probability and label of every test row as .npy [rows, 2]",
    flagOnly: true,
  }),
};

const otherOptions = {
  preset: choice({ group: "Other", help: "Start from a known configuration" }, PRESET_NAMES),
  dryRun: onOff({ group: "Other", help: "Print the resolved configuration and the plan, and stop", flagOnly: true }),
  verbose: onOff({ group: "Other", help: "Say more, with stack traces on errors", flagOnly: true }),
};

/** All settings by key, in the order of `--help`. */
export const OPTIONS: OptionTable = {
  ...dataOptions,
  ...modelOptions,
  ...trainingOptions,
  ...deviceOptions,
  ...outputOptions,
  ...otherOptions,
};

/** The flag of a setting: `evalEvery` is `eval-every`. */
export function flagName(key: string): string {
  return key.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
}

function parseEmbedding(value: unknown, what: string): EmbeddingSetting {
  const isTexts = (x: unknown): x is Record<string, string> =>
    typeof x === "object" && x !== null && Object.values(x).every((v) => typeof v === "string");
  let setting: EmbeddingSetting | undefined;
  if (typeof value === "string") setting = value;
  else if (typeof value === "object" && value !== null) {
    const { default: all = "full", tables = {}, ...rest } = value as Record<string, unknown>;
    if (typeof all === "string" && isTexts(tables) && Object.keys(rest).length === 0) {
      setting = { default: all, tables };
    }
  }
  if (setting === undefined || setting === "") {
    throw new UsageError(
      `Cannot read ${what} as it must be a text or { "default": text, "tables": { name: text } }: got ${show(value)}`,
    );
  }
  parseEmbeddingSetting(setting, what);
  return setting;
}

function parseLossWeights(value: unknown, what: string): readonly number[] {
  const parts = typeof value === "string" ? value.split("-").map(Number) : Array.isArray(value) ? value : [];
  if (parts.length === 2 && parts.every((x) => typeof x === "number" && x > 0 && Number.isFinite(x))) return parts;
  throw new UsageError(`Cannot read ${what} as it must be two weights > 0, as in 1-4: got ${show(value)}`);
}
