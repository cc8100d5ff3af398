import { addressOf, type CpuDevice, type CpuModule } from "../cpu/cpu_device.ts";
import type { Tensor } from "../tensor.ts";
import type { Runs } from "./run_length.ts";
import { runLengthWasm } from "./run_length_wasm.ts";

const MODULE: CpuModule = { label: "compute/run_length", base64: runLengthWasm };

/** Keys per task. */
const CHUNK = 16_384;

/** {@linkcode runLength} of the first `n` keys on the CPU. */
export function runLengthCpu(device: CpuDevice, keys: Tensor, out: Runs, n: number): void {
  const tasks = Math.ceil(n / CHUNK);
  const counts = device.workspace("runLength.counts", "u32", tasks + 1);
  const operands = [counts, out.keys, out.starts, out.count].map(addressOf);
  const args = [addressOf(keys), n, CHUNK, tasks, ...operands];
  device.run(device.kernel(MODULE, "countRuns"), tasks, args);
  device.run(device.kernel(MODULE, "scanRuns"), 1, args);
  device.run(device.kernel(MODULE, "writeRuns"), tasks, args);
}
