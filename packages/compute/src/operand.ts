import type { DType, Tensor } from "./tensor.ts";

/**
 * Checks dtype and number of elements of an operand.
 *
 * @throws {TypeError} naming the tensor, what it is and what is wanted
 */
export function checkTensor(operator: string, tensor: Tensor, dtype: DType, size: number): void {
  if (tensor.dtype !== dtype || tensor.size !== size) {
    throw operandError(operator, tensor, `${dtype} of ${size} elements`);
  }
}

/** The error for an operand of wrong dtype or shape. */
export function operandError(operator: string, tensor: Tensor, want: string): TypeError {
  return new TypeError(
    `Cannot run ${operator} as tensor "${tensor.label}" is ${tensor.dtype} [${tensor.shape}]: want ${want}`,
  );
}
