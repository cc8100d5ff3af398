import type { TensorOptions } from "./device.ts";
import { type DType, dtypeOf, elementsOf } from "./tensor.ts";

/** Checks the arguments of `Device.tensor`, the same for every device, and returns what follows from them. */
export function checkNewTensor(
  dtype: DType,
  shape: readonly number[],
  { label = "tensor", data }: TensorOptions,
): { readonly label: string; readonly size: number } {
  const size = elementsOf(shape, label);
  if (data && data.length !== size) {
    throw new RangeError(`Cannot make tensor "${label}" of [${shape}] from ${data.length} elements: want ${size}`);
  }
  if (data && dtypeOf(data) !== dtype) {
    throw new TypeError(`Cannot make ${dtype} tensor "${label}" from ${dtypeOf(data)} data`);
  }
  return { label, size };
}
