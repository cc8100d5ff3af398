import { addressOf, type CpuDevice, type CpuModule } from "../cpu/cpu_device.ts";
import type { Tensor } from "../tensor.ts";
import type { SegmentedSumPlan } from "./segmented_sum.ts";
import { segmentedSumWasm } from "./segmented_sum_wasm.ts";

const MODULE: CpuModule = { label: "compute/segmented_sum", base64: segmentedSumWasm };

/** Rows that are added one by one before chunks begin. */
const CHUNK = 256;
const SEGMENTS_PER_TASK = 64;

/** {@linkcode segmentedSum} on the CPU. */
export function segmentedSumCpu(
  device: CpuDevice,
  plan: SegmentedSumPlan,
  values: Tensor,
  starts: Tensor,
  count: Tensor,
  out: Tensor,
  order: Tensor | undefined,
): void {
  const segments = Math.min(plan.segments, device.hostView(count)[0]!);
  const blocks = Math.ceil(Math.min(plan.positions, device.hostView(starts)[segments]!) / CHUNK);
  const sums = device.workspace("segmentedSum.chunks", "f32", 2 * blocks * plan.dim + 1);
  const args = [
    addressOf(values),
    addressOf(starts),
    segments,
    order ? addressOf(order) : 0,
    plan.dim,
    addressOf(out),
    CHUNK,
    addressOf(sums),
    SEGMENTS_PER_TASK,
    plan.positions,
  ];
  if (blocks > 1) device.run(device.kernel(MODULE, "sumChunks"), blocks, args);
  device.run(device.kernel(MODULE, "sumSegments"), Math.ceil(segments / SEGMENTS_PER_TASK), args);
}
