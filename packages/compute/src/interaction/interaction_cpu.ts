import { addressOf, type CpuDevice, type CpuModule } from "../cpu/cpu_device.ts";
import { forHost } from "../cpu/relaxed_simd.ts";
import type { Tensor } from "../tensor.ts";
import type { InteractionShape } from "./interaction.ts";
import { interactionUnfusedWasm } from "./interaction_unfused_wasm.ts";
import { interactionWasm } from "./interaction_wasm.ts";

const MODULES = {
  relaxed: { label: "compute/interaction", base64: interactionWasm },
  unfused: { label: "compute/interaction[unfused]", base64: interactionUnfusedWasm },
};
/** The kernels without relaxed SIMD. */
export const UNFUSED: CpuModule = MODULES.unfused;

/** Samples per task, as in `_samples.as.ts`. */
const SAMPLES = 16;

/** See `dotInteraction`. */
export function interactionOnCpu(
  device: CpuDevice,
  shape: InteractionShape,
  dense: Tensor,
  embeddings: Tensor,
  out: Tensor,
  module: CpuModule = forHost(device, MODULES),
): void {
  device.run(device.kernel(module, "forward"), Math.ceil(shape.batch / SAMPLES), [
    addressOf(dense),
    addressOf(embeddings),
    addressOf(out),
    shape.batch,
    shape.rows,
    shape.dim,
    Number(shape.self),
  ]);
}

/** See `dotInteractionBackward`. */
export function interactionBackwardOnCpu(
  device: CpuDevice,
  shape: InteractionShape,
  tensors: { gradOut: Tensor; dense: Tensor; embeddings: Tensor; gradDense: Tensor; gradEmbeddings: Tensor },
  module: CpuModule = forHost(device, MODULES),
): void {
  device.run(device.kernel(module, "backward"), Math.ceil(shape.batch / SAMPLES), [
    addressOf(tensors.dense),
    addressOf(tensors.embeddings),
    addressOf(tensors.gradOut),
    shape.batch,
    shape.rows,
    shape.dim,
    Number(shape.self),
    addressOf(tensors.gradDense),
    addressOf(tensors.gradEmbeddings),
  ]);
}
