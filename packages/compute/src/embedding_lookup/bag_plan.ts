import { checkTensor, operandError } from "../operand.ts";
import type { Tensor } from "../tensor.ts";
import type { Bags } from "./bags.ts";

/** A checked look-up: what backends work from. */
export interface BagPlan {
  readonly batch: number;
  readonly tables: number;
  /** Elements per row. */
  readonly dim: number;
  /** Rows of all tables together. */
  readonly rows: number;
  /** Number of entries of `ids`; with offsets, the most that bags can hold. */
  readonly occurrences: number;
  readonly rowBase: Tensor;
  readonly ids: Tensor;
  readonly offsets: Tensor | undefined;
  readonly weights: Tensor | undefined;
  readonly mean: boolean;
}

/**
 * Checks tables and bags of an operator once.
 *
 * @throws {TypeError} naming the tensor whose dtype or shape does not fit
 */
export function planBags(operator: string, table: Tensor, rowBase: Tensor, bags: Bags): BagPlan {
  const { batch, tables, ids, offsets, weights } = bags;
  if (table.dtype !== "f32" || table.shape.length !== 2) {
    throw operandError(operator, table, "f32 [rows, dim]");
  }
  checkTensor(operator, rowBase, "u32", tables);
  if (offsets) {
    checkTensor(operator, offsets, "u32", batch * tables + 1);
    checkTensor(operator, ids, "u32", ids.size);
  } else {
    checkTensor(operator, ids, "u32", batch * tables);
  }
  if (weights) checkTensor(operator, weights, "f32", ids.size);
  if (bags.mode !== undefined && bags.mode !== "sum" && bags.mode !== "mean") {
    throw new TypeError(`Cannot run ${operator} with mode "${bags.mode}": want "sum" or "mean"`);
  }
  const [rows = 0, dim = 0] = table.shape;
  // One row per bag: its mean is itself.
  const mean = bags.mode === "mean" && offsets !== undefined;
  return { batch, tables, dim, rows, occurrences: ids.size, rowBase, ids, offsets, weights, mean };
}
