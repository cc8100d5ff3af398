/**
 * MLPerf's DLRM on a machine that its tables do not fit: 187.8 M rows of 128 floats, 96 GB as full tables, in one array of
 * 27 M floats. Creates the model, trains some steps, asks it, and shows the memory that it took; then binds the array in
 * one buffer of a WebGPU device with default limits.
 *
 * `deno run -A bench/robe/mlperf_size.ts [--quick]`; exit code 1 where a limit is missed.
 *
 * @module
 */
import { openCpuDevice, openWebGpuDevice } from "@pocketrec/compute";
import { findBlas } from "@pocketrec/compute/blas";
import { Dlrm } from "@pocketrec/dlrm-model";
import { MLPERF_V1 } from "@pocketrec/dlrm-model/testing";
import { RobeCollection } from "@pocketrec/robe-array";
import { makeBatches } from "../dlrm/batches.ts";
import { quantile } from "../harness.ts";
import { bytesText } from "./lookups.ts";

const SIZE = 27_000_000, BATCH = 2048, LIMIT = 1e9;
const quick = Deno.args.includes("--quick"), STEPS = quick ? 3 : 30;
const { tables, dim } = MLPERF_V1,
  options = { tables, dim, layout: { size: SIZE }, optimizer: { kind: "sgd" }, seed: 1 } as const;

function print(text: string): void {
  console.log(text);
}

/** The most memory that this process has held, in bytes; Linux only. */
function peakBytes(): number {
  const kilobytes = Deno.readTextFileSync("/proc/self/status").match(/VmHWM:\s+(\d+)/)?.[1];
  return Number(kilobytes) * 1024;
}

const rows = tables.reduce((sum, table) => sum + table.rows, 0);
print(`tables: ${tables.length}, ${rows} rows, ${bytesText(rows * dim * 4)} as full tables`);

async function onCpu(): Promise<void> {
  const setEnvironment = (name: string, value: string) => Deno.env.has(name) || Deno.env.set(name, value);
  const blas = findBlas({ setEnvironment });
  using device = openCpuDevice(blas ? { blas } : {});
  const before = peakBytes(), start = performance.now();
  using embeddings = new RobeCollection(device, options);
  using model = new Dlrm(device, {
    config: MLPERF_V1,
    embeddings,
    optimizer: options.optimizer,
    trainBatch: BATCH,
    seed: 1,
  });
  const created = performance.now();
  const { parameterBytes } = embeddings;
  print(
    `array: ${SIZE} floats, ${bytesText(parameterBytes)}, ratio ${(rows * dim / SIZE).toFixed(0)}; ` +
      `created in ${(created - start).toFixed(0)} ms on ${device.label}`,
  );
  const batches = makeBatches(MLPERF_V1, BATCH, 4), ms: number[] = [], losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const at = performance.now();
    await model.trainStep(batches[step % batches.length]!, 0.1);
    ms.push(performance.now() - at);
    const { sum, count } = await model.readLoss();
    model.setLoss({ sum: 0, count: 0 });
    losses.push(sum / count);
  }
  print(
    `trained: ${STEPS} steps of ${BATCH} samples, median ${quantile(ms.sort((a, b) => a - b), 0.5).toFixed(0)} ms, ` +
      `loss ${losses[0]!.toFixed(4)} -> ${losses.at(-1)!.toFixed(4)} on ${batches.length} batches`,
  );
  const asked = performance.now(), [probability] = await model.predict(sampleOf(batches[0]!));
  print(`asked: one sample in ${(performance.now() - asked).toFixed(1)} ms, probability ${probability!.toFixed(4)}`);
  const peak = peakBytes();
  print(
    `peak memory of the process: ${bytesText(peak)} (${bytesText(before)} before the model), limit ${
      bytesText(LIMIT)
    }: ` +
      verdict(peak < LIMIT),
  );
}

function sampleOf({ dense, ids }: { dense: Float32Array; ids: Uint32Array }) {
  return { dense: dense.slice(0, MLPERF_V1.denseFeatures), ids: ids.slice(0, tables.length) };
}

async function onWebGpu(): Promise<void> {
  using device = await openWebGpuDevice({ limits: "default" });
  if (!device) return print("WebGPU: no adapter; not shown");
  const limit = 128 * 2 ** 20;
  print(`WebGPU: ${device.label}, largest binding ${device.maxTensorBytes} bytes (default limit ${limit})`);
  using embeddings = new RobeCollection(device, options);
  const weight = embeddings.state()["robe.weight"]!;
  using ids = device.tensor("u32", [2, tables.length], {
    data: Uint32Array.from({ length: 2 * tables.length }, (_, i) => tables[i % tables.length]!.rows - 1),
  });
  using out = device.tensor("f32", [2, tables.length, dim]);
  embeddings.lookup({ batch: 2, tables: tables.length, ids }, out);
  const vectors = await out.read();
  print(
    `array: one tensor of ${weight.byteLength} bytes in one binding, ${
      (100 * weight.byteLength / limit).toFixed(0)
    } % ` +
      `of the default limit: ${verdict(weight.byteLength <= limit && vectors.some((x) => x !== 0))}`,
  );
}

function verdict(met: boolean): string {
  if (!met) Deno.exitCode = 1;
  return met ? "met" : "MISSED";
}

await onCpu();
await onWebGpu();
