import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type AnyDevice, openCpuDevice, type Tensor, type TensorData } from "@pocketrec/compute";
import {
  assertAllClose,
  assertSameBits,
  type DeviceCondition,
  roundsProducts,
  testOnDevicesWhere,
  testOnEachDevice,
  TestRandom,
} from "@pocketrec/compute/testing";
import type { DlrmConfig } from "../config.ts";
import type { LossConfig } from "../loss/click_loss.ts";
import type { OptimizerConfig } from "../optimizer.ts";
import { referenceDlrm } from "../testing/reference_dlrm.ts";
import { TableCollection } from "../tables/table_collection.ts";
import { Dlrm, type DlrmOptions } from "./dlrm.ts";
import type { TrainingBatch } from "./host_batch.ts";

const SMALL: DlrmConfig = {
  denseFeatures: 5,
  tables: [{ name: "a", rows: 40 }, { name: "b", rows: 3 }, { name: "c", rows: 100 }],
  dim: 8,
  bottom: [5, 12, 8],
  top: [10, 1],
  crossLayers: 2,
  crossRank: 4,
};

type Overrides = Partial<Omit<DlrmOptions, "embeddings">>;

/** A model and its tables, disposed together. */
class Fixture implements Disposable {
  readonly tables: TableCollection;
  readonly model: Dlrm;

  constructor(device: AnyDevice, overrides: Overrides = {}) {
    const options = { config: SMALL, optimizer: { kind: "sgd" } as OptimizerConfig, seed: 5, ...overrides };
    const { tables, dim } = options.config;
    this.tables = new TableCollection(device, { tables, dim, optimizer: options.optimizer, seed: options.seed });
    this.model = new Dlrm(device, { trainBatch: 16, embeddings: this.tables, ...options });
  }

  [Symbol.dispose](): void {
    this.model[Symbol.dispose]();
    this.tables[Symbol.dispose]();
  }
}

function someBatch(random: TestRandom, samples: number): TrainingBatch {
  const ids = Uint32Array.from({ length: samples * 3 }, (_, i) => random.below(SMALL.tables[i % 3]!.rows));
  const labels = Float32Array.from({ length: samples }, () => random.below(2));
  return { dense: random.f32(samples * 5), ids, labels };
}

async function readAll(tensors: Record<string, Tensor>): Promise<Record<string, TensorData>> {
  const read: Record<string, TensorData> = {};
  for (const [name, tensor] of Object.entries(tensors)) read[name] = await tensor.read();
  return read;
}

/** Pooled vectors of one-hot ids by the state's tables. */
function lookUp(state: Record<string, TensorData>, ids: Uint32Array, dim: number): Float32Array {
  const rows = Array.from(ids, (id, i) => state[`emb_l.${i % 3}.weight`]!.subarray(id * dim, (id + 1) * dim));
  return Float32Array.from(rows.flatMap((row) => [...row]));
}

