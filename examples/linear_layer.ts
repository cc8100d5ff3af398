/**
 * A linear layer with ReLU, forward and backward, on every device that this machine has:
 * `deno run -A examples/linear_layer.ts`.
 *
 * Operators record commands and return; only `read()` waits.
 *
 * @module
 */
import { type Device, gemm, openCpuDevice, openWebGpuDevice, sumRows } from "@pocketrec/compute";
import { findBlas } from "@pocketrec/compute/blas";

const batch = 64, inputs = 13, outputs = 8;

function fill(length: number, value: (i: number) => number): Float32Array {
  return Float32Array.from({ length }, (_, i) => value(i));
}

async function layer(device: Device): Promise<Float32Array> {
  using x = device.tensor("f32", [batch, inputs], { data: fill(batch * inputs, (i) => Math.sin(i)) });
  using weights = device.tensor("f32", [outputs, inputs], { data: fill(outputs * inputs, (i) => Math.cos(i)) });
  using bias = device.tensor("f32", [outputs], { data: fill(outputs, (i) => 0.1 * i) });
  using y = device.tensor("f32", [batch, outputs]);
  gemm(x, weights, y, { transposeB: true, bias, activation: "relu" });

  // The gradient of sum(y^2) / 2 at y is y itself, and zero where ReLU was closed.
  using weightGradient = device.tensor("f32", [outputs, inputs]);
  using biasGradient = device.tensor("f32", [outputs]);
  gemm(y, x, weightGradient, { transposeA: true });
  sumRows(y, biasGradient);
  return await biasGradient.read() as Float32Array;
}

using cpu = openCpuDevice();
const blas = findBlas();
using withBlas = blas && openCpuDevice({ blas });
using gpu = await openWebGpuDevice();

const expected = await layer(cpu);
console.log(cpu.label, expected);
for (const device of [withBlas, gpu]) {
  if (!device) continue;
  const actual = await layer(device);
  const difference = Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)));
  console.log(device.label, `largest difference ${difference}`);
  if (!(difference < 1e-4)) throw new Error(`${device.label} computes something else`);
}
