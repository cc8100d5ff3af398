/**
 * What the machine allows: a step cannot be faster than its floating-point operations at the speed of the best dense
 * product, nor than its embedding bytes at the speed of a copy.
 *
 * @module
 */
import { type CpuDevice, gemm } from "@pocketrec/compute";
import { type DlrmConfig, modelCost } from "@pocketrec/dlrm-model";
import { type Bench, quantile } from "../harness.ts";

/** Adds the FLOP limit and the byte limit of a training step. */
export function reportLimits(bench: Bench, text: string, device: CpuDevice, config: DlrmConfig, batch: number): void {
  const cost = modelCost(config);
  const flops = cost.trainFlops * batch, bytes = (cost.lookupBytes + cost.sgdUpdateBytes) * batch;
  const peak = gemmPeak(device), bandwidth = copyBandwidth();
  const add = (metric: string, value: number, unit: string) => bench.add({ case: text, metric, value, unit });
  add("limit: floating-point operations", flops / 1e9, "GFLOP");
  add("limit: best dense product here", peak / 1e9, "GFLOP/s");
  add("limit: step by operations", flops / peak * 1e3, "ms");
  add("limit: embedding bytes", bytes / 1e6, "MB");
  add("limit: memory copy here", bandwidth / 1e9, "GB/s");
  add("limit: step by bytes", bytes / bandwidth * 1e3, "ms");
}

/** FLOP/s of a product that stays in the second-level cache. */
function gemmPeak(device: CpuDevice): number {
  const [m, n, k] = [1024, 512, 512];
  using a = device.tensor("f32", [m, k], { data: new Float32Array(m * k).fill(0.5) });
  using b = device.tensor("f32", [k, n], { data: new Float32Array(k * n).fill(0.5) });
  using out = device.tensor("f32", [m, n]);
  return 2 * m * n * k / (bestMs(() => gemm(a, b, out)) / 1e3);
}

/** Bytes read and written per second by one thread's copy of arrays beyond any cache's share. */
function copyBandwidth(): number {
  const from = new Float64Array(1 << 24).fill(1), to = new Float64Array(1 << 24);
  return 2 * from.byteLength / (bestMs(() => to.set(from)) / 1e3);
}

/** Median of some repeats, the first ones left out. */
function bestMs(work: () => void): number {
  const times: number[] = [];
  for (let i = 0; i < 12; i++) {
    const start = performance.now();
    work();
    if (i >= 3) times.push(performance.now() - start);
  }
  return quantile(times.sort((x, y) => x - y), 0.5);
}
