import { addressOf, type CpuDevice, type CpuModule } from "../cpu/cpu_device.ts";
import type { Tensor } from "../tensor.ts";
import type { InteractionShape } from "./interaction.ts";
import { interactionWasm } from "./interaction_wasm.ts";

const MODULE: CpuModule = { label: "compute/interaction", base64: interactionWasm };

/** Samples per task, as in `interaction.as.ts`. */
const SAMPLES = 16;

/** See `dotInteraction`. */
export function interactionOnCpu(
  device: CpuDevice,
  shape: InteractionShape,
  dense: Tensor,
  embeddings: Tensor,
  out: Tensor,
): void {
  device.run(device.kernel(MODULE, "forward"), Math.ceil(shape.batch / SAMPLES), [
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
): void {
  device.run(device.kernel(MODULE, "backward"), Math.ceil(shape.batch / SAMPLES), [
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