const CASES: [name: string, config: Partial<DlrmConfig>, loss: LossConfig][] = [
  ["dot", {}, { kind: "bce" }],
  ["dot with itself, weighted classes", { interactionItself: true }, { kind: "bce", classWeights: [0.5, 2] }],
  ["cat, squared error", { interaction: "cat" }, { kind: "mse" }],
  ["dcn, threshold", { interaction: "dcn" }, { kind: "bce", threshold: 1e-3 }],
];
for (const [name, change, loss] of CASES) {
  testOnEachDevice(`Dlrm equals the float64 model: ${name}`, async (device) => {
    const config = { ...SMALL, ...change };
    using fixture = new Fixture(device, { config, loss });
    const { model } = fixture;
    const before = await readAll(model.state());
    const batch = someBatch(new TestRandom(1), 7);
    await model.forward(batch);
    await model.backward();
    const embeddings = lookUp(before, batch.ids, 8);
    const { dense, labels } = batch;
    const want = referenceDlrm(config, { dense, labels, embeddings, parameters: before }, loss);
    for (const [key, gradient] of Object.entries(await readAll(model.denseGradients()))) {
      assertAllClose(`gradient of ${key}`, gradient, want.gradients[key]!, { atol: 1e-6, rtol: 1e-5 });
    }
    const pooled = await model.embeddingGradient().read();
    assertAllClose("gradient of the pooled vectors", pooled, want.gradEmbeddings, { atol: 1e-7, rtol: 1e-5 });
    const { sum, count } = await model.readLoss();
    assertEquals(count, 7);
    assertAlmostEquals(sum / count, want.loss, 1e-5);
    assertAllClose("logits", await model.predict(batch, "logit"), want.logits, { atol: 1e-6, rtol: 1e-5 });
    const probabilities = want.logits.map((s) => 1 / (1 + Math.exp(-s)));
    assertAllClose("probabilities", await model.predict(batch), probabilities, { atol: 1e-6, rtol: 1e-5 });
    // The update by SGD, rows that occur several times included.
    model.step(0.5);
    const after = await readAll(model.state());
    for (const [key, gradient] of Object.entries(want.gradients)) {
      const moved = gradient.map((g, i) => before[key]![i]! - 0.5 * g);
      assertAllClose(key, after[key]!, moved, { atol: 1e-6, rtol: 1e-5 });
    }
    for (let t = 0; t < 3; t++) {
      const rows = Float64Array.from(before[`emb_l.${t}.weight`]!);
      for (let s = 0; s < 7; s++) {
        const row = batch.ids[s * 3 + t]!;
        for (let k = 0; k < 8; k++) rows[row * 8 + k]! -= 0.5 * want.gradEmbeddings[(s * 3 + t) * 8 + k]!;
      }
      assertAllClose(`table ${t}`, after[`emb_l.${t}.weight`]!, rows, { atol: 1e-6, rtol: 1e-5 });
    }
  });
}

testOnEachDevice("Dlrm learns, with batches of changing size", async (device) => {
  using fixture = new Fixture(device, { optimizer: { kind: "adagrad" } });
  const { model } = fixture;
  const random = new TestRandom(2);
  const batches = Array.from({ length: 4 }, (_, i) => someBatch(random, 16 - 3 * i));
  const losses: number[] = [];
  for (let epoch = 0; epoch < 12; epoch++) {
    for (const batch of batches) await model.trainStep(batch, 0.1);
    const { sum, count } = await model.readLoss();
    model.setLoss({ sum: 0, count: 0 });
    losses.push(sum / count);
  }
  assert(losses.at(-1)! < 0.5 * losses[0]!, `loss ${losses[0]} to ${losses.at(-1)}`);
});

for (const kind of ["sgd", "adagrad", "rowwise-adagrad", "adam"] as const) {
  testOnEachDevice(`Dlrm resumes bit by bit from state(): ${kind}`, async (device) => {
    using fixture = new Fixture(device, { optimizer: { kind } });
    using other = new Fixture(device, { optimizer: { kind }, seed: 77 });
    const { model } = fixture, resumed = other.model;
    const random = new TestRandom(3);
    for (let i = 0; i < 3; i++) await model.trainStep(someBatch(random, 16), 0.05);
    resumed.load(await readAll(model.state()));
    resumed.setLoss(await model.readLoss());
    for (let i = 0; i < 3; i++) {
      const batch = someBatch(random, 9);
      await model.trainStep(batch, 0.05);
      await resumed.trainStep(batch, 0.05);
    }
    const [want, got] = [await readAll(model.state()), await readAll(resumed.state())];
    assertEquals(Object.keys(got), Object.keys(want));
    for (const key of Object.keys(want)) assertSameBits(key, got[key]!, want[key]!);
    assertEquals(await resumed.readLoss(), await model.readLoss());
    // 8 dense parameters and 3 tables with their states, and two step counts.
    assertEquals(Object.keys(want).length, 11 * { sgd: 1, adagrad: 2, "rowwise-adagrad": 2, adam: 3 }[kind] + 2);
  });
}

