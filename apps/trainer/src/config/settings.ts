/**
 * What a user may set, as typed values. Everything is optional here; `resolve.ts` fills in the rest.
 *
 * @module
 */
import type { EmbeddingSetting } from "./embedding_spec.ts";

/** The settings by their configuration-file key; each is also a flag (`evalEvery` is `--eval-every`). */
export interface Settings {
  preset?: string;

  data?: string;
  test?: string;
  testSplit?: number;
  validSplit?: number;
  preprocess?: "frequency" | "dlrm";
  fitOn?: "train" | "train+valid";
  minCount?: number;
  maxIndRange?: number;
  onBadRow?: "fail" | "skip";
  cache?: string;

  model?: "dlrm";
  embedding?: EmbeddingSetting;
  dim?: number;
  bottom?: readonly number[];
  top?: readonly number[];
  interaction?: "dot" | "cat" | "dcn";
  interactionItself?: boolean;
  crossLayers?: number;
  crossRank?: number;

  epochs?: number;
  maxSteps?: number;
  batch?: number;
  testBatch?: number;
  optimizer?: "sgd" | "adagrad" | "rowwise-adagrad" | "adam";
  lr?: number;
  embeddingLr?: number;
  eps?: number;
  warmup?: number;
  decayStart?: number;
  decaySteps?: number;
  loss?: "bce" | "wbce" | "mse";
  lossWeights?: readonly number[];
  lossThreshold?: number;
  shuffle?: boolean;
  seed?: number;
  evalEvery?: number;
  patience?: number;
  refit?: boolean;

  device?: "auto" | "cpu" | "webgpu";
  gpu?: "deno" | "dawn";
  blas?: "auto" | "off" | "portable";
  threads?: number;
  ranks?: number;
  codec?: string;

  out?: string;
  resume?: string;
  force?: boolean;
  checkpointEvery?: number;
  keep?: number;
  logEvery?: number;
  tensorboard?: boolean;
  export?: string;
  dumpExchange?: string;
  dumpEvery?: number;
  dumpScores?: string;

  dryRun?: boolean;
  verbose?: boolean;
}

/** The name of a setting. */
export type SettingKey = keyof Settings;
