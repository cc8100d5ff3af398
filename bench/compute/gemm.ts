/**
 * The products of DLRM's layers: forward (bias and ReLU fused), input gradient, weight gradient, at the batch sizes of
 * the published runs, in GFLOP/s.
 *
 * @module
 */
import { gemm } from "@pocketrec/compute";
import { gigaflops } from "../harness.ts";
import { type ComputeCases, onDevice } from "./case.ts";

/** Layers that differ in what bounds them, inputs to outputs: the rest of both shapes lies between these. */
const LAYERS = [
  ["Kaggle and MLPerf bottom", 13, 512],
  ["Kaggle and MLPerf bottom", 512, 256],
  ["Kaggle bottom", 64, 16],
  ["Kaggle top", 367, 512],
  ["MLPerf top", 479, 1024],
  ["MLPerf top", 1024, 1024],
  ["Kaggle and MLPerf top", 256, 1],
] as const;

/** The three products of each layer on each device, beside PyTorch's. */
export const cases: ComputeCases = async function* (context) {
  const devices = context.gpu ? [...context.cpuDevices, context.gpu] : context.cpuDevices;
  const batches = context.quick ? [128] : [128, 2048];
  const layers = context.quick ? LAYERS.slice(1, 2) : LAYERS;
  for (const batch of batches) {
    for (const [layer, inputs, outputs] of layers) {
      for (const device of devices) {
        const f32 = (...shape: number[]) =>
          device.tensor("f32", shape, {
            data: Float32Array.from(
              { length: shape.reduce((x, y) => x * y) },
              (_, i) => (i * 7919 % 1009) / 1009 - 0.5,
            ),
          });
        const products = {
          forward: { m: batch, n: outputs, k: inputs, transpose_b: true, bias: true, relu: true },
          "input gradient": { m: batch, n: inputs, k: outputs },
          "weight gradient": { m: outputs, n: inputs, k: batch, transpose_a: true },
        };
        for (const [product, spec] of Object.entries(products)) {
          const { m, n, k } = spec;
          const text = `gemm ${product}, batch ${batch}, ${layer} ${inputs}-${outputs}, ${context.describe(device)}`;
          if (!context.wants(text)) continue;
          const transposeA = "transpose_a" in spec, transposeB = "transpose_b" in spec;
          using a = transposeA ? f32(k, m) : f32(m, k);
          using b = transposeB ? f32(n, k) : f32(k, n);
          using bias = f32(n);
          using out = device.tensor("f32", [m, n]);
          const epilogue = "relu" in spec ? { bias, activation: "relu" } as const : {};
          yield {
            case: text,
            ours: onDevice(device, () => gemm(a, b, out, { transposeA, transposeB, ...epilogue })),
            baselines: device.kind === "cpu" ? context.torch([{ op: "gemm", ...spec, threads: device.threads }]) : [],
            measure: gigaflops(2 * m * n * k),
          };
        }
      }
    }
  }
};
