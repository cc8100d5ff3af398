/**
 * `predict`: probabilities for the rows of a file.
 *
 * @module
 */
import { Preprocessor } from "@pocketrec/datasets";
import { openCtrRows } from "@pocketrec/datasets/node";
import { ClickMetricsAccumulator } from "@pocketrec/dlrm-model";
import { RunError } from "../errors.ts";
import { folderOf, removeQuietly, syncFolder, writeError, writeSynced } from "../files.ts";
import { compactNumber, groupDigits } from "../report/format.ts";
import { breathe } from "../run/breathe.ts";
import type { TrainableModel } from "../run/model.ts";
import type { ModelFactory } from "../run/model_factory.ts";
import { type ModelCard, readModelFolder } from "../run/model_folder.ts";
import { openDevice } from "../run/open_device.ts";
import { SIGNAL_EXIT_CODES, StopRequest } from "../run/signals.ts";
import type { PredictSettings } from "./options.ts";

/** How `predict` reaches the outside. */
export interface PredictParts {
  readonly createModel: ModelFactory;
  /** Writes a line for people. */
  say(line: string): void;
  /** Writes to standard output. */
  print(text: string): void;
}

/** Predicts. @returns the exit code. */
export async function predict(settings: PredictSettings, parts: PredictParts): Promise<number> {
  const abort = new AbortController();
  using stop = new StopRequest(() => abort.abort());
  const { card, files } = readModelFolder(settings.model);
  const preprocessor = readPreprocessor(settings.model, card, files.get("preprocessor.bin"));
  using device = await openDevice(settings);
  using model = parts.createModel({
    device,
    config: {
      optimizer: "sgd",
      lr: 1,
      embeddingLr: 1,
      eps: 1e-10,
      loss: "bce",
      lossWeights: [1, 1],
      lossThreshold: 0,
      seed: 0,
      batch: settings.batch,
      testBatch: settings.batch,
    },
    choice: { shape: card.model, embedding: card.embedding },
    startStep: 0,
  });
  const weights = files.get("model.safetensors");
  if (!weights) {
    throw new RunError(`Cannot load a model from ${settings.model} as model.safetensors is not in model.json`);
  }
  model.restore(new Map([["weights.safetensors", weights]]), "weights");

  const began = performance.now();
  try {
    await using rows = await openCtrRows(settings.data, {
      preprocessor,
      batchSize: settings.batch,
      onBadRow: settings.onBadRow,
      signal: abort.signal,
    });
    const metrics = rows.labelled ? new ClickMetricsAccumulator() : undefined;
    let count = 0;
    const lines = score(model, rows.batches, metrics, (n) => count += n);
    if (settings.out === "-") { for await (const line of lines) parts.print(new TextDecoder().decode(line)); }
    else await writeWhole(settings.out, lines);
    const seconds = (performance.now() - began) / 1000;
    const skipped = rows.bad.count > 0 ? `, ${groupDigits(rows.bad.count)} bad rows left out` : "";
    parts.say(`${groupDigits(count)} rows, ${compactNumber(count / seconds)} rows/s${skipped}`);
    if (metrics) {
      const { auc, logloss, accuracy } = metrics.result();
      parts.say(`auc ${auc.toFixed(4)}  logloss ${logloss.toFixed(4)}  accuracy ${(100 * accuracy).toFixed(2)} %`);
    }
    return 0;
  } catch (error) {
    if (stop.signal && !(error instanceof RunError)) return SIGNAL_EXIT_CODES[stop.signal];
    throw error;
  }
}

/** The lines of the CSV file, batch by batch. Nine digits tell every float32 from its neighbours. */
async function* score(
  model: TrainableModel,
  batches: AsyncIterable<Parameters<TrainableModel["predict"]>[0]>,
  metrics: ClickMetricsAccumulator | undefined,
  counted: (rows: number) => void,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  const rest = breathe();
  yield encoder.encode("probability\n");
  for await (const batch of batches) {
    const scores = (await model.predict(batch)).subarray(0, batch.rows);
    metrics?.add(scores, batch.labels);
    counted(batch.rows);
    yield encoder.encode(Array.from(scores, (p) => `${Number(p.toPrecision(9))}\n`).join(""));
    await rest();
  }
}

async function writeWhole(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const temporary = `${path}.tmp`;
  let readError: unknown;
  // What fails in reading must not be told as a failure to write.
  async function* noted(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks;
    } catch (error) {
      readError = error;
      throw error;
    }
  }
  try {
    await writeSynced(temporary, noted());
    Deno.renameSync(temporary, path);
  } catch (error) {
    removeQuietly(temporary);
    throw readError ?? writeError(path, error);
  }
  syncFolder(folderOf(path));
}

function readPreprocessor(path: string, card: ModelCard, bytes: Uint8Array | undefined): Preprocessor {
  if (!bytes) {
    throw new RunError(
      `Cannot predict with ${path} as it was trained on ${card.training.data} and has no preprocessor for files; ` +
        `want a model trained on criteo:<file>`,
    );
  }
  return Preprocessor.fromBytes(bytes, `${path}/model/1/preprocessor.bin`);
}
