import type { CtrBatch } from "../dataset.ts";
import type { BadRowPolicy, BadRows, LabelMode } from "../formats/bad_rows.ts";
import type { RawBlock } from "../layout.ts";
import type { Preprocessor } from "../preprocess/preprocessor.ts";
import { listInputs } from "./files.ts";
import { criteoPath } from "./open.ts";
import { readInput } from "./read_file.ts";
import type { ReadProgress } from "./stage.ts";

/** Options of {@linkcode openCtrRows}. */
export interface RowsOptions {
  /** The transform that the model was trained with. */
  preprocessor: Preprocessor;
  /** Samples per batch. */
  batchSize: number;
  /** Default "auto": files of 40 and of 39 fields are both taken. */
  labels?: LabelMode;
  /** What happens to rows that cannot be read. Default "fail". */
  onBadRow?: BadRowPolicy;
  /** Called while files are read. */
  onProgress?: (progress: ReadProgress) => void;
  /** Ends the reading. */
  signal?: AbortSignal;
}

/** Rows on their way from files to a model. */
export interface CtrRows extends AsyncDisposable {
  /** Whether `labels` of the batches come from the input; otherwise they are 0. */
  readonly labelled: boolean;
  /** The batches, in file order; to be walked once. The last one of every file may be smaller. */
  readonly batches: AsyncIterable<CtrBatch>;
  /** Rows refused so far. */
  readonly bad: Pick<BadRows, "count" | "examples">;
}

/**
 * Streams `criteo:<file or folder>` through a fitted transform, for prediction: one pass, no cache, memory of a few
 * batches whatever the length (npz files and Parquet row groups are held whole).
 *
 * @throws {RangeError} on a source of another form @throws {DataFormatError} on input that cannot be read
 */
export async function openCtrRows(source: string, options: RowsOptions): Promise<CtrRows> {
  const { preprocessor, batchSize, labels = "auto", onBadRow = "fail" } = options;
  if (!(Number.isSafeInteger(batchSize) && batchSize >= 1 && batchSize <= 1 << 20)) {
    throw new RangeError(`Cannot read rows as batchSize must be an integer in 1..2^20: got ${batchSize}`);
  }
  const files = await listInputs(criteoPath(source));
  const totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const queue: { batch: CtrBatch; labelled: boolean }[] = [];
  const bad = { count: 0, examples: [] as BadRows["examples"] };
  let filled = Promise.withResolvers<void>(), drained = Promise.withResolvers<void>();
  const sink = (block: RawBlock) => {
    queue.push({ batch: preprocessor.transform(block), labelled: block.labelled });
    filled.resolve();
  };
  const ready = (): Promise<void> | undefined => {
    if (queue.length === 0) return undefined;
    drained = Promise.withResolvers<void>();
    return drained.promise;
  };
  let finished = false;
  const reading = (async () => {
    let bytes = 0, rows = 0;
    for (const file of files) {
      const onBytes = (count: number, done: number) => {
        bytes += count;
        options.onProgress?.({ bytes, totalBytes, rows: rows + done });
      };
      const result = await readInput(file, { labels, onBadRow, blockRows: batchSize }, sink, {
        onBytes,
        ready,
        signal,
      });
      rows += result.rows;
      bad.count += result.bad.count;
      bad.examples.push(...result.bad.examples.slice(0, 10 - bad.examples.length));
    }
  })().finally(() => {
    finished = true;
    filled.resolve();
  });
  reading.catch(() => {}); // awaited by whoever walks the batches

  const fill = async (): Promise<boolean> => {
    while (queue.length === 0) {
      if (finished) {
        await reading;
        return false;
      }
      filled = Promise.withResolvers<void>();
      drained.resolve();
      await filled.promise;
    }
    return true;
  };
  const close = async () => {
    stop.abort();
    drained.resolve();
    queue.length = 0;
    await reading.catch(() => {});
  };
  await fill();
  return {
    labelled: queue[0]!.labelled,
    bad,
    batches: (async function* () {
      try {
        while (await fill()) yield queue.shift()!.batch;
      } finally {
        await close();
      }
    })(),
    [Symbol.asyncDispose]: close,
  };
}
