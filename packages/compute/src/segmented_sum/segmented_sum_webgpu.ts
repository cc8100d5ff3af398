import type { Tensor } from "../tensor.ts";
import { spreadWorkgroups } from "../webgpu/kernel.ts";
import type { WebGpuDevice } from "../webgpu/webgpu_device.ts";
import { MAX_LANES, SUM_CHUNK, SUM_WORKGROUP } from "./_parts.wgsl.ts";
import type { SegmentedSumPlan } from "./segmented_sum.ts";
import { sumKernels } from "./segmented_sum.wgsl.ts";

/** {@linkcode segmentedSum} on a GPU; the number of segments stays on the device. */
export function segmentedSumWebGpu(
  device: WebGpuDevice,
  plan: SegmentedSumPlan,
  values: Tensor,
  starts: Tensor,
  count: Tensor,
  out: Tensor,
  order: Tensor | undefined,
): void {
  const { dim, segments, positions } = plan;
  const width = dim % 4 === 0 ? 4 : 1, columns = dim / width;
  const lanes = Math.min(MAX_LANES, 2 ** Math.ceil(Math.log2(columns)));
  const kernels = sumKernels({ width, order: !!order, lanes });
  const blocks = Math.ceil(positions / SUM_CHUNK);
  const sums = device.workspace("segmentedSum.chunks", "f32", 2 * blocks * dim + 4);
  const parameters = [segments, positions, columns];
  const rows = order ? [values, order] : [values];
  if (positions > SUM_CHUNK) {
    device.dispatch(kernels.chunkSums, parameters, [starts, count, ...rows, sums], spreadWorkgroups(2 * blocks));
    device.dispatch(kernels.longSums, parameters, [starts, count, sums], spreadWorkgroups(blocks));
  }
  const groups = spreadWorkgroups(Math.ceil(segments * columns / SUM_WORKGROUP));
  device.dispatch(kernels.segments, parameters, [starts, count, ...rows, sums, out], groups);
}
