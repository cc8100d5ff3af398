import { sameDevice } from "../device.ts";
import { checkTensor, operandError } from "../operand.ts";
import type { Tensor } from "../tensor.ts";
import { gatherCpu } from "./gather_cpu.ts";
import { gatherWebGpu } from "./gather_webgpu.ts";

/**
 * Copies rows: `out[i] = table[ids[i]]`. An id beyond the table gives a row of zeros.
 *
 * @param table f32 `[rows, dim]`
 * @param ids u32 `[n]`
 * @param out f32 `[n, dim]`
 * @throws {TypeError} where a dtype or shape does not fit
 */
export function gather(table: Tensor, ids: Tensor, out: Tensor): void {
  const device = sameDevice("gather", [table, ids, out]);
  if (table.dtype !== "f32" || table.shape.length !== 2) {
    throw operandError("gather", table, "f32 [rows, dim]");
  }
  checkTensor("gather", ids, "u32", ids.size);
  checkTensor("gather", out, "f32", ids.size * table.shape[1]!);
  if (out.size === 0) return;
  switch (device.kind) {
    case "cpu":
      return gatherCpu(device, table, ids, out);
    case "webgpu":
      return gatherWebGpu(device, table, ids, out);
    default:
      device satisfies never;
  }
}
