import type { Tensor } from "../tensor.ts";
import { spreadWorkgroups } from "../webgpu/kernel.ts";
import type { WebGpuDevice } from "../webgpu/webgpu_device.ts";
import type { InteractionShape } from "./interaction.ts";
import {
  BACKWARD_KERNELS,
  FORWARD_KERNELS,
  INTERACTION_VARIANTS,
  type InteractionVariant,
  THREADS,
} from "./interaction.wgsl.ts";

/** See `dotInteraction`. `variant` is for tests: by default the device and the sample's size choose. */
export function interactionOnWebGpu(
  device: WebGpuDevice,
  shape: InteractionShape,
  dense: Tensor,
  embeddings: Tensor,
  out: Tensor,
  variant: InteractionVariant = chooseVariant(device, shape.rows * (shape.dim | 1)),
): void {
  const workgroups = variant > 0 ? shape.batch : Math.ceil(out.size / THREADS);
  const tensors = [dense, embeddings, out];
  device.dispatch(FORWARD_KERNELS.get(variant)!, parameters(shape), tensors, spreadWorkgroups(workgroups));
}

/** See `dotInteractionBackward`. `variant` is for tests. */
export function interactionBackwardOnWebGpu(
  device: WebGpuDevice,
  shape: InteractionShape,
  tensors: { gradOut: Tensor; dense: Tensor; embeddings: Tensor; gradDense: Tensor; gradEmbeddings: Tensor },
  variant: InteractionVariant = chooseVariant(device, shape.rows * shape.dim + shape.pairs),
): void {
  const { gradOut, dense, embeddings, gradDense, gradEmbeddings } = tensors;
  const elements = shape.batch * shape.rows * shape.dim;
  const workgroups = variant > 0 ? shape.batch : Math.ceil(elements / THREADS);
  device.dispatch(
    BACKWARD_KERNELS.get(variant)!,
    parameters(shape),
    [gradOut, dense, embeddings, gradDense, gradEmbeddings],
    spreadWorkgroups(workgroups),
  );
}

/** The smallest workgroup memory that a sample fits into; none on software adapters or where nothing fits. */
export function chooseVariant(device: WebGpuDevice, floats: number): InteractionVariant {
  if (device.isFallback) return 0;
  return INTERACTION_VARIANTS.find((variant) => variant > 0 && variant >= floats) ?? 0;
}

function parameters(shape: InteractionShape): number[] {
  return [shape.batch, shape.rows, shape.dim, Number(shape.self)];
}
