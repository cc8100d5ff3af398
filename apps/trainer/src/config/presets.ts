/**
 * Named starting points. The shapes and rates are those of the published reference configurations
 * (facebookresearch/dlrm's bench scripts and MLPerf training).
 *
 * @module
 */
import type { Settings } from "./settings.ts";

/** A preset's name. */
export type PresetName = "smoke" | "synthetic" | "kaggle" | "terabyte" | "mlperf-v1" | "dcnv2";

/** The presets; flags and a configuration file override them. */
export const PRESETS: Readonly<Record<PresetName, Settings>> = {
  smoke: {
    data: "synthetic:20000",
    dim: 8,
    bottom: [13, 32, 8],
    top: [32, 1],
    batch: 256,
    optimizer: "adagrad",
    lr: 0.02,
  },
  synthetic: {
    data: "synthetic:400000",
    dim: 16,
    bottom: [13, 512, 256, 64, 16],
    top: [512, 256, 1],
    batch: 256,
    optimizer: "adagrad",
    lr: 0.02,
  },
  kaggle: {
    preprocess: "dlrm",
    dim: 16,
    bottom: [13, 512, 256, 64, 16],
    top: [512, 256, 1],
    batch: 128,
    testBatch: 16_384,
    optimizer: "sgd",
    lr: 0.1,
    evalEvery: 1024,
  },
  terabyte: {
    preprocess: "dlrm",
    maxIndRange: 10_000_000,
    dim: 64,
    bottom: [13, 512, 256, 64],
    top: [512, 512, 256, 1],
    batch: 2048,
    testBatch: 16_384,
    optimizer: "sgd",
    lr: 0.1,
    evalEvery: 10_240,
  },
  "mlperf-v1": {
    preprocess: "dlrm",
    maxIndRange: 40_000_000,
    dim: 128,
    bottom: [13, 512, 256, 128],
    top: [1024, 1024, 512, 256, 1],
    batch: 2048,
    testBatch: 16_384,
    optimizer: "sgd",
    lr: 1,
    evalEvery: 102_400,
  },
  dcnv2: {
    preprocess: "dlrm",
    maxIndRange: 40_000_000,
    dim: 128,
    bottom: [13, 512, 256, 128],
    top: [1024, 1024, 512, 256, 1],
    interaction: "dcn",
    crossLayers: 3,
    crossRank: 512,
    batch: 65_536,
    testBatch: 262_144,
    optimizer: "adagrad",
    lr: 0.005,
    eps: 1e-8,
  },
};

/** All of them, in the order of `--help`. */
export const PRESET_NAMES: readonly PresetName[] = Object.keys(PRESETS) as PresetName[];
