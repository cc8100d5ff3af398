import { exclusiveScan } from "../radix_sort/scan_webgpu.ts";
import type { Tensor } from "../tensor.ts";
import { spreadWorkgroups } from "../webgpu/kernel.ts";
import type { WebGpuDevice } from "../webgpu/webgpu_device.ts";
import type { Runs } from "./run_length.ts";
import { RUN_WORKGROUP, runKernels } from "./run_length.wgsl.ts";

/** {@linkcode runLength} on a GPU: flag the starts, scan the flags, write the runs. */
export function runLengthWebGpu(device: WebGpuDevice, keys: Tensor, out: Runs, n: number, count?: Tensor): void {
  const { flags, write } = runKernels[count ? "counted" : "plain"];
  const places = device.workspace("runLength.places", "u32", n + 1);
  const groups = spreadWorkgroups(Math.ceil((n + 1) / RUN_WORKGROUP)), live = count ? [count] : [];
  device.dispatch(flags, [n], [keys, places, ...live], groups);
  exclusiveScan(device, places, n + 1);
  device.dispatch(write, [n], [keys, places, out.keys, out.starts, out.count, ...live], groups);
}
