import { type AnyDevice, type Bags, sameDevice, type Tensor } from "@pocketrec/compute";
import { rowShape } from "../layout.ts";
import type { RobeTableSet } from "../table_set.ts";

/** A checked look-up: what the devices work from. */
export interface LookupPlan {
  readonly array: Tensor;
  /** Whether the array holds f16. */
  readonly half: boolean;
  readonly set: RobeTableSet;
  readonly batch: number;
  readonly tables: number;
  readonly ids: Tensor;
  readonly offsets: Tensor | undefined;
  readonly weights: Tensor | undefined;
  /** Divide by the number of ids; one id is its own mean. */
  readonly mean: boolean;
  /** Blocks per row. */
  readonly blocks: number;
  /** Rows that share a block. */
  readonly rowsPerBlock: number;
}

/**
 * Checks array, tables and bags of an operator once.
 *
 * @throws {TypeError} naming the tensor whose dtype or size does not fit
 */
export function planLookup(
  operator: string,
  array: Tensor,
  set: RobeTableSet,
  bags: Bags,
  outputs: readonly Tensor[],
  inputs: readonly Tensor[] = [],
): { device: AnyDevice; plan: LookupPlan } {
  const { batch, tables, ids, offsets, weights, mode } = bags;
  const { size } = set.layout;
  const operands = [array, set.records, ids, offsets, weights, ...inputs].filter((tensor) => tensor !== undefined);
  const device = sameDevice(operator, [...operands, ...outputs]);
  const half = array.dtype === "u32";
  if (half ? array.size !== Math.ceil(size / 2) : array.dtype !== "f32" || array.size !== size) {
    throw mismatch(operator, array, `f32 of ${size} elements, or f16 in u32 of ${Math.ceil(size / 2)}`);
  }
  if (tables !== set.specs.length) {
    throw new TypeError(
      `Cannot run ${operator} with bags of ${tables} tables: want ${set.specs.length}, as the set has`,
    );
  }
  if (mode !== undefined && mode !== "sum" && mode !== "mean") {
    throw new TypeError(`Cannot run ${operator} with mode "${mode}": want "sum" or "mean"`);
  }
  checkSize(operator, ids, "u32", offsets ? ids.size : batch * tables);
  if (offsets) checkSize(operator, offsets, "u32", batch * tables + 1);
  if (weights) checkSize(operator, weights, "f32", ids.size);
  for (const output of outputs) {
    // WebGPU refuses a buffer that is bound twice and written; CPU tensors are whole allocations or views of one.
    const shared = operands.find((tensor) => tensor.storage === output.storage);
    if (shared && output.size > 0) {
      throw new TypeError(
        `Cannot run ${operator} as "${output.label}" is written and shares memory with "${shared.label}"`,
      );
    }
  }
  const { blocks, rowsPerBlock } = rowShape(set.layout, set.dim);
  const mean = mode === "mean" && offsets !== undefined;
  return { device, plan: { array, half, set, batch, tables, ids, offsets, weights, mean, blocks, rowsPerBlock } };
}

/** Throws `TypeError` unless the tensor has this dtype and number of elements. */
export function checkSize(operator: string, tensor: Tensor, dtype: "f32" | "u32", size: number): void {
  if (tensor.dtype !== dtype || tensor.size !== size) {
    throw mismatch(operator, tensor, `${dtype} of ${size} elements`);
  }
}

function mismatch(operator: string, tensor: Tensor, want: string): TypeError {
  return new TypeError(
    `Cannot run ${operator} as tensor "${tensor.label}" is ${tensor.dtype} [${tensor.shape}]: want ${want}`,
  );
}
