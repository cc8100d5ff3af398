import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import type { BatchOptions, CtrBatch, CtrSplit } from "@pocketrec/datasets";
import { CheckpointStore } from "../checkpoint/store.ts";
import { RunError } from "../errors.ts";
import { Progress } from "../progress/progress.ts";
import type { MetricRow } from "../sinks/metric_row.ts";
import type { Metrics } from "./evaluate.ts";
import { type LoopPlan, trainLoop } from "./loop.ts";
import type { LossSum, TrainableModel } from "./model.ts";
import { decodeState, initialState, type RunState } from "./state.ts";
import { Stopwatch } from "./stopwatch.ts";
import { inFolder } from "../testing/in_folder.ts";

/** Rows whose label follows the first of two dense features; all a function of the row number. */
function rows(from: number, count: number): CtrSplit {
  const value = (i: number, salt: number) => Math.fround((((from + i) * 2654435761 + salt * 40503) % 1000) / 500 - 1);
  return {
    rows: count,
    async *batches({ batchSize, shuffle, startBatch = 0 }: BatchOptions): AsyncIterable<CtrBatch> {
      const step = shuffle ? [1, 3, 7, 9][(shuffle.seed + shuffle.epoch) % 4]! : 1; // coprime to the counts used here
      for (let at = startBatch * batchSize; at < count; at += batchSize) {
        await Promise.resolve();
        const n = Math.min(batchSize, count - at);
        const order = Array.from({ length: n }, (_, i) => ((at + i) * step) % count);
        const dense = Float32Array.from(order.flatMap((i) => [value(i, 1), value(i, 2)]));
        const labels = Float32Array.from(order, (i) => (value(i, 1) + 0.2 * value(i, 3) > 0 ? 1 : 0));
        yield { rows: n, dense, ids: new Uint32Array(0), labels };
      }
    },
  };
}

/** Logistic regression by momentum SGD: a model with weights and optimiser state. */
class Logistic implements TrainableModel {
  readonly embedding = { schemes: [], qrOperation: "mult" } as const;
  weights: Float32Array = new Float32Array(3);
  momentum: Float32Array = new Float32Array(3);
  #loss: { sum: number; count: number } = { sum: 0, count: 0 };

  trainStep(batch: CtrBatch, lr: number): void {
    const gradient = [0, 0, 0];
    for (let i = 0; i < batch.rows; i++) {
      const [p, x] = this.#row(batch, i);
      const y = batch.labels[i]!;
      this.#loss.sum -= y ? Math.log(p) : Math.log(1 - p);
      x.forEach((v, j) => gradient[j]! += (p - y) * v / batch.rows);
    }
    this.#loss.count += batch.rows;
    gradient.forEach((g, j) => {
      this.momentum[j] = 0.9 * this.momentum[j]! + g;
      this.weights[j]! -= lr * this.momentum[j]!;
    });
  }

