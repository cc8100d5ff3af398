import type { Tensor } from "../tensor.ts";
import { spreadWorkgroups } from "../webgpu/kernel.ts";
import type { WebGpuDevice } from "../webgpu/webgpu_device.ts";
import type { DenseOptimizer, DenseScalars } from "./dense_update.ts";
import { THREADS, UPDATE_KERNELS } from "./dense_update.wgsl.ts";

/** See `denseUpdate`. `tensors`: params, grads, states. */
export function denseUpdateOnWebGpu(
  device: WebGpuDevice,
  kind: DenseOptimizer["kind"],
  scalars: DenseScalars,
  tensors: readonly Tensor[],
): void {
  const { rate, epsilon, blend1, blend2, root } = scalars;
  const size = tensors[0]!.size;
  device.dispatch(
    UPDATE_KERNELS[kind],
    [size, rate, epsilon, blend1, blend2, root],
    tensors,
    spreadWorkgroups(Math.ceil(size / THREADS)),
  );
}
