import type { DType, Tensor } from "../tensor.ts";

/** Throws `TypeError` unless `tensor` has this dtype and shape. */
export function checkOperand(
  operator: string,
  name: string,
  tensor: Tensor,
  shape: readonly number[],
  dtype: DType = "f32",
): void {
  const fits = tensor.shape.length === shape.length && tensor.shape.every((extent, axis) => extent === shape[axis]);
  if (tensor.dtype === dtype && fits) return;
  throw new TypeError(
    `Cannot run ${operator} as ${name} "${tensor.label}" is ${tensor.dtype} [${tensor.shape}]: want ${dtype} [${shape}]`,
  );
}

/** Throws `TypeError` unless `tensor` has this dtype and number of axes. */
export function checkRank(operator: string, name: string, tensor: Tensor, rank: number, dtype: DType = "f32"): void {
  if (tensor.dtype === dtype && tensor.shape.length === rank) return;
  throw new TypeError(
    `Cannot run ${operator} as ${name} "${tensor.label}" is ${tensor.dtype} [${tensor.shape}]: want ${dtype} of rank ${rank}`,
  );
}

/** Throws `TypeError` unless `tensor` is f32 with this number of elements, in any shape. */
export function checkSize(operator: string, name: string, tensor: Tensor, size: number): void {
  if (tensor.dtype === "f32" && tensor.size === size) return;
  throw new TypeError(
    `Cannot run ${operator} as ${name} "${tensor.label}" is ${tensor.dtype} [${tensor.shape}]: want f32 of ${size} elements`,
  );
}

/** Throws `RangeError` unless `value` is a finite number. */
export function checkFinite(operator: string, name: string, value: number): void {
  if (!Number.isFinite(value)) {
    throw new RangeError(`Cannot run ${operator} with ${name} ${value}: want a finite number`);
  }
}

/** Whether two tensors of one device have a byte in common. */
export function sharesBytes(a: Tensor, b: Tensor): boolean {
  return a.storage === b.storage && a.size > 0 && b.size > 0 &&
    a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
}

/**
 * Throws `TypeError` where an output shares bytes with an input or another output. WebGPU forbids more: one buffer
 * bound twice with one binding writing, even where the bytes differ; that is refused for every device alike.
 */
export function checkDistinct(operator: string, inputs: readonly Tensor[], outputs: readonly Tensor[]): void {
  outputs.forEach((output, at) => {
    for (const other of [...inputs, ...outputs.slice(0, at)]) {
      const clash = output.device.kind === "webgpu" ? output.storage === other.storage : sharesBytes(output, other);
      if (clash) {
        throw new TypeError(
          `Cannot run ${operator} as "${output.label}" is written and shares memory with "${other.label}"`,
        );
      }
    }
  });
}
