/**
 * The choice of a table, which the GPU leaves to the host: once per embedding table, not per chunk.
 *
 * @module
 */
import { chooseUnit } from "../chunk/unit.ts";
import { bytesOf, dtypeOf, elementBytes, type FloatArray } from "../dtype.ts";
import { familyGiven, type GivenTable } from "../entropy/given_table.ts";
import { FAMILY_SIZE } from "../entropy/family.ts";
import { isDirect } from "../entropy/plan.ts";
import { type Coder, tableCost } from "../entropy/tables.ts";
import { F16 } from "../kernels/kernels.ts";
import { withWorkspace } from "../kernels/workspace.ts";

/**
 * The table of the family that codes a sample shortest. It has a code for every token, so that it does for other values too.
 *
 * @param coder What the table is for.
 * @param sample Values such as will be encoded, one at least; f16 or f32. With `dict+`, what repeats is coded once, so let it be distinct rows.
 * @param bound Greatest absolute error, above 0.
 * @throws {RangeError} There is no value that could be coded
 */
export function fitTable(coder: Coder, sample: FloatArray, bound: number): GivenTable {
  const dtype = dtypeOf(sample), bytes = bytesOf(sample), n = sample.length;
  const { counts, direct } = withWorkspace("auto", ({ kernels, arena, sequences }) => {
    const src = arena.take(bytes.length), values = dtype === F16 ? arena.take(4 * n) : src;
    kernels.memory.u8.set(bytes, src);
    if (dtype === F16) kernels.expandF16(src, n, values);
    const result = arena.take(32), rows = arena.take(4 * n), codes = arena.take(4 * n), escapes = arena.take(n);
    kernels.range(dtype, values, n, result);
    const [, , bad, greatest] = kernels.memory.f64.slice(result >>> 3, (result >>> 3) + 4);
    const unit = n === 0 || bad === n ? undefined : chooseUnit(dtype, { kind: "abs", error: bound }, greatest!);
    if (unit?.kind !== "step") {
      throw new RangeError(
        `Cannot fit a table to ${n} values of ${
          elementBytes(dtype)
        } bytes with bound ${bound}: want some that can be coded`,
      );
    }
    // As rows of one value: one that escapes counts as 0.
    for (let i = 0; i < n; i++) kernels.memory.u32[(rows >>> 2) + i] = i;
    const { step, maxCode, errorBound } = unit;
    kernels.quantise(dtype, values, rows, n, 1, step, maxCode, errorBound, codes, escapes, result);
    const [, , least, most] = kernels.memory.f64.slice(result >>> 3, (result >>> 3) + 4);
    const direct = isDirect(least!, most!, false);
    const sequence = { codes, rows: 1, rowLength: n, unsigned: false, direct };
    return { counts: Float64Array.from(sequences.analyse(sequence, false).counts), direct };
  });
  let best: GivenTable | undefined, bestCost = Infinity;
  for (let index = 0; index < FAMILY_SIZE; index++) {
    const table = familyGiven(coder, index, direct), cost = tableCost(coder, counts, table.table);
    if (cost < bestCost) best = table, bestCost = cost;
  }
  return best!;
}
