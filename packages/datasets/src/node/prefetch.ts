/**
 * Batches assembled by a worker ahead of their use. This module is its own worker: it is started again by its own URL,
 * which stays right when the package is transpiled, packed or served from a registry.
 *
 * @module
 */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { BlockedSplit } from "../blocked_split.ts";
import type { BatchOptions, CtrBatch, CtrSchema, CtrSplit } from "../dataset.ts";
import { DataFormatError } from "../errors.ts";
import { FeatureTable } from "../feature_table.ts";
import type { DenseColumn } from "../preprocess/dense_transform.ts";
import { Preprocessor } from "../preprocess/preprocessor.ts";
import type { RowRange } from "../splits.ts";
import type { TableSummary } from "../table.ts";
import { BatchRing } from "./prefetch_ring.ts";
import { openShards, type ShardLocation, type StagedTable } from "./stage.ts";

const ROLE = "@pocketrec/datasets prefetch";

/** Options of {@linkcode prefetch}. */
export interface PrefetchOptions extends BatchOptions {
  /** Batches to hold ready, 1..64. Default 4. */
  depth?: number;
}

interface Job {
  readonly role: typeof ROLE;
  readonly memory: SharedArrayBuffer;
  readonly options: PrefetchOptions;
  readonly depth: number;
  readonly schema: CtrSchema;
  readonly summary: TableSummary;
  readonly shards: ShardLocation;
  readonly range: RowRange;
  readonly memoryBytes: number;
  readonly mode: Preprocessor["mode"];
  readonly dense: readonly DenseColumn[];
  readonly translations: readonly Uint32Array[];
}

/**
 * The same batches as `split.batches(options)`, assembled ahead. A split read from files is walked by a worker, so that
 * neither reading nor unpacking a block (milliseconds) or a shuffle window (up to seconds) stops the caller. Splits held
 * in memory and synthetic ones are walked in place: a batch of theirs takes a fraction of what handing it over would.
 * Ending the loop early ends the worker.
 */
export function prefetch(split: CtrSplit, options: PrefetchOptions): AsyncIterable<CtrBatch> {
  const { depth = 4 } = options;
  if (!(Number.isInteger(depth) && depth >= 1 && depth <= 64)) {
    throw new RangeError(`Cannot prefetch as depth must be an integer in 1..64: got ${depth}`);
  }
  const shards = split instanceof BlockedSplit ? (split.features.table as StagedTable).shards : undefined;
  if (!shards || typeof SharedArrayBuffer === "undefined") return split.batches(options);
  return walkInWorker(split as BlockedSplit, shards, options, depth);
}

async function* walkInWorker(
  split: BlockedSplit,
  shards: ShardLocation,
  options: PrefetchOptions,
  depth: number,
): AsyncGenerator<CtrBatch> {
  const { features: { preprocessor, table, translations }, range, memoryBytes } = split;
  const { schema, mode, dense } = preprocessor;
  const ring = new BatchRing(schema, options.batchSize, depth);
  const job: Job = {
    role: ROLE,
    memory: ring.memory,
    options,
    depth,
    schema,
    summary: table.summary,
    shards,
    range,
    memoryBytes,
    mode,
    dense,
    translations,
  };
  const worker = new Worker(new URL(import.meta.url), { workerData: job });
  const outcome = new Promise<unknown>((resolve) => {
    worker.once("message", resolve); // what the worker failed of, or null
    worker.once("error", resolve);
  });
  try {
    for (;;) {
      const batch = await ring.read();
      if (!batch) break;
      yield batch;
    }
    const failure = await outcome;
    if (failure) throw revive(failure);
  } finally {
    ring.stop();
    await outcome;
    await worker.terminate();
  }
}

function revive(failure: unknown): Error {
  if (failure instanceof Error) return failure;
  const { file, line, reason, message } = failure as Partial<DataFormatError>;
  return file === undefined ? new Error(message) : new DataFormatError({ file, line: line! }, reason!);
}

async function work(job: Job): Promise<void> {
  const ring = new BatchRing(job.schema, job.options.batchSize, job.depth, job.memory);
  let failure: unknown = null;
  try {
    const table = await openShards(job.summary, [], job.shards, false);
    const categories = job.schema.tables.map(({ rows }) => ({ rows, id: () => 0 })); // ids come by translation
    const preprocessor = new Preprocessor({ mode: job.mode, dense: job.dense, categories });
    const split = new BlockedSplit(new FeatureTable(table, preprocessor, job.translations), job.range, job.memoryBytes);
    for await (const batch of split.batches(job.options)) if (!ring.write(batch)) break;
    await table.close();
  } catch (error) {
    const { name, message } = error as Error;
    failure = error instanceof DataFormatError
      ? { file: error.file, line: error.line, reason: error.reason }
      : { name, message };
  }
  ring.end();
  parentPort!.postMessage(failure);
}

if (!isMainThread && (workerData as Partial<Job> | undefined)?.role === ROLE) {
  await work(workerData as Job);
  // In a bundle this module is the whole program: nothing after it may run in the worker, which is about to be ended.
  await new Promise<never>(() => setInterval(() => {}, 60_000));
}
