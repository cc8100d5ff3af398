import { addressOf, type CpuDevice, type CpuModule } from "../cpu/cpu_device.ts";
import { sameDevice } from "../device.ts";
import { checkDistinct, checkOperand, checkSize } from "../elementwise/_operands.ts";
import type { Tensor } from "../tensor.ts";
import type { WebGpuDevice } from "../webgpu/webgpu_device.ts";
import { MAX_GROUPS, REDUCE_KERNELS, THREADS } from "./reduce.wgsl.ts";
import { reduceWasm } from "./reduce_wasm.ts";

const MODULE: CpuModule = { label: "compute/reduce", base64: reduceWasm };

/** Elements per task, as in `reduce.as.ts`. */
const ELEMENTS = 16384;

/** Elements per thread that make another workgroup worth while. */
const ELEMENTS_PER_THREAD = 16;

/**
 * `out[0]` becomes the sum of all elements of `a`; the order of summation depends on the size alone. On the CPU in f64,
 * rounded once.
 *
 * @param a f32, any shape
 * @param out f32 `[1]`
 * @throws {TypeError} where dtypes or shapes do not fit, or the tensors share memory
 */
export function sum(a: Tensor, out: Tensor): void {
  run("sum", a, out);
}

/**
 * `out[0]` becomes the sum of the squares of all elements of `a`, as {@linkcode sum} does it.
 *
 * @param a f32, any shape
 * @param out f32 `[1]`
 * @throws {TypeError} where dtypes or shapes do not fit, or the tensors share memory
 */
export function sumSquares(a: Tensor, out: Tensor): void {
  run("sumSquares", a, out);
}

type Operator = keyof typeof REDUCE_KERNELS;

function run(operator: Operator, a: Tensor, out: Tensor): void {
  const device = sameDevice(operator, [a, out]);
  checkSize(operator, "a", a, a.size);
  checkOperand(operator, "out", out, [1]);
  checkDistinct(operator, [a], [out]);
  switch (device.kind) {
    case "cpu":
      return onCpu(device, operator, a, out);
    case "webgpu":
      return onWebGpu(device, operator, a, out);
    default:
      device satisfies never;
  }
}

function onCpu(device: CpuDevice, operator: Operator, a: Tensor, out: Tensor): void {
  const tasks = Math.ceil(a.size / ELEMENTS);
  // Partial sums are f64, so two elements each.
  const partials = addressOf(device.workspace("compute/reduce", "u32", tasks * 2));
  device.run(device.kernel(MODULE, operator), tasks, [addressOf(a), a.size, partials]);
  device.run(device.kernel(MODULE, "total"), 1, [partials, tasks, addressOf(out)]);
}

function onWebGpu(device: WebGpuDevice, operator: Operator, a: Tensor, out: Tensor): void {
  const groups = Math.min(MAX_GROUPS, Math.ceil(a.size / (THREADS * ELEMENTS_PER_THREAD)));
  if (groups <= 1) return device.dispatch(REDUCE_KERNELS[operator], [a.size], [a, out], [1, 1, 1]);
  const partials = device.workspace("compute/reduce", "f32", groups);
  device.dispatch(REDUCE_KERNELS[operator], [a.size], [a, partials], [groups, 1, 1]);
  device.dispatch(REDUCE_KERNELS.sum, [groups], [partials, out], [1, 1, 1]);
}
