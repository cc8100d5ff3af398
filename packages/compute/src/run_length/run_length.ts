import { sameDevice } from "../device.ts";
import { checkTensor } from "../operand.ts";
import type { Tensor } from "../tensor.ts";
import { runLengthCpu } from "./run_length_cpu.ts";
import { runLengthWebGpu } from "./run_length_webgpu.ts";

/** Where {@linkcode runLength} writes; elements beyond the runs are unspecified. */
export interface Runs {
  /** u32 `[n]`: the key of each run. */
  readonly keys: Tensor;
  /** u32 `[n + 1]`: where each run starts; behind the last run, the number of keys. */
  readonly starts: Tensor;
  /** u32 `[1]`: number of runs. */
  readonly count: Tensor;
}

/** Options of {@linkcode runLength}. */
export interface RunLengthOptions {
  /** u32 `[1]`: look at that many keys only, from the first on. */
  readonly count?: Tensor;
}

/**
 * Lists the runs of equal neighbours; of sorted keys, these are the distinct keys and where each one's occurrences lie.
 * The number of runs stays on the device.
 *
 * @param sortedKeys u32 `[n]`
 * @param out receives the runs
 * @throws {TypeError} where a dtype or shape does not fit, or a result shares memory with another operand
 */
export function runLength(sortedKeys: Tensor, out: Runs, options: RunLengthOptions = {}): void {
  const n = sortedKeys.size, { count } = options;
  checkTensor("runLength", sortedKeys, "u32", n);
  checkTensor("runLength", out.keys, "u32", n);
  checkTensor("runLength", out.starts, "u32", n + 1);
  checkTensor("runLength", out.count, "u32", 1);
  if (count) checkTensor("runLength", count, "u32", 1);
  const operands = [sortedKeys, out.keys, out.starts, out.count, ...(count ? [count] : [])];
  operands.forEach((tensor, i) => {
    if (operands.findIndex((other) => other.storage === tensor.storage) !== i) {
      throw new TypeError(`Cannot run runLength as tensor "${tensor.label}" shares memory with another operand`);
    }
  });
  const device = sameDevice("runLength", operands);
  switch (device.kind) {
    case "cpu":
      return runLengthCpu(device, sortedKeys, out, count ? Math.min(n, device.hostView(count)[0]!) : n);
    case "webgpu":
      return runLengthWebGpu(device, sortedKeys, out, n, count);
    default:
      device satisfies never;
  }
}