Deno.test("Dlrm gives the same bits for 1 and 2 threads after 20 steps", async () => {
  const states: Record<string, TensorData>[] = [];
  for (const threads of [1, 2]) {
    using device = openCpuDevice({ threads });
    const config = { ...SMALL, bottom: [5, 64, 8], top: [96, 1] };
    using fixture = new Fixture(device, { config, optimizer: { kind: "adagrad" }, trainBatch: 300 });
    const random = new TestRandom(4);
    for (let step = 0; step < 20; step++) await fixture.model.trainStep(someBatch(random, 300), 0.05);
    states.push(await readAll(fixture.model.state()));
  }
  for (const [key, want] of Object.entries(states[0]!)) assertSameBits(key, states[1]![key]!, want);
});

/** WebGPU lets adapters fuse products with sums. Those that do not give the bits of a CPU that does not. */
const UNFUSED: DeviceCondition = {
  holds: async (device) => device.kind === "webgpu" && device.isFallback && await roundsProducts(device),
  otherwise: "not a software adapter, or it fuses products with sums",
};
const PORTABLE: DlrmConfig = { ...SMALL, dim: 16, bottom: [5, 33, 16], top: [70, 20, 1] };
for (const kind of ["sgd", "adagrad", "rowwise-adagrad", "adam"] as const) {
  await testOnDevicesWhere(
    UNFUSED,
    `Dlrm has the bits of portable arithmetic after 20 steps: ${kind}`,
    async (device) => {
      using cpu = openCpuDevice({ threads: 2, arithmetic: "portable" });
      const states: Record<string, TensorData>[] = [], logits: TensorData[] = [];
      for (const each of [device, cpu]) {
        using fixture = new Fixture(each, { config: PORTABLE, optimizer: { kind }, trainBatch: 90 });
        const random = new TestRandom(9);
        for (let step = 0; step < 20; step++) await fixture.model.trainStep(someBatch(random, 90), 0.02);
        states.push(await readAll(fixture.model.state()));
        logits.push(await fixture.model.predict(someBatch(random, 50), "logit"));
      }
      for (const [key, want] of Object.entries(states[1]!)) assertSameBits(key, states[0]![key]!, want);
      assertSameBits("logits", logits[0]!, logits[1]!);
    },
    { devices: ["webgpu", "dawn"] },
  );
}

testOnEachDevice("Dlrm.predict() cuts large batches and agrees with small ones", async (device) => {
  using fixture = new Fixture(device, { trainBatch: 4, predictBatch: 8 });
  const batch = someBatch(new TestRandom(5), 21);
  const all = await fixture.model.predict(batch, "logit");
  for (let s = 0; s < 21; s += 5) {
    const dense = batch.dense.subarray(s * 5, s * 5 + 5), ids = batch.ids.subarray(s * 3, s * 3 + 3);
    const one = await fixture.model.predict({ dense, ids }, "logit");
    assertAllClose(`sample ${s}`, one, [all[s]!], { atol: 1e-6, rtol: 1e-5 });
  }
});

testOnEachDevice("Dlrm hands pooled vectors and their gradient to the exchange, in place", async (device) => {
  const seen: string[] = [];
  const zero = (tensor: Tensor) => tensor.write(new Float32Array(tensor.size));
  const exchange = {
    forward(embeddings: Tensor, phase: string) {
      seen.push(`${phase} ${embeddings.shape}`);
      zero(embeddings);
    },
    async backward(gradient: Tensor) {
      seen.push(`backward ${gradient.shape}`);
      await gradient.read();
      zero(gradient);
    },
  };
  using fixture = new Fixture(device, { exchange });
  const { model, tables } = fixture;
  const batch = someBatch(new TestRandom(6), 4);
  const before = await readAll(tables.state());
  const zeros = { ...before };
  for (const [key, values] of Object.entries(before)) {
    if (!key.includes("@")) zeros[key] = new Float32Array(values.length);
  }
  const logits = await model.predict(batch, "logit");
  await model.trainStep(batch, 0.1);
  const after = await readAll(tables.state());
  for (const key of Object.keys(before)) if (!key.includes("@")) assertSameBits(key, after[key]!, before[key]!);
  assertEquals(seen, ["predict 4,3,8", "train 4,3,8", "backward 4,3,8"]);
  using plain = new Fixture(device);
  plain.tables.load(zeros);
  assertEquals(await plain.model.predict(batch, "logit"), logits);
});

