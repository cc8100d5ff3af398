import type { Tensor } from "../tensor.ts";
import { spreadWorkgroups } from "../webgpu/kernel.ts";
import type { WebGpuDevice } from "../webgpu/webgpu_device.ts";
import { GATHER_WORKGROUP, gatherKernels } from "./gather.wgsl.ts";

/** {@linkcode gather} on a GPU. */
export function gatherWebGpu(device: WebGpuDevice, table: Tensor, ids: Tensor, out: Tensor): void {
  const [rows = 0, dim = 0] = table.shape;
  const width = dim % 4 === 0 ? 4 : 1;
  const size = out.size / width;
  const groups = spreadWorkgroups(Math.ceil(size / GATHER_WORKGROUP));
  device.dispatch(gatherKernels[width], [size, dim / width, rows], [table, ids, out], groups);
}
