import { sameDevice } from "../device.ts";
import { checkTensor } from "../operand.ts";
import type { Tensor } from "../tensor.ts";
import { radixSortCpu } from "./radix_sort_cpu.ts";
import { radixSortWebGpu } from "./radix_sort_webgpu.ts";

/** Options of {@linkcode radixSort}. */
export interface RadixSortOptions {
  /** Sort by the low `bits` bits only, 0 to 32; fewer bits, fewer passes. Default: 32. */
  readonly bits?: number;
  /** u32 `[1]`: sort that many of the keys, from the first on. Further elements of the results are unspecified. */
  readonly count?: Tensor;
}

/**
 * Sorts keys ascending and carries values along; equal keys keep their order. Least significant digit first, by
 * counting, so the result is the one stable order whatever the device and its threads.
 *
 * @param keys u32 `[n]`
 * @param values u32 `[n]`; `undefined`: the index of each key
 * @param outKeys u32 `[n]`, not `keys` itself
 * @param outValues u32 `[n]`, not `values` itself
 * @throws {TypeError} where a dtype or shape does not fit, or a result is also an input
 * @throws {RangeError} where `bits` is out of range
 */
export function radixSort(
  keys: Tensor,
  values: Tensor | undefined,
  outKeys: Tensor,
  outValues: Tensor,
  options: RadixSortOptions = {},
): void {
  const { bits = 32, count } = options;
  const n = keys.size;
  for (const tensor of [keys, values, outKeys, outValues]) if (tensor) checkTensor("radixSort", tensor, "u32", n);
  if (count) checkTensor("radixSort", count, "u32", 1);
  if (!Number.isInteger(bits) || bits < 0 || bits > 32) {
    throw new RangeError(`Cannot sort by ${bits} bits: want a whole number from 0 to 32`);
  }
  const inputs = [keys, values, count];
  for (const out of [outKeys, outValues]) {
    if (inputs.some((input) => input?.storage === out.storage) || outKeys.storage === outValues.storage) {
      throw new TypeError(`Cannot sort into tensor "${out.label}" as it shares memory with another operand`);
    }
  }
  const device = sameDevice("radixSort", [...inputs, outKeys, outValues]);
  switch (device.kind) {
    case "cpu": {
      const live = count ? Math.min(n, device.hostView(count)[0]!) : n;
      return radixSortCpu(device, keys, values, outKeys, outValues, live, bits);
    }
    case "webgpu":
      return radixSortWebGpu(device, keys, values, outKeys, outValues, n, bits, count);
    default:
      device satisfies never;
  }
}
