import { buildDataset, type SplitOptions } from "../build_dataset.ts";
import type { CtrDataset } from "../dataset.ts";
import type { BadRowPolicy } from "../formats/bad_rows.ts";
import { codingFor } from "../stream_dataset.ts";
import { listInputs } from "./files.ts";
import { openSynthetic } from "../synthetic/dataset.ts";
import { stageCached } from "./cache.ts";
import { type ReadProgress, type StagedTable, stageFiles, type StageOptions } from "./stage.ts";

/** Options of {@linkcode openCtrDataset}. */
export interface OpenOptions extends SplitOptions {
  /** Another source whose rows are the test part; `testSplit` is not used then. */
  test?: string;
  /** What happens to rows that cannot be read. Default "fail". */
  onBadRow?: BadRowPolicy;
  /** Folder that keeps parsed sources for the next time. Without it nothing is kept. */
  cacheDir?: string;
  /** Seed of the synthetic generator. Default 1. */
  seed?: number;
  /** Called while files are read. */
  onProgress?: (progress: ReadProgress) => void;
  /** Stops reading. */
  signal?: AbortSignal;
}

/**
 * Opens `synthetic[:rows]` or `criteo:<file or folder>`.
 *
 * @throws {RangeError} on a source of neither form or on impossible options
 * @throws {DataFormatError} on input that cannot be read
 */
export async function openCtrDataset(source: string, options: OpenOptions = {}): Promise<CtrDataset> {
  const [, kind, argument] = /^(synthetic|criteo)(?::(.*))?$/s.exec(source) ?? [];
  if (kind === "synthetic") {
    const { seed, testSplit, validSplit } = options;
    return openSynthetic({
      ...(argument !== undefined && { rows: Number(argument) }),
      ...(seed !== undefined && { seed }),
      ...(testSplit !== undefined && { testSplit }),
      ...(validSplit !== undefined && { validSplit }),
    });
  }
  const path = criteoPath(source);
  const { cacheDir, memoryBytes = 2 ** 30, onBadRow = "fail", onProgress, signal } = options;
  const staging: StageOptions = {
    coding: codingFor(options.preprocess),
    labels: "required",
    onBadRow,
    memoryBytes,
    ...(onProgress && { onProgress }),
    ...(signal && { signal }),
  };
  const stage = async (path: string): Promise<StagedTable> => {
    const files = await listInputs(path);
    return await (cacheDir === undefined ? stageFiles(files, staging) : stageCached(files, staging, cacheDir));
  };
  const table = await stage(path);
  const testTable = options.test === undefined ? undefined : await stage(criteoPath(options.test));
  return buildDataset(table, source, options, testTable);
}

/** The path of a source `criteo:<path>`. @throws {RangeError} on any other */
export function criteoPath(source: string): string {
  const path = source.startsWith("criteo:") ? source.slice(7) : "";
  if (!path) {
    throw new RangeError(`Cannot open the source "${source}"; want synthetic[:rows] or criteo:<file or folder>`);
  }
  return path;
}
