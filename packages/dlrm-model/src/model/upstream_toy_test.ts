import { assertAlmostEquals } from "@std/assert";
import { assertAllClose, testOnEachDevice } from "@pocketrec/compute/testing";
import { TableCollection } from "../tables/table_collection.ts";
import { Dlrm } from "./dlrm.ts";
import type { TrainingBatch } from "./host_batch.ts";

// What the README of facebookresearch/dlrm prints for `python dlrm_s_pytorch.py --mini-batch-size=2 --data-size=6
// --debug-mode`: parameters and data to five decimals, the losses of three steps of SGD 0.01 on the squared error, and
// the parameters after them.
const BEFORE: Record<string, number[]> = {
  "emb_l.0.weight": [0.05438, -0.11105, 0.42513, 0.34167, -0.1426, -0.45641, -0.19523, -0.10181],
  "emb_l.1.weight": [0.23667, 0.57199, -0.16638, 0.30316, 0.10759, 0.22136],
  "emb_l.2.weight": [-0.49338, -0.14301, -0.36649, -0.22139],
  "bot_l.0.weight": [
    ...[0.51313, 0.66662, 0.10591, 0.13089],
    ...[0.32198, 0.66156, 0.84651, 0.55326],
    ...[0.85445, 0.38484, 0.31679, 0.35426],
  ],
  "bot_l.0.bias": [0.17108, 0.82911, 0.33867],
  "bot_l.2.weight": [0.55237, 0.57855, 0.52153, 0.00269, 0.98835, 0.90534],
  "bot_l.2.bias": [0.20764, 0.29249],
  "top_l.0.weight": [
    ...[0.52001, 0.90191, 0.98363, 0.25754, 0.56436, 0.80697, 0.39437, 0.73107],
    ...[0.16107, 0.6007, 0.86586, 0.98352, 0.07937, 0.42835, 0.20454, 0.45064],
    ...[0.54776, 0.09333, 0.29686, 0.92758, 0.569, 0.45741, 0.75353, 0.74186],
    ...[0.04858, 0.7087, 0.83924, 0.16594, 0.781, 0.28654, 0.30647, 0.66526],
  ],
  "top_l.0.bias": [0.11139, 0.66487, 0.88786, 0.69631],
  "top_l.2.weight": [0.44033, 0.43821, 0.7651, 0.56564, 0.0849, 0.58267, 0.81484, 0.33707],
  "top_l.2.bias": [0.92758, 0.75072],
  "top_l.4.weight": [0.57406, 0.75164],
  "top_l.4.bias": [0.07915],
};
const AFTER: Record<string, number[]> = {
  "emb_l.0.weight": [0.0543, -0.1112, 0.42513, 0.34167, -0.14283, -0.45679, -0.19532, -0.10197],
  "emb_l.1.weight": [0.23667, 0.57199, -0.1666, 0.30285, 0.10751, 0.22124],
  "emb_l.2.weight": [-0.49338, -0.14301, -0.36664, -0.22164],
  "bot_l.0.weight": [
    ...[0.51313, 0.66663, 0.10591, 0.1309],
    ...[0.32196, 0.66154, 0.84649, 0.55324],
    ...[0.85444, 0.38482, 0.31677, 0.35425],
  ],
  "bot_l.0.bias": [0.17109, 0.82907, 0.33863],
  "bot_l.2.weight": [0.55238, 0.57857, 0.52154, 0.00265, 0.98825, 0.90528],
  "bot_l.2.bias": [0.20764, 0.29244],
  "top_l.0.weight": [
    ...[0.51996, 0.90184, 0.98368, 0.25752, 0.56436, 0.807, 0.39437, 0.73107],
    ...[0.16096, 0.60055, 0.86596, 0.98348, 0.07938, 0.42842, 0.20453, 0.45064],
    ...[0.5476, 0.0931, 0.29701, 0.92752, 0.56902, 0.45752, 0.75351, 0.74187],
    ...[0.04849, 0.70857, 0.83933, 0.1659, 0.78101, 0.2866, 0.30646, 0.66526],
  ],
  "top_l.0.bias": [0.11137, 0.66482, 0.88778, 0.69627],
  "top_l.2.weight": [0.44029, 0.43816, 0.76502, 0.56561, 0.08485, 0.5826, 0.81474, 0.33702],
  "top_l.2.bias": [0.92754, 0.75067],
  "top_l.4.weight": [0.57379, 0.7514],
  "top_l.4.bias": [0.07908],
};
const LOSSES = [0.451893, 0.402002, 0.275460];

/** A mini-batch from the printed lists, which are ordered by table, then sample. */
function batch(dense: number[], bags: number[][][], labels: number[]): TrainingBatch {
  const bySample = [0, 1].flatMap((sample) => bags.map((table) => table[sample]!));
  const offsets = [0];
  for (const bag of bySample) offsets.push(offsets.at(-1)! + bag.length);
  return {
    dense: Float32Array.from(dense),
    ids: Uint32Array.from(bySample.flat()),
    offsets: Uint32Array.from(offsets),
    labels: Float32Array.from(labels),
  };
}

const BATCHES = [
  batch(
    [0.69647, 0.28614, 0.22685, 0.55131, 0.71947, 0.42311, 0.98076, 0.68483],
    [[[1], [0, 1]], [[0], [1]], [[1], [0]]],
    [0.55679, 0.15896],
  ),
  batch(
    [0.36179, 0.22826, 0.29371, 0.63098, 0.0921, 0.4337, 0.43086, 0.49369],
    [[[1], [0, 2, 3]], [[1], [1, 2]], [[1], [1]]],
    [0.15307, 0.69553],
  ),
  batch(
    [0.60306, 0.54507, 0.34276, 0.30412, 0.41702, 0.6813, 0.87546, 0.51042],
    [[[2], [0, 1, 2]], [[1], [2]], [[1], [1]]],
    [0.31877, 0.69197],
  ),
];

testOnEachDevice("Dlrm reproduces the run that facebookresearch/dlrm prints", async (device) => {
  const tables = [4, 3, 2].map((rows, i) => ({ name: `${i}`, rows }));
  const optimizer = { kind: "sgd" } as const;
  using embeddings = new TableCollection(device, { tables, dim: 2, optimizer, seed: 1 });
  using model = new Dlrm(device, {
    config: { denseFeatures: 4, tables, dim: 2, bottom: [4, 3, 2], top: [4, 2, 1] },
    embeddings,
    optimizer,
    trainBatch: 2,
    seed: 1,
    loss: { kind: "mse" },
  });
  model.load(Object.fromEntries(Object.entries(BEFORE).map(([name, values]) => [name, Float32Array.from(values)])));
  for (const [i, step] of BATCHES.entries()) {
    model.setLoss({ sum: 0, count: 0 });
    await model.trainStep(step, 0.01);
    const { sum, count } = await model.readLoss();
    // Inputs and labels are known to 5e-6, and the loss moves by about as much.
    assertAlmostEquals(sum / count, LOSSES[i]!, 5e-6);
  }
  const state = model.state();
  for (const [name, want] of Object.entries(AFTER)) {
    // Half a unit of the fifth decimal, in what was printed before and after.
    assertAllClose(name, await state[name]!.read(), want, { atol: 1.1e-5, rtol: 0 });
  }
});
