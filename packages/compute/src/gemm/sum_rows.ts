import { addressOf, type CpuDevice, type CpuModule } from "../cpu/cpu_device.ts";
import { sameDevice } from "../device.ts";
import type { Tensor } from "../tensor.ts";
import { spreadWorkgroups } from "../webgpu/kernel.ts";
import type { WebGpuDevice } from "../webgpu/webgpu_device.ts";
import { shareMemory } from "./gemm.ts";
import { sumRowsKernel } from "./sum_rows.wgsl.ts";
import { sumRowsWasm } from "./sum_rows_wasm.ts";

const MODULE: CpuModule = { label: "compute/sumRows", base64: sumRowsWasm };

/** Rows that are summed one after another; then the chunks' sums are. Part of the definition of the result's bits. */
const CHUNK = 64;

/** Columns of one CPU task: four cache lines, enough to hide the strides between rows. */
const COLUMNS_PER_TASK = 64;

/**
 * Sums a matrix over its first axis, `a [M, N]` to `out [N]`: the gradient of a bias.
 *
 * The order is fixed: chunks of 64 rows, each from its first row on, then the chunks' sums from the first on. Additions
 * are correctly rounded everywhere, so all devices and any number of threads give the same bits (subnormal numbers
 * excepted, which GPUs may flush).
 *
 * @throws {TypeError} where dtypes or shapes do not fit, tensors live on several devices or share memory
 */
export function sumRows(a: Tensor, out: Tensor): void {
  const device = sameDevice("sumRows", [a, out]);
  if (a.dtype !== "f32" || a.shape.length !== 2) {
    throw new TypeError(`Cannot run sumRows as a "${a.label}" is ${a.dtype} [${a.shape}]: want f32 of rank 2`);
  }
  if (out.dtype !== "f32" || out.shape.length !== 1 || out.size !== a.shape[1]) {
    throw new TypeError(
      `Cannot run sumRows as out "${out.label}" is ${out.dtype} [${out.shape}]: want f32 [${a.shape[1]}]`,
    );
  }
  if (shareMemory(a, out)) {
    throw new TypeError(`Cannot run sumRows as a "${a.label}" shares memory with out "${out.label}"`);
  }
  const [m, n] = [a.shape[0]!, a.shape[1]!];
  if (n === 0) return;
  switch (device.kind) {
    case "cpu":
      return onCpu(device, m, n, a, out);
    case "webgpu":
      return onWebGpu(device, m, n, a, out);
    default:
      device satisfies never;
  }
}

function onCpu(device: CpuDevice, m: number, n: number, a: Tensor, out: Tensor): void {
  if (m === 0) return void device.hostView(out).fill(0);
  const slots = [m, n, addressOf(a), addressOf(out), CHUNK, COLUMNS_PER_TASK];
  device.run(device.kernel(MODULE, "sumRows"), Math.ceil(n / COLUMNS_PER_TASK), slots);
}

function onWebGpu(device: WebGpuDevice, m: number, n: number, a: Tensor, out: Tensor): void {
  if (m === 0) return device.clear(out);
  const groups = (rows: number) => spreadWorkgroups(Math.ceil(rows * n / 64));
  if (m <= CHUNK) return device.dispatch(sumRowsKernel, [m, n, CHUNK], [a, out], groups(1));
  const chunks = Math.ceil(m / CHUNK);
  const partial = device.workspace("sumRows", "f32", chunks * n);
  device.dispatch(sumRowsKernel, [m, n, CHUNK], [a, partial], groups(chunks));
  device.dispatch(sumRowsKernel, [chunks, n, chunks], [partial, out], groups(1));
}
