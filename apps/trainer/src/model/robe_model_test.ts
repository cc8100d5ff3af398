import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { AnyDevice } from "@pocketrec/compute";
import { assertSameBits, testOnEachDevice, TestRandom } from "@pocketrec/compute/testing";
import type { CtrBatch } from "@pocketrec/datasets";
import type { StoredEmbedding } from "../config/model_choice.ts";
import { collect } from "../files.ts";
import type { TrainableModel } from "../run/model.ts";
import { createDlrm } from "./dlrm.ts";

const TABLES = [{ name: "user", rows: 300 }, { name: "item", rows: 40 }];
const EMBEDDING: StoredEmbedding = {
  robe: { size: 64, blockSize: 4, align: 4, sign: true, hash: "mix32", seed: 5 },
};

function makeModel(device: AnyDevice, growth: { afterStep: number; factor: number }[] = [], startStep = 0) {
  return createDlrm({
    device,
    config: {
      optimizer: "adagrad",
      lr: 0.05,
      embeddingLr: 0.1,
      eps: 1e-8,
      loss: "bce",
      lossWeights: [1, 1],
      lossThreshold: 0,
      seed: 3,
      batch: 16,
      testBatch: 16,
    },
    choice: { shape: { denseFeatures: 2, tables: TABLES, dim: 4, bottom: [2, 4], top: [3, 1] }, embedding: EMBEDDING },
    growth,
    startStep,
  });
}

function batchOf(seed: number): CtrBatch {
  const random = new TestRandom(seed), rows = 16;
  const ids = Uint32Array.from({ length: rows * 2 }, (_, i) => random.below(TABLES[i % 2]!.rows));
  return {
    rows,
    dense: random.f32(rows * 2),
    ids,
    labels: Float32Array.from({ length: rows }, (_, i) => ids[2 * i]! % 2),
  };
}

async function train(model: TrainableModel, from: number, to: number): Promise<void> {
  for (let step = from; step <= to; step++) await model.trainStep(batchOf(step), 0.05, () => {});
}

async function filesOf(model: TrainableModel): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const [name, data] of model.snapshot()) {
    files.set(name, new Uint8Array(await new Blob(await collect(data) as Uint8Array<ArrayBuffer>[]).arrayBuffer()));
  }
  return files;
}

const sizeOf = ({ embedding }: TrainableModel) => "robe" in embedding ? embedding.robe.size : undefined;

testOnEachDevice(
  "createDlrm() grows its array before the step after, and goes on from any snapshot",
  async (device) => {
    const growth = [{ afterStep: 2, factor: 4 }, { afterStep: 4, factor: 2 }];
    using model = makeModel(device, growth);
    const snapshots: Map<string, Uint8Array>[] = [await filesOf(model)];
    const sizes: (number | undefined)[] = [];
    for (let step = 1; step <= 6; step++) {
      await train(model, step, step);
      sizes.push(sizeOf(model));
      snapshots.push(await filesOf(model));
    }
    assertEquals(sizes, [64, 64, 256, 256, 512, 512]);
    for (const from of [2, 3, 4]) {
      using again = makeModel(device, growth, from);
      again.restore(snapshots[from]!, "all");
      assertEquals(sizeOf(again), sizes[from - 1]);
      await train(again, from + 1, 6);
      for (const [name, bytes] of await filesOf(again)) assertSameBits(name, bytes, snapshots[6]!.get(name)!);
    }
    // Back to the best step, from before the growth.
    const test = batchOf(100);
    const last = await model.predict(test);
    model.restore(snapshots[2]!, "all");
    assertEquals(sizeOf(model), 64);
    using small = makeModel(device);
    small.restore(snapshots[2]!, "all");
    const before = await small.predict(test);
    assertSameBits("predictions", await model.predict(test), before);
    assertNotEquals(before, last);
  },
);

testOnEachDevice(
  "createDlrm() with an array that grew predicts the same bits until it is trained on",
  async (device) => {
    using plain = makeModel(device), grown = makeModel(device, [{ afterStep: 3, factor: 3 }]);
    for (const model of [plain, grown]) await train(model, 1, 3);
    const test = batchOf(100);
    assertSameBits("before", await grown.predict(test), await plain.predict(test));
    // The first step after growth reads the same array; its update then goes to different copies.
    for (const model of [plain, grown]) model.setLoss({ sum: 0, count: 0 });
    for (const model of [plain, grown]) await train(model, 4, 4);
    assertEquals(await grown.readLoss(), await plain.readLoss());
    assertEquals([sizeOf(plain), sizeOf(grown)], [64, 192]);
    assertNotEquals(await grown.predict(test), await plain.predict(test));
  },
);

testOnEachDevice("createDlrm() with an array learns on this device", async (device) => {
  using model = makeModel(device, [{ afterStep: 10, factor: 2 }]);
  const loss = async (from: number, to: number) => {
    model.setLoss({ sum: 0, count: 0 });
    for (let step = from; step <= to; step++) await model.trainStep(batchOf(step % 4), 0.05, () => {});
    const { sum, count } = await model.readLoss();
    return sum / count;
  };
  const first = await loss(1, 4);
  await loss(5, 26);
  const last = await loss(27, 30);
  assert(last < 0.8 * first, `${first} to ${last}`);
});
