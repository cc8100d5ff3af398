/**
 * Embedding look-up and sparse update on the tables of Criteo Kaggle, against PyTorch's `EmbeddingBag`, one per table.
 * Both sides go through several batches of ids in turn: the rows of one batch fit into a large cache, those of all do not.
 *
 * @module
 */
import {
  type AnyDevice,
  type Bags,
  embeddingLookup,
  fill,
  type SparseOptimizer,
  sparseStateShapes,
  sparseUpdate,
  type Tensor,
} from "@pocketrec/compute";
import { type JsonObject, nanosecondsPer } from "../harness.ts";
import { type ComputeCases, type ComputeContext, onDevice } from "./case.ts";

/** Rows per table of Criteo Kaggle: 33,762,577 in all, 2.16 GB at dim 16. */
// deno-fmt-ignore
const KAGGLE = [1460, 583, 10131227, 2202608, 305, 24, 12517, 633, 3, 93145, 5683, 8351593, 3194, 27, 14992, 5461306, 10, 5652, 2173, 4, 7046547, 18, 15, 286181, 105, 142572];
const SETS = 16;

interface Setting {
  readonly name: string;
  readonly rows: readonly number[];
  readonly dim: number;
}

/** Tables capped as MLPerf's small runs do, Kaggle's own, and as many bytes again at dim 128. */
const SETTINGS: readonly Setting[] = [
  { name: "Kaggle tables up to 100,000 rows", rows: KAGGLE.map((rows) => Math.min(rows, 100_000)), dim: 16 },
  { name: "Kaggle tables", rows: KAGGLE, dim: 16 },
  { name: "Kaggle tables / 8", rows: KAGGLE.map((rows) => Math.max(3, Math.floor(rows / 8))), dim: 128 },
];

/** See `ComputeCases`. */
export const cases: ComputeCases = async function* (context) {
  const devices: AnyDevice[] = context.cpuDevices.filter((device) => !device.blas);
  if (context.gpu) devices.push(context.gpu);
  for (const setting of context.quick ? SETTINGS.slice(0, 1) : SETTINGS) {
    for (const device of devices) yield* settingCases(context, device, setting);
  }
};

async function* settingCases(context: ComputeContext, device: AnyDevice, setting: Setting): ReturnType<ComputeCases> {
  const { rows, dim, name } = setting;
  const total = rows.reduce((sum, count) => sum + count, 0);
  if (total * dim * 4 > device.maxTensorBytes) return;
  const texts = [128, 2048].flatMap((batch) =>
    ["look-up, uniform", "look-up, Zipf", "update sgd, uniform", "update adagrad, uniform"].map((what) =>
      `${what}, ${name}, dim ${dim}, batch ${batch}, ${context.describe(device)}`
    )
  );
  if (!texts.some((text) => context.wants(text))) return;
  using weights = device.tensor("f32", [total, dim], { label: "tables" });
  fill(weights, 0.1);
  const starts = rows.map((_, t) => rows.slice(0, t).reduce((sum, count) => sum + count, 0));
  using rowBase = device.tensor("u32", [rows.length], { data: Uint32Array.from(starts) });
  for (const batch of [128, 2048]) {
    yield* batchCases(context, device, setting, weights, rowBase, batch);
  }
}

async function* batchCases(
  context: ComputeContext,
  device: AnyDevice,
  { rows, dim, name }: Setting,
  weights: Tensor,
  rowBase: Tensor,
  batch: number,
): ReturnType<ComputeCases> {
  const tables = rows.length, lookups = batch * tables;
  const tail = `${name}, dim ${dim}, batch ${batch}, ${context.describe(device)}`;
  const measure = nanosecondsPer("row", lookups);
  const spec: JsonObject = {
    rows: [...rows],
    dim,
    batch,
    sets: SETS,
    threads: (device as { threads?: number }).threads ?? 1,
  };
  const peers = (more: JsonObject) => device.kind === "cpu" ? context.torch([{ ...spec, ...more }]) : [];
  using out = device.tensor("f32", [batch, tables, dim]);
  using gradOut = device.tensor("f32", [batch, tables, dim]);
  fill(gradOut, 1e-3);
  for (const distribution of ["uniform", "Zipf"] as const) {
    using stack = new DisposableStack();
    const batches = Array.from({ length: SETS }, (): Bags => {
      const data = randomIds(distribution, rows, batch);
      return { batch, tables, ids: stack.use(device.tensor("u32", [batch, tables], { data })) };
    });
    let next = 0;
    yield {
      case: `look-up, ${distribution}, ${tail}`,
      ours: onDevice(device, () => embeddingLookup(weights, rowBase, batches[next++ % SETS]!, out)),
      baselines: distribution === "uniform" ? peers({ op: "embedding" }) : [],
      measure,
    };
    const optimizers: SparseOptimizer[] = [{ kind: "sgd" }, { kind: "adagrad", epsilon: 1e-10 }];
    for (const optimizer of optimizers) {
      const text = `update ${optimizer.kind}, ${distribution}, ${tail}`;
      const shapes = sparseStateShapes(optimizer.kind, weights.shape[0]!, dim);
      // Kaggle's tables and as large a state do not fit into 4 GiB.
      const bytes = (1 + shapes.length) * weights.byteLength;
      if (distribution !== "uniform" || !context.wants(text) || bytes > 0.95 * 2 ** 32) continue;
      const states = shapes.map((shape) => stack.use(device.tensor("f32", shape)));
      // Pages of fresh memory would be handed out inside the timed part.
      for (const state of states) fill(state, 0.1);
      yield {
        case: text,
        ours: onDevice(
          device,
          () => sparseUpdate(weights, rowBase, batches[next++ % SETS]!, gradOut, optimizer, states, 1e-3),
        ),
        baselines: peers({ op: "embedding_update", optimizer: optimizer.kind }),
        measure,
      };
    }
  }
}

/** Ids `[batch, tables]`; Zipf: rank r with probability about 1 / r, by inversion, the hottest row first. */
function randomIds(
  distribution: "uniform" | "Zipf",
  rows: readonly number[],
  batch: number,
): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: batch * rows.length }, (_, i) => {
    const count = rows[i % rows.length]!, x = Math.random();
    return Math.floor(distribution === "uniform" ? x * count : Math.min(count - 1, (count + 1) ** x - 1));
  });
}
