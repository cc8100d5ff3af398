import { BlockedSplit, BYTES_PER_ROW, copyRow } from "./blocked_split.ts";
import { createBatch, type CtrDataset, type CtrSplit } from "./dataset.ts";
import { FeatureTable, fitPreprocessor, overlappingBlocks } from "./feature_table.ts";
import { GatherSplit } from "./gather_split.ts";
import type { PreprocessOptions, Preprocessor } from "./preprocess/preprocessor.ts";
import { dlrmSplit, type RowRange, type SplitRanges, temporalSplit } from "./splits.ts";
import type { BlockTable } from "./table.ts";

/** How a table becomes a data set. */
export interface SplitOptions {
  /** Last part of the rows, in file order, kept for the final score. Default 0.2; ignored with a separate test table. */
  testSplit?: number;
  /** Last part of the remaining rows, kept for early stopping. Default 0.1. */
  validSplit?: number;
  /**
   * Rows that vocabulary and dense statistics are taken from. "train" (default) leaves the validation rows out, so that
   * they meet unseen ids as the test rows do; "train+valid" takes all rows before the test part.
   */
  fitOn?: "train" | "train+valid";
  /** How rows become features; mode "dlrm" also decides the split (see {@linkcode dlrmSplit}). */
  preprocess?: PreprocessOptions;
  /** A transform fitted before (a resumed run, prediction); nothing is fitted then. */
  preprocessor?: Preprocessor;
  /** Parts that need no more memory than this are held unpacked; larger ones are read as they are walked. Default 1 GiB. */
  memoryBytes?: number;
}

/** Builds a data set over a table, and over a second one for the test part if there is one. */
export async function buildDataset(
  table: BlockTable,
  source: string,
  options: SplitOptions = {},
  testTable?: BlockTable,
): Promise<CtrDataset> {
  const { testSplit = 0.2, validSplit = 0.1, fitOn = "train", preprocess = {}, memoryBytes = 2 ** 30 } = options;
  const { summary } = table;
  const rows = sum(summary.fileRows);
  const ranges = preprocess.mode === "dlrm" && !testTable
    ? dlrmSplit(summary.fileRows)
    : temporalSplit(rows, { testSplit: testTable ? 0 : testSplit, validSplit });
  const preprocessor = options.preprocessor ??
    await fitPreprocessor(table, fitRange(ranges, rows, preprocess.mode === "dlrm" ? "all" : fitOn), preprocess);

  const features = new FeatureTable(table, preprocessor);
  const testFeatures = testTable ? new FeatureTable(testTable, preprocessor) : features;
  const testRange = testTable ? { from: 0, to: sum(testTable.summary.fileRows) } : ranges.test;
  const total = rows + (testTable ? testRange.to : 0);
  const inMemory = total * BYTES_PER_ROW <= memoryBytes;
  const part = (from: FeatureTable, range: RowRange): Promise<CtrSplit> | CtrSplit =>
    inMemory ? memorySplit(from, range) : new BlockedSplit(from, range, memoryBytes);
  const [train, valid, test] = [
    await part(features, ranges.train),
    await part(features, ranges.valid),
    await part(testFeatures, testRange),
  ];
  const close = async () => {
    await table.close();
    await testTable?.close();
  };
  if (inMemory) await close();
  const positives = summary.positives + (testTable?.summary.positives ?? 0);
  return {
    schema: preprocessor.schema,
    train,
    valid,
    test,
    preprocessor,
    info: {
      rows: total,
      train: train.rows,
      valid: valid.rows,
      test: test.rows,
      ctr: positives / total,
      contentHash: summary.contentHash,
      source,
      badRows: summary.badRows + (testTable?.summary.badRows ?? 0),
      badRowExamples: [...summary.badRowExamples, ...(testTable?.summary.badRowExamples ?? [])].slice(0, 10),
    },
    [Symbol.asyncDispose]: close,
  };
}

function fitRange(ranges: SplitRanges, rows: number, on: "train" | "train+valid" | "all"): RowRange {
  return on === "train" ? ranges.train : { from: 0, to: on === "all" ? rows : ranges.valid.to };
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

async function memorySplit(features: FeatureTable, range: RowRange): Promise<CtrSplit> {
  const data = createBatch(range.to - range.from, features.preprocessor.schema);
  for (const { block, first, from, to } of overlappingBlocks(features.table.summary.blockRows, range)) {
    await features.load(block, from, to, data, first + from - range.from);
  }
  return new GatherSplit(data.rows, features.preprocessor.schema, (row, batch, at) => copyRow(data, row, batch, at));
}
