import type { Tensor } from "../tensor.ts";
import { spreadWorkgroups } from "../webgpu/kernel.ts";
import type { WebGpuDevice } from "../webgpu/webgpu_device.ts";
import { countKernels, DIGIT_BITS, scatterKernel, SORT_TILE } from "./radix_sort.wgsl.ts";
import { exclusiveScan } from "./scan_webgpu.ts";

/** {@linkcode radixSort} of the first `n` keys, or of the first `count[0]` of them, on a GPU. */
export function radixSortWebGpu(
  device: WebGpuDevice,
  keys: Tensor,
  values: Tensor | undefined,
  outKeys: Tensor,
  outValues: Tensor,
  n: number,
  bits: number,
  count?: Tensor,
): void {
  if (n === 0) return;
  const tiles = Math.ceil(n / SORT_TILE), groups = spreadWorkgroups(tiles);
  const counts = device.workspace("radixSort.counts", "u32", tiles << DIGIT_BITS);
  // A sort of no bits is a copy: one pass in which all digits are equal.
  const passes = Math.max(1, Math.ceil(bits / DIGIT_BITS));
  const out = { keys: outKeys, values: outValues };
  const spare = passes === 1 ? out : {
    keys: device.workspace("radixSort.keys", "u32", n),
    values: device.workspace("radixSort.values", "u32", n),
  };
  let from: { keys: Tensor; values: Tensor | undefined } = { keys, values };
  for (let pass = 0; pass < passes; pass++) {
    const to = (passes - 1 - pass) % 2 === 0 ? out : spare;
    const shift = pass * DIGIT_BITS, mask = (1 << Math.min(DIGIT_BITS, bits - shift)) - 1;
    const parameters = [n, tiles, shift, mask], live = count ? [count] : [];
    device.dispatch(countKernels[count ? "counted" : "plain"], parameters, [from.keys, counts, ...live], groups);
    exclusiveScan(device, counts, tiles << DIGIT_BITS);
    const kernel = scatterKernel({ counted: !!count, values: !!from.values });
    const tensors = [from.keys, counts, to.keys, to.values, ...(from.values ? [from.values] : []), ...live];
    device.dispatch(kernel, parameters, tensors, groups);
    from = to;
  }
}
