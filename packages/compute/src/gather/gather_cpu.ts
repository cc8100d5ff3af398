import { addressOf, type CpuDevice } from "../cpu/cpu_device.ts";
import { EMBEDDING_LOOKUP_MODULE, ROWS_PER_TASK } from "../embedding_lookup/embedding_lookup_cpu.ts";
import type { Tensor } from "../tensor.ts";

/** {@linkcode gather} on the CPU: a look-up in one table that starts at row 0. */
export function gatherCpu(device: CpuDevice, table: Tensor, ids: Tensor, out: Tensor): void {
  const [rows = 0, dim = 0] = table.shape;
  device.run(device.kernel(EMBEDDING_LOOKUP_MODULE, "lookupRows"), Math.ceil(ids.size / ROWS_PER_TASK), [
    addressOf(table),
    0, // no bases
    addressOf(ids),
    addressOf(out),
    ids.size,
    1,
    dim,
    rows,
    ROWS_PER_TASK,
  ]);
}
