import { addressOf, type CpuDevice } from "../cpu/cpu_device.ts";
import { sameDevice } from "../device.ts";
import type { Tensor } from "../tensor.ts";
import { spreadWorkgroups } from "../webgpu/kernel.ts";
import type { WebGpuDevice } from "../webgpu/webgpu_device.ts";
import { ELEMENTWISE_MODULE } from "./_module.ts";
import { checkDistinct, checkFinite, checkSize } from "./_operands.ts";
import { ELEMENTWISE_KERNELS, type ElementwiseName, THREADS } from "./elementwise.wgsl.ts";

/** Elements per task, as in `elementwise.as.ts`. */
const ELEMENTS = 16384;

/**
 * `out = a + b`. All f32 of equal size; shapes do not matter. For sums in place there is {@linkcode axpy}.
 *
 * @throws {TypeError} where dtypes or sizes do not fit, or `out` shares memory with an operand
 */
export function add(a: Tensor, b: Tensor, out: Tensor): void {
  run("add", [a, b], out);
}

/**
 * `out = a b`, element by element. All f32 of equal size.
 *
 * @throws {TypeError} where dtypes or sizes do not fit, or `out` shares memory with an operand
 */
export function mul(a: Tensor, b: Tensor, out: Tensor): void {
  run("mul", [a, b], out);
}

/**
 * `out = a b + c`, element by element. All f32 of equal size. The cross layer of DCNv2 (Wang et al., arXiv 2008.13535,
 * equation 1), `x0 * (W x + b) + x`, is a gemm with bias and this. Its gradient by `a` is {@linkcode mul} of the gradient
 * and `b`, and the other way round; by `c` it is the gradient itself.
 *
 * @throws {TypeError} where dtypes or sizes do not fit, or `out` shares memory with an operand
 */
export function mulAdd(a: Tensor, b: Tensor, c: Tensor, out: Tensor): void {
  run("mulAdd", [a, b, c], out);
}

/**
 * `y = y + alpha x`. Both f32 of equal size.
 *
 * @throws {TypeError} where dtypes or sizes do not fit, or `x` and `y` share memory
 * @throws {RangeError} where `alpha` is not finite
 */
export function axpy(alpha: number, x: Tensor, y: Tensor): void {
  run("axpy", [x], y, alpha);
}

/**
 * `x = alpha x`, f32.
 *
 * @throws {TypeError} where the dtype does not fit
 * @throws {RangeError} where `alpha` is not finite
 */
export function scale(x: Tensor, alpha: number): void {
  run("scale", [], x, alpha);
}

/**
 * `out = 1 / (1 + e^-x)`, f32 of equal size. On the CPU within 0.51 ulp, the same bits on every host.
 *
 * @throws {TypeError} where dtypes or sizes do not fit, or `x` and `out` share memory
 */
export function sigmoid(x: Tensor, out: Tensor): void {
  run("sigmoid", [x], out);
}

type Operator = Exclude<ElementwiseName, "fill">;

function run(operator: Operator, inputs: readonly Tensor[], out: Tensor, alpha = 1): void {
  const device = sameDevice(operator, [...inputs, out]);
  checkFinite(operator, "alpha", alpha);
  checkSize(operator, "out", out, out.size);
  inputs.forEach((input, at) => checkSize(operator, `operand ${at + 1}`, input, out.size));
  checkDistinct(operator, inputs, [out]);
  if (out.size === 0) return;
  switch (device.kind) {
    case "cpu":
      return onCpu(device, operator, [...inputs, out], alpha);
    case "webgpu":
      return onWebGpu(device, operator, [...inputs, out], alpha);
    default:
      device satisfies never;
  }
}

function onCpu(device: CpuDevice, operator: Operator, tensors: readonly Tensor[], alpha: number): void {
  const { size } = tensors[0]!;
  const args = [size, ...tensors.map(addressOf), alpha];
  device.run(device.kernel(ELEMENTWISE_MODULE, operator), Math.ceil(size / ELEMENTS), args);
}

function onWebGpu(device: WebGpuDevice, operator: Operator, tensors: readonly Tensor[], alpha: number): void {
  const { size } = tensors[0]!;
  device.dispatch(
    ELEMENTWISE_KERNELS[operator],
    [size, alpha],
    tensors,
    spreadWorkgroups(Math.ceil(size / THREADS)),
  );
}
