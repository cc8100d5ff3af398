import type { BagPlan } from "../embedding_lookup/bag_plan.ts";
import { radixSortWebGpu } from "../radix_sort/radix_sort_webgpu.ts";
import { MAX_LANES, SUM_CHUNK, SUM_WORKGROUP, TREE_WORKGROUP } from "../segmented_sum/_parts.wgsl.ts";
import type { Tensor } from "../tensor.ts";
import { spreadWorkgroups, type WgslKernel } from "../webgpu/kernel.ts";
import type { WebGpuDevice } from "../webgpu/webgpu_device.ts";
import { hasInfo, occurrencesKernel } from "./occurrences.wgsl.ts";
import { rowStateKernel, ruleKernel } from "./rules.wgsl.ts";
import type { StepScalars } from "./sparse_optimizer.ts";
import { chunkSumsKernel, LONG_CHUNK, nameOf, runSumsKernel, type UpdateVariant } from "./sparse_update.wgsl.ts";

/** Kernels of one variant. */
interface Kernels {
  readonly chunkSums: WgslKernel;
  readonly runSums: WgslKernel;
  readonly rowState: WgslKernel;
  readonly rules: readonly WgslKernel[];
}

const kernels = new Map<string, Kernels>();

function kernelsOf(variant: UpdateVariant): Kernels {
  const name = nameOf(variant);
  let found = kernels.get(name);
  if (!found) {
    found = {
      chunkSums: chunkSumsKernel(variant),
      runSums: runSumsKernel(variant),
      rowState: rowStateKernel(variant),
      rules: [0, 1, 2, 3].map((kind) => ruleKernel(kind, variant)),
    };
    kernels.set(name, found);
  }
  return found;
}

/**
 * {@linkcode sparseUpdate} on a GPU. All sizes on the host are those of the batch: how many rows differ and how often
 * each occurs stays on the device, and threads without work end early. Tests force the kernels of GPUs or of software adapters.
 */
export function sparseUpdateWebGpu(
  device: WebGpuDevice,
  weights: Tensor,
  plan: BagPlan,
  gradOut: Tensor,
  step: StepScalars,
  states: readonly Tensor[],
  software: boolean = device.isFallback,
): void {
  const { batch, tables, dim, rows, rowBase, ids, offsets } = plan;
  const n = plan.occurrences;
  const listed = { offsets: !!offsets, weights: !!plan.weights, mean: plan.mean };
  const width = dim % 4 === 0 ? 4 : 1, columns = dim / width;
  // Software adapters run a workgroup's threads in turns between barriers: there, one thread adds up a column.
  const [lanes, chunk] = software
    ? [TREE_WORKGROUP, LONG_CHUNK]
    : [Math.min(MAX_LANES, 2 ** Math.ceil(Math.log2(columns))), SUM_CHUNK];
  const variant: UpdateVariant = { width, info: hasInfo(listed), lanes, chunk };
  const { chunkSums, runSums, rules } = kernelsOf(variant);

  const rowOf = device.workspace("sparseUpdate.rowOf", "u32", n);
  const info = variant.info ? [device.workspace("sparseUpdate.info", "u32", 2 * n)] : [];
  device.dispatch(
    occurrencesKernel(listed),
    [n, batch * tables, tables, rows],
    [rowBase, ids, rowOf, ...info, ...(offsets ? [offsets] : []), ...(plan.weights ? [plan.weights] : [])],
    spreadWorkgroups(Math.ceil(n / SUM_WORKGROUP)),
  );

  const keys = device.workspace("sparseUpdate.keys", "u32", n);
  const order = device.workspace("sparseUpdate.order", "u32", n);
  // `rows` itself is the key of ids that lie in no table.
  radixSortWebGpu(device, rowOf, undefined, keys, order, n, 32 - Math.clz32(rows));

  const blocks = Math.ceil(n / chunk);
  const sums = device.workspace("sparseUpdate.sums", "f32", 2 * blocks * dim + 4);
  if (n > chunk) {
    const shape = [n, columns, rows];
    device.dispatch(chunkSums, shape, [keys, order, gradOut, sums, ...info], spreadWorkgroups(2 * blocks));
    device.dispatch(runSums, shape, [keys, sums], spreadWorkgroups(blocks));
  }
  const parameters = [n, columns, rows, step.rate, step.epsilon, step.blend1, step.blend2];
  const sources = [keys, order, gradOut, sums, ...info];
  if (step.kind === 2) {
    const rowLanes = software ? 1 : lanes;
    const groups = spreadWorkgroups(Math.ceil(n * rowLanes / TREE_WORKGROUP));
    const { rowState } = kernelsOf({ ...variant, lanes: rowLanes });
    device.dispatch(rowState, parameters, [...sources, states[0]!], groups);
  }
  const groups = spreadWorkgroups(Math.ceil(n * columns / SUM_WORKGROUP));
  device.dispatch(rules[step.kind]!, parameters, [...sources, weights, ...states], groups);
}
