/**
 * What `--dry-run` prints, and the first lines of a run.
 *
 * @module
 */
import type { ModelChoice } from "../config/model_choice.ts";
import { totalSteps, type TrainConfig } from "../config/resolve.ts";
import { type ArrayGrowth, growthSteps, SEGMENT } from "../config/robe_spec.ts";
import { compactNumber, formatBytes, groupDigits } from "../report/format.ts";
import type { CtrInfo } from "@pocketrec/datasets";
import type { RobeLayoutOptions } from "@pocketrec/robe-array";

/** Bytes of optimiser state for every parameter, or for every row, of the update rules. */
const STATE: Readonly<Record<TrainConfig["optimizer"], { perParameter: number; perRow: number }>> = {
  sgd: { perParameter: 0, perRow: 0 },
  adagrad: { perParameter: 4, perRow: 0 },
  "rowwise-adagrad": { perParameter: 0, perRow: 4 },
  adam: { perParameter: 8, perRow: 0 },
};

/** Bytes of the optimiser's state; the MLPs of a row-wise rule keep one number per parameter. */
export function optimizerBytes(config: TrainConfig, choice: ModelChoice): number {
  const { perParameter, perRow } = STATE[config.optimizer];
  if (perRow === 0) return perParameter * choice.parameters;
  // An array has no rows; segments of it share one number.
  const width = "robe" in choice.embedding ? SEGMENT : config.dim;
  return perRow * (choice.compression.embeddingBytes / (4 * width)) + 4 * choice.cost.denseParameters;
}

/** One line about the data. */
export function dataLine(info: CtrInfo): string {
  const parts = `${groupDigits(info.train)} train, ${groupDigits(info.valid)} validation, ${
    groupDigits(info.test)
  } test`;
  const bad = info.badRows ? `, ${groupDigits(info.badRows)} bad rows left out` : "";
  const bayes = info.bayesAuc === undefined ? "" : `, Bayes AUC ${info.bayesAuc.toFixed(4)}`;
  return `data    ${info.source}: ${parts} rows, ${(100 * info.ctr).toFixed(2)} % positive${bayes}${bad}`;
}

/** One line about the model. */
export function modelLine(config: TrainConfig, choice: ModelChoice): string {
  const { embeddingBytes, fullEmbeddingBytes, compressionRatio } = choice.compression;
  const size = compressionRatio > 1.0005
    ? `${formatBytes(embeddingBytes)} of ${formatBytes(fullEmbeddingBytes)} (${compressionRatio.toFixed(2)}x smaller)`
    : formatBytes(embeddingBytes);
  const beginning = "robe" in choice.embedding && choice.growth.length > 0
    ? `, grown from ${formatBytes(4 * choice.embedding.robe.size)}`
    : "";
  return `model   dlrm ${config.interaction}, dim ${config.dim}, bottom ${config.bottom.join("-")}, top ${
    config.top.join("-")
  }; ${compactNumber(choice.parameters)} parameters, embeddings ${size}${beginning}`;
}

/** One line about the plan. */
export function trainLine(config: TrainConfig, trainRows: number): string {
  const steps = totalSteps(config, trainRows);
  const evaluations = config.evalEvery > 0
    ? `evaluation every ${groupDigits(config.evalEvery)}`
    : "evaluation at the end";
  const checkpoints = config.checkpointEvery > 0 ? `every ${groupDigits(config.checkpointEvery)}` : "once a minute";
  return `train   ${groupDigits(steps)} steps of ${
    groupDigits(config.batch)
  } rows, ${config.optimizer} ${config.lr}, ` +
    `${evaluations}, checkpoint ${checkpoints}, seed ${config.seed}`;
}

/** The plan in figures. */
export function planText(config: TrainConfig, choice: ModelChoice, info: CtrInfo): string {
  const { cost, compression } = choice;
  const steps = totalSteps(config, info.train);
  const rows = [
    ["rows per table", choice.tables.map((t) => t.rows).join(",")],
    ["table rows", groupDigits(cost.tableRows)],
    [
      "embedding bytes",
      `${formatBytes(compression.embeddingBytes)} (full: ${formatBytes(compression.fullEmbeddingBytes)}, ` +
      `ratio ${compression.compressionRatio.toFixed(3)})`,
    ],
    ...("robe" in choice.embedding ? [["array", arrayText(choice.embedding.robe, choice.growth, steps)]] : []),
    ["MLP and cross parameters", groupDigits(cost.denseParameters)],
    ["all parameters", groupDigits(choice.parameters)],
    ["optimiser state", formatBytes(optimizerBytes(config, choice))],
    ["steps", groupDigits(steps)],
    [
      "FLOP per step",
      `${compactNumber(cost.trainFlops * config.batch)} (${compactNumber(cost.trainFlops)} per row, ` +
      `forward ${compactNumber(cost.forwardFlops)})`,
    ],
    [
      "embedding bytes per step",
      `${formatBytes(cost.lookupBytes * config.batch)} read, ` +
      `${formatBytes(cost.sgdUpdateBytes * config.batch)} moved by the update`,
    ],
    [
      "FLOP of the whole run",
      compactNumber(
        cost.trainFlops * Math.min(
          steps * config.batch,
          info.train * config.epochs,
        ),
      ),
    ],
  ] as [string, string][];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

/** Shape of an array as it begins, and its growth by the steps of the search. */
function arrayText(layout: Required<RobeLayoutOptions>, growth: readonly ArrayGrowth[], steps: number): string {
  const { size, blockSize, align, sign, hash } = layout;
  const grows = growthSteps(growth, 0, steps).map(({ factor, afterStep }) =>
    `${factor} times after step ${groupDigits(afterStep)}`
  );
  return `${groupDigits(size)} floats, blocks of ${blockSize} aligned to ${align}, ${
    sign ? "signs" : "no signs"
  }, ${hash}` +
    (grows.length > 0 ? `; grows ${grows.join(", ")}` : "");
}
