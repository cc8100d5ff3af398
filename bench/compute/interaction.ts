/**
 * Dot interaction, forward and backward, at the shapes of DLRM's published configurations: 26 tables, vectors of 16
 * (Kaggle), 64 (Terabyte) and 128 (MLPerf).
 *
 * @module
 */
import { dotInteraction, dotInteractionBackward, interactionWidth } from "@pocketrec/compute";
import { milliseconds } from "../harness.ts";
import { type ComputeCases, onDevice } from "./case.ts";

const FEATURES = 27;

/** See `ComputeCases`. */
export const cases: ComputeCases = async function* (context) {
  const shapes = context.quick ? [[128, 16]] : [[128, 16], [2048, 16], [2048, 64], [2048, 128]];
  // The interaction itself never goes to a BLAS.
  const devices = [...context.cpuDevices.filter((device) => !device.blas), ...(context.gpu ? [context.gpu] : [])];
  for (const [batch, dim] of shapes as [number, number][]) {
    for (const device of devices) {
      const what = `batch ${batch}, ${FEATURES} x ${dim}, ${context.describe(device)}`;
      if (!context.wants(`interaction ${what}`) && !context.wants(`interaction backward ${what}`)) continue;
      const random = (...shape: number[]) => {
        const size = shape.reduce((a, b) => a * b);
        return device.tensor("f32", shape, { data: Float32Array.from({ length: size }, (_, i) => Math.sin(i)) });
      };
      const width = interactionWidth(FEATURES, dim);
      using dense = random(batch, dim);
      using embeddings = random(batch, FEATURES - 1, dim);
      using out = random(batch, width);
      using gradDense = random(batch, dim);
      using gradEmbeddings = random(batch, FEATURES - 1, dim);
      const spec = { batch, features: FEATURES, dim, threads: device.kind === "cpu" ? device.threads : 1 };
      const peers = (op: string) => device.kind === "cpu" ? context.torch([{ op, ...spec }]) : [];
      yield {
        case: `interaction ${what}`,
        ours: onDevice(device, () => dotInteraction(dense, embeddings, out)),
        baselines: peers("interaction"),
        measure: milliseconds,
      };
      yield {
        case: `interaction backward ${what}`,
        ours: onDevice(device, () => dotInteractionBackward(out, dense, embeddings, gradDense, gradEmbeddings)),
        baselines: peers("interaction_backward"),
        measure: milliseconds,
      };
    }
  }
};
