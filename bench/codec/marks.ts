/**
 * The speeds that the codec is held to, looked up among the rows of a run.
 *
 * @module
 */
import type { Bench } from "../harness.ts";
import { speedCase } from "./speed.ts";

/** GB/s of float32, least and hoped for. */
const MARKS = { encode: [1, 2], decode: [2, 4] } as const;

/** Adds a row per mark whose case was run: that of messages, and of files where these were compared. */
export function reportMarks(bench: Bench): void {
  for (const direction of ["encode", "decode"] as const) {
    const text = speedCase(direction), rates = bench.rows.filter((row) => row.case === text && row.metric === "rate");
    const files = rates.find(({ baseline }) => baseline === "ours, files")?.baselineValue;
    for (const [what, value] of [["messages", rates[0]?.value], ["files", files]] as const) {
      if (value === undefined) continue;
      for (const [i, atLeast] of MARKS[direction].entries()) {
        const met = value >= atLeast ? "met" : "missed", goal = i === 0 ? "required" : "hoped for";
        bench.add({ case: text, metric: `${what}, ${goal} >= ${atLeast} GB/s: ${met}`, value, unit: "GB/s" });
      }
    }
  }
}
