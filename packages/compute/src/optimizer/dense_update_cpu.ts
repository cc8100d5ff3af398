import { addressOf, type CpuDevice, type CpuModule } from "../cpu/cpu_device.ts";
import type { Tensor } from "../tensor.ts";
import type { DenseOptimizer, DenseScalars } from "./dense_update.ts";
import { denseUpdateWasm } from "./dense_update_wasm.ts";

const MODULE: CpuModule = { label: "compute/dense_update", base64: denseUpdateWasm };

/** Elements per task, as in `dense_update.as.ts`. */
const ELEMENTS = 16384;

/** See `denseUpdate`. `tensors`: params, grads, states. */
export function denseUpdateOnCpu(
  device: CpuDevice,
  kind: DenseOptimizer["kind"],
  scalars: DenseScalars,
  tensors: readonly Tensor[],
): void {
  const addresses = [0, 1, 2, 3].map((at) => tensors[at] ? addressOf(tensors[at]) : 0);
  const { rate, epsilon, blend1, blend2, root } = scalars;
  const size = tensors[0]!.size;
  device.run(device.kernel(MODULE, kind), Math.ceil(size / ELEMENTS), [
    ...addresses,
    size,
    rate,
    epsilon,
    blend1,
    blend2,
    root,
  ]);
}
