import { addressOf, type CpuDevice, type CpuModule } from "../cpu/cpu_device.ts";
import { LOSS_CARRY } from "./_carry.ts";
import type { LossPlan } from "./loss.ts";
import { lossWasm } from "./loss_wasm.ts";

const MODULE: CpuModule = { label: "compute/loss", base64: lossWasm };

/** Samples per task, as in `loss.as.ts`. */
const SAMPLES = 512;

/** See `bceWithLogits` and `softmaxCrossEntropy`. */
export function lossOnCpu(device: CpuDevice, plan: LossPlan): void {
  const { gradLogits, lossSum } = plan;
  const tasks = Math.ceil(plan.batch / SAMPLES);
  // Partial sums are f64, so two elements each.
  const partials = lossSum ? addressOf(device.workspace("compute/loss", "u32", tasks * 2)) : 0;
  const single = device.arithmetic === "portable" && plan.kind === "bce" && gradLogits;
  const run = (kernel: string, gradients: number): void =>
    device.run(device.kernel(MODULE, kernel), tasks, [
      addressOf(plan.logits),
      addressOf(plan.labels),
      gradients,
      partials,
      plan.batch,
      plan.gradScale,
      ...(plan.kind === "bce" ? plan.classWeights : [plan.classes]),
    ]);
  if (single) run("bceGradientF32", addressOf(gradLogits));
  if (lossSum || !single) run(plan.kind, single || !gradLogits ? 0 : addressOf(gradLogits));
  if (lossSum) {
    device.run(device.kernel(MODULE, "accumulate"), 1, [
      partials,
      tasks,
      addressOf(lossSum),
      lossSum.size,
      LOSS_CARRY,
    ]);
  }
}