  readLoss(): Promise<LossSum> {
    return Promise.resolve({ ...this.#loss });
  }

  setLoss(loss: LossSum): void {
    this.#loss = { ...loss };
  }

  predict(batch: CtrBatch): Promise<Float32Array> {
    return Promise.resolve(Float32Array.from({ length: batch.rows }, (_, i) => this.#row(batch, i)[0]));
  }

  get stateBytes(): number {
    return 24;
  }

  snapshot(): ReadonlyMap<string, Uint8Array> {
    return new Map([["weights.safetensors", bytes(this.weights)], ["optimizer.safetensors", bytes(this.momentum)]]);
  }

  restore(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>, what: "all" | "weights"): void {
    this.weights = floats(files.get("weights.safetensors")!);
    if (what === "all") this.momentum = floats(files.get("optimizer.safetensors")!);
  }

  #row(batch: CtrBatch, i: number): [number, number[]] {
    const x = [batch.dense[2 * i]!, batch.dense[2 * i + 1]!, 1];
    const logit = x.reduce((sum, v, j) => sum + v * this.weights[j]!, 0);
    return [1 / (1 + Math.exp(-logit)), x];
  }
}
const bytes = (x: Float32Array) => new Uint8Array(x.slice().buffer);
const floats = (x: Uint8Array) => new Float32Array(x.slice().buffer);

/** The share of pairs in the right order, and the rest, in plain loops. */
function metrics(scores: Float32Array, labels: Float32Array): Metrics {
  let right = 0, pairs = 0, loss = 0, hits = 0;
  scores.forEach((s, i) => {
    loss -= Math.log(labels[i] ? s : 1 - s) / scores.length;
    hits += Number((s > 0.5) === (labels[i] === 1)) / scores.length;
    scores.forEach((t, j) => {
      if (labels[i]! > labels[j]!) pairs++, right += s > t ? 1 : s === t ? 0.5 : 0;
    });
  });
  return { auc: right / pairs, logloss: loss, accuracy: hits };
}

const PLAN: LoopPlan = {
  seed: 1,
  shuffle: true,
  batch: 16,
  testBatch: 64,
  epochs: 2,
  totalSteps: 2 * Math.ceil(400 / 16),
  logEvery: 7,
  evalEvery: 10,
  checkpointEvery: 4,
  patience: 0,
  loss: "bce",
  learningRate: (step) => 0.5 / Math.sqrt(step),
};

interface Outcome {
  outcome: string;
  state: RunState;
  model: Logistic;
  rows: MetricRow[];
}

interface Player {
  plan?: Partial<LoopPlan>;
  model?: Logistic;
  metrics?: typeof metrics;
  /** Asked at every question whether to stop. */
  stopped?: (state: RunState) => boolean;
  valid?: CtrSplit;
  now?: () => number;
}

/** Trains in a folder, from the newest checkpoint if there is one. */
async function play(dir: string, options: Player = {}): Promise<Outcome> {
  const store = new CheckpointStore(`${dir}/checkpoint`, 2);
  const model = options.model ?? new Logistic();
  const from = store.newestIntact((line) => {
    throw new Error(line);
  });
  const state = from ? decodeState(from.files.get("state.json"), dir) : initialState("hash", "test");
  if (from) model.restore(from.files, "all");
  const plan = { ...PLAN, ...options.plan };
  const written: MetricRow[] = [];
  const outcome = await trainLoop({
    plan,
    state,
    model,
    train: rows(0, 400),
    valid: options.valid ?? rows(1000, 100),
    metrics: options.metrics ?? metrics,
    store,
    sinks: [{ write: (row) => written.push(row), close: () => {} }],
    progress: new Progress({ interactive: false, color: false, width: () => 80, write: () => {} }, plan.totalSteps, 2),
    watch: new Stopwatch(state.phasesMs, "other", options.now),
    checkpointedAt: 0,
    stopped: () => options.stopped?.(state) ?? false,
  });
  return { outcome, state, model, rows: written };
}

const exact = ({ state, model }: Outcome) => ({
  history: state.history,
  best: state.best,
  worse: state.worse,
  samples: state.samples,
  weights: bytes(model.weights),
  momentum: bytes(model.momentum),
});

Deno.test("trainLoop() learns, reads, evaluates and checkpoints as planned", () =>
  inFolder(async (dir) => {
    const { outcome, state, rows } = await play(dir);
    assertEquals([outcome, state.step, state.samples, state.epoch], ["finished", 50, 800, 1]);
    assertEquals(rows, state.history);
    const steps = (split: string) => rows.filter((r) => r.split === split).map((r) => r.step);
    assertEquals(steps("train"), [7, 14, 21, 28, 35, 42, 49, 50]);
    assertEquals(steps("valid"), [10, 20, 25, 35, 45, 50]); // two epochs of 25
    assert(state.best!.auc! > 0.95, `auc ${state.best!.auc}`);
    assertEquals(rows[0]!.lr, PLAN.learningRate(7));
    const store = new CheckpointStore(`${dir}/checkpoint`, 2);
    assertEquals(new Set(store.steps()), new Set([state.best!.step, 48, 50]));
  }));

Deno.test("trainLoop() resumed after a stop at any point equals the uninterrupted run bit for bit", async () => {
  const whole = exact(await inFolder((dir) => play(dir)));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 4 }),
      (stops) =>
        inFolder(async (dir) => {
          for (const after of stops) {
            // Counting questions, not steps, so that stops also fall into evaluations.
            let asked = 0;
            const part = await play(dir, { stopped: () => ++asked > after });
            if (part.outcome === "finished") break;
            assertEquals(part.outcome, "interrupted");
          }
          assertEquals(exact(await play(dir)), whole);
        }),
    ),
    { numRuns: 12, seed: 1 },
  );
});

Deno.test("trainLoop() resumed from an older checkpoint repeats the lost part exactly", async () => {
  const whole = exact(await inFolder((dir) => play(dir)));
  await inFolder(async (dir) => {
    await play(dir, { stopped: (state) => state.step >= 31 });
    await Deno.remove(`${dir}/checkpoint/step-00000031`, { recursive: true });
    assertEquals(exact(await play(dir)), whole);
  });
});

