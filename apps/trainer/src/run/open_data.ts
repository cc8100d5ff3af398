/**
 * Opens the data that the configuration names, with progress.
 *
 * @module
 */
import type { CtrDataset, CtrSplit, Preprocessor } from "@pocketrec/datasets";
import { openCtrDataset, prefetch } from "@pocketrec/datasets/node";
import { parseDataSpec } from "../config/data_spec.ts";
import type { DataFacts } from "../config/defaults.ts";
import type { DataConfig } from "../config/resolve.ts";
import { RunError } from "../errors.ts";
import { formatBytes, groupDigits } from "../report/format.ts";

/** Opens and, where needed, preprocesses the data; with a preprocessor given, by that instead of fitting one. */
export async function openData(
  config: DataConfig,
  note: (text: string) => void,
  signal?: AbortSignal,
  preprocessor?: Preprocessor,
): Promise<CtrDataset> {
  const spec = parseDataSpec(config.data, "--data");
  const dataset = await openCtrDataset(spec.kind === "synthetic" ? `synthetic:${spec.rows}` : config.data, {
    testSplit: config.testSplit,
    validSplit: config.validSplit,
    fitOn: config.fitOn,
    preprocess: { mode: config.preprocess, minCount: config.minCount, maxIndRange: config.maxIndRange },
    onBadRow: config.onBadRow,
    seed: config.seed,
    cacheDir: config.cache,
    ...(signal ? { signal } : {}),
    ...(preprocessor ? { preprocessor } : {}),
    ...(config.test === undefined ? {} : { test: config.test }),
    onProgress: ({ rows, bytes, totalBytes }) => {
      const share = totalBytes ? ` (${Math.floor(100 * bytes / totalBytes)} %)` : "";
      note(`reading ${config.data}: ${groupDigits(rows)} rows, ${formatBytes(bytes)}${share}`);
    },
  });
  if (dataset.train.rows === 0) {
    await dataset[Symbol.asyncDispose]();
    throw new RunError(
      `Cannot train on ${config.data} as no rows are left for it: ${dataset.info.rows} rows in all, ` +
        `--test-split ${config.testSplit} and --valid-split ${config.validSplit}`,
    );
  }
  return dataset;
}

/** A part whose batches are made ahead by a worker where that pays. */
export function ahead(split: CtrSplit): CtrSplit {
  return { rows: split.rows, batches: (options) => prefetch(split, options) };
}

/** What the defaults need to know of a data set. */
export function factsOf(dataset: CtrDataset): DataFacts {
  return {
    trainRows: dataset.train.rows,
    denseFeatures: dataset.schema.denseFeatures,
    tables: dataset.schema.tables,
  };
}
