import { spreadWorkgroups } from "../webgpu/kernel.ts";
import type { WebGpuDevice } from "../webgpu/webgpu_device.ts";
import type { LossPlan } from "./loss.ts";
import { ACCUMULATE, LOSS_KERNELS, lossKey, THREADS } from "./loss.wgsl.ts";

/** See `bceWithLogits` and `softmaxCrossEntropy`. */
export function lossOnWebGpu(device: WebGpuDevice, plan: LossPlan): void {
  const { kind, batch, gradLogits, lossSum } = plan;
  const kernel = LOSS_KERNELS.get(lossKey({ kind, grad: !!gradLogits, loss: !!lossSum }))!;
  const losses = lossSum ? device.workspace("compute/loss", "f32", batch) : undefined;
  device.dispatch(
    kernel,
    [batch, plan.classes, plan.gradScale, ...plan.classWeights],
    [plan.logits, plan.labels, ...(gradLogits ? [gradLogits] : []), ...(losses ? [losses] : [])],
    spreadWorkgroups(Math.ceil(batch / THREADS)),
  );
  if (losses && lossSum) device.dispatch(ACCUMULATE, [batch, lossSum.size], [losses, lossSum], [1, 1, 1]);
}