Deno.test("trainLoop() stops early after `patience` evaluations that are not better, and not before", () =>
  inFolder(async (dir) => {
    const aucs = [0.6, 0.7, 0.65, 0.7, 0.5, 0.9];
    let asked = 0;
    const { outcome, state } = await play(dir, {
      plan: { patience: 3, evalEvery: 5 },
      metrics: () => ({ auc: aucs[asked++]!, logloss: 1, accuracy: 0.5 }),
    });
    assertEquals([outcome, state.step, state.best?.step, state.worse], ["early-stop", 25, 10, 3]);
    const store = new CheckpointStore(`${dir}/checkpoint`, 2);
    assert(store.steps().includes(10), "the best one is kept");
    assertEquals((await play(dir)).outcome, "early-stop", "a finished run stays finished");
  }));

Deno.test("trainLoop() takes no better AUC that is paid for with a far worse log loss, unless the loss is another one", async () => {
  const scores = [[0.6, 0.3], [0.61, 0.302], [0.7, 0.6], [0.62, 0.304], [0.8, 0.5], [0.5, 0.3]] as const;
  for (const [loss, step] of [["bce", 35], ["wbce", 45]] as const) {
    let asked = 0;
    const { state } = await inFolder((dir) =>
      play(dir, {
        plan: { loss },
        metrics: () => ({ auc: scores[asked]![0], logloss: scores[asked++]![1], accuracy: 0.5 }),
      })
    );
    assertEquals(state.best?.step, step);
  }
});

Deno.test("trainLoop() judges by log loss when the AUC does not exist, and trains without validation rows", async () => {
  let asked = 0;
  const losses = [0.5, 0.4, 0.45, 0.46, 0.47, 0.48];
  const { state } = await inFolder((dir) =>
    play(dir, { metrics: () => ({ auc: NaN, logloss: losses[asked++]!, accuracy: 0.5 }) })
  );
  assertEquals(state.best, { step: 20, auc: null, logloss: 0.4 });
  const without = await inFolder((dir) => play(dir, { valid: rows(0, 0) }));
  assertEquals([without.outcome, without.state.best], ["finished", null]);
});

Deno.test("trainLoop() writes about one checkpoint a minute when no number of steps is given", () =>
  inFolder(async (dir) => {
    let ms = 0;
    const plan = { checkpointEvery: 0, evalEvery: 0 };
    await play(dir, { plan, now: () => ms += 1000, stopped: ({ step }) => step >= 45 });
    const store = new CheckpointStore(`${dir}/checkpoint`, 2);
    const [before, at] = store.steps();
    assert(at === 45 && before! > 25 && before! < 45, `${store.steps()}`);
  }));

Deno.test("trainLoop() that diverges says so in one line and leaves the last good checkpoint", () =>
  inFolder(async (dir) => {
    class Exploding extends Logistic {
      #steps = 0;
      override trainStep(batch: CtrBatch, lr: number): void {
        super.trainStep(batch, lr);
        if (++this.#steps === 22) this.weights.fill(NaN);
      }
    }
    const error = await assertRejects(
      () => play(dir, { model: new Exploding() }),
      RunError,
      "Training diverged by step 24",
    );
    assert(
      !error.message.includes("\n") && error.message.includes("the checkpoint of step 20 is intact"),
      error.message,
    );
    const store = new CheckpointStore(`${dir}/checkpoint`, 2);
    const newest = store.newestIntact(() => {})!;
    assertEquals(newest.step, 20);
    assert(floats(newest.files.get("weights.safetensors")!).every(Number.isFinite));
  }));

Deno.test("trainLoop() that diverges saves the best state that it held in memory", () =>
  inFolder(async (dir) => {
    class Exploding extends Logistic {
      override trainStep(batch: CtrBatch, lr: number): void {
        super.trainStep(batch, lr);
        if (batch.rows < 16 || this.weights[0]! > 1) this.weights.fill(NaN);
      }
    }
    const plan = { checkpointEvery: 1000, evalEvery: 2 };
    await assertRejects(() => play(dir, { model: new Exploding(), plan }), RunError, "Training diverged");
    const newest = new CheckpointStore(`${dir}/checkpoint`, 2).newestIntact(() => {})!;
    assertEquals(decodeState(newest.files.get("state.json"), dir).best?.step, newest.step);
    assert(floats(newest.files.get("weights.safetensors")!).every(Number.isFinite));
  }));