testOnEachDevice("Dlrm refuses, wraps or zeroes ids that no table has", async (device) => {
  const batch = someBatch(new TestRandom(7), 2);
  const bad = { ...batch, ids: batch.ids.with(4, 5) };
  using strict = new Fixture(device);
  const message = "Cannot look up id 5 of sample 1 in table b: it has 3 rows";
  await assertRejects(() => strict.model.trainStep(bad, 0.1), RangeError, message);
  await assertRejects(() => strict.model.predict(bad), RangeError, message);
  using wrapping = new Fixture(device, { outOfRange: "mod" });
  assertEquals(await wrapping.model.predict(bad), await strict.model.predict({ ...batch, ids: batch.ids.with(4, 2) }));
  using zeroing = new Fixture(device, { outOfRange: "zero" });
  // One id per bag, but for the bag of the bad id.
  const offsets = Uint32Array.of(0, 1, 2, 3, 4, 4, 5);
  const empty = { ...batch, ids: Uint32Array.from([...batch.ids.subarray(0, 4), batch.ids[5]!]), offsets };
  assertEquals(await zeroing.model.predict(bad), await strict.model.predict(empty));
  const table = async () => await zeroing.tables.state()["emb_l.1.weight"]!.read();
  const before = await table();
  await zeroing.model.trainStep({ ...bad, ids: Uint32Array.of(1, 7, 2, 3, 9, 4) }, 0.1);
  assertSameBits("table b", await table(), before);
});

Deno.test("Dlrm refuses batches and tables that do not fit", async () => {
  using device = openCpuDevice({ threads: 1 });
  using fixture = new Fixture(device);
  const { model, tables: embeddings } = fixture;
  const batch = someBatch(new TestRandom(8), 3);
  const step = (change: Partial<TrainingBatch>) => model.trainStep({ ...batch, ...change }, 0.1);
  await assertRejects(() => step({ labels: new Float32Array(2) }), RangeError, "3 samples with 2 labels");
  await assertRejects(() => step({ dense: new Float32Array(16) }), RangeError, "multiple of 5");
  await assertRejects(() => step({ ids: new Uint32Array(8) }), RangeError, "3 samples with 8 ids: want 9");
  await assertRejects(() => step(someBatch(new TestRandom(9), 17)), RangeError, "built for 1 to 16");
  await assertRejects(() => step({ offsets: Uint32Array.of(0, 1, 2) }), RangeError, "3 offsets: want 10");
  assertThrows(() => model.backward(), TypeError, "before a forward pass");
  const options = { optimizer: { kind: "sgd" }, embeddings, trainBatch: 4, seed: 1 } as const;
  const config = { ...SMALL, tables: SMALL.tables.slice(1) };
  assertThrows(() => new Dlrm(device, { ...options, config }), TypeError, "3, 100 rows: got 40, 3, 100");
  assertThrows(
    () => new Dlrm(device, { ...options, config: { ...SMALL, dim: 4, bottom: [5, 4] } }),
    TypeError,
    "table a has dim 8: want 4",
  );
  assertThrows(() => new Dlrm(device, { ...options, config: SMALL, trainBatch: 0 }), RangeError, "trainBatch of 0");
  assertThrows(
    () => new Dlrm(device, { ...options, config: SMALL, loss: { kind: "mse", threshold: 0.5 } }),
    RangeError,
    "threshold 0.5",
  );
  const state = await readAll(model.state());
  assertThrows(() => model.load({ ...state, "top_l.0.bias": new Float32Array(3) }), RangeError, '"top_l.0.bias" of 3');
  const { "bot_l.2.weight": _, ...rest } = state;
  assertThrows(() => model.load(rest), TypeError, '"bot_l.2.weight" is missing');
});
