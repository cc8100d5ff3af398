/**
 * Trains a small DLRM on synthetic clicks, scores the test part beside the best score possible, and writes the weights
 * as safetensors under the tensor names of facebookresearch/dlrm: `deno run -A examples/train_dlrm.ts [out.safetensors]`.
 *
 * @module
 */
import { openCpuDevice } from "@pocketrec/compute";
import { findBlas } from "@pocketrec/compute/blas";
import { openSynthetic } from "@pocketrec/datasets";
import {
  ClickMetricsAccumulator,
  Dlrm,
  encodeSafetensors,
  learningRate,
  type SafeTensor,
  TableCollection,
} from "@pocketrec/dlrm-model";

const dim = 8, batchSize = 256, optimizer = { kind: "adagrad" } as const;

await using data = await openSynthetic({ rows: 40_000 });
const { denseFeatures, tables } = data.schema;
const config = { denseFeatures, tables, dim, bottom: [denseFeatures, 32, dim], top: [64, 1] };

const blas = findBlas();
using device = openCpuDevice(blas ? { blas } : {});
using embeddings = new TableCollection(device, { tables, dim, optimizer, seed: 1 });
using model = new Dlrm(device, { config, embeddings, optimizer, trainBatch: batchSize, predictBatch: 4096, seed: 1 });
console.log(`${device.label}; ${model.parameterBytes} bytes of parameters`);

let step = 0;
for await (const batch of data.train.batches({ batchSize, shuffle: { seed: 1, epoch: 0 } })) {
  await model.trainStep(batch, learningRate(0.05, ++step, { warmupSteps: 10 }));
  if (step % 50 === 0) {
    const { sum, count } = await model.readLoss();
    model.setLoss({ sum: 0, count: 0 });
    console.log(`step ${step}: loss ${(sum / count).toFixed(4)}`);
  }
}

const metrics = new ClickMetricsAccumulator();
for await (const batch of data.test.batches({ batchSize: 4096 })) {
  metrics.add(await model.predict(batch), batch.labels);
}
const { auc, logloss } = metrics.result();
console.log(`test AUC ${auc.toFixed(4)}, of at most ${data.info.bayesAuc?.toFixed(4)}; log loss ${logloss.toFixed(4)}`);
if (!(auc > 0.6)) throw new Error("the model learned nothing");

const [out] = Deno.args;
if (out) {
  const tensors: Record<string, SafeTensor> = {};
  for (const [name, tensor] of Object.entries(model.state())) {
    if (name.includes("@")) continue; // optimiser state
    tensors[name] = { dtype: "F32", shape: tensor.shape, data: await tensor.read() };
  }
  await Deno.writeFile(out, encodeSafetensors(tensors, { format: "pt" }));
}
