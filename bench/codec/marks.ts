/**
 * The speeds that the codec is held to, looked up among the rows of a run.
 *
 * @module
 */
import type { Bench } from "../harness.ts";
import { SPEED_BOUNDS, speedBatches, speedCase } from "./speed.ts";

/** GB/s of float32, least and hoped for. */
const MARKS = { encode: [1, 2], decode: [2, 4] } as const;

/** Adds a row per mark whose case was run: the batch with 45 % distinct rows, its first bound. */
export function reportMarks(bench: Bench): void {
  for (const direction of ["encode", "decode"] as const) {
    const text = speedCase(direction, speedBatches()[0]!, SPEED_BOUNDS[0]);
    const row = bench.rows.find((row) => row.case === text && row.metric === "rate");
    if (!row) continue;
    for (const [i, atLeast] of MARKS[direction].entries()) {
      const met = row.value >= atLeast ? "met" : "missed", what = i === 0 ? "required" : "hoped for";
      bench.add({ case: text, metric: `${what} >= ${atLeast} GB/s: ${met}`, value: row.value, unit: "GB/s" });
    }
  }
}
