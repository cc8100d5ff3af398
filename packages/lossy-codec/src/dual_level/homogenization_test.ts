import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { addCounts, countRows, homogenizationIndex, noCounts } from "./homogenization.ts";

/** A bound is rounded down; with a little more of it, steps are the round numbers of the calculations below. */
const MORE = 1 + 2 ** -20;

Deno.test("countRows() tells what a bound merges, by hand", () => {
  // Range 0 to 10. Bound 0.05: error 0.5, step 1; bound 0.2: error 2, step 4.
  const batch = Float32Array.of(
    ...[0, 10], // codes 0 10, then 0 2 (2.5 is a tie, to even)
    ...[0, 10], // the same row
    ...[0.25, 10], // 0 10, merged by both
    ...[1, 9], // 1 9, then 0 2, merged by the second
    ...[5, 5], // 5 5, then 1 1
    ...[4.75, 5.25], // 5 5, then 1 1
  );
  const counts = countRows(batch, 2, [0.001, 0.05 * MORE, 0.2 * MORE]);
  assertEquals(counts, { batches: 1, rows: 5, quantised: [5, 3, 2] });
  assertEquals([0, 1, 2].map((i) => homogenizationIndex(counts, i)), [1, 0.6, 0.4]);
});

Deno.test("countRows() counts rows that stay as they are by their bits", () => {
  const batch = Float32Array.of(NaN, 1, NaN, 1, Infinity, 1, 0, 0, 0.001, 0, 1, 1);
  // Range 0 to 1; at 0.1 the rows 0 0 and 0.001 0 merge, the two that are not finite stay.
  assertEquals(countRows(batch, 2, [0.1]), { batches: 1, rows: 5, quantised: [4] });
  // One value only: no range, nothing is quantised. -0 and 0 differ in bits.
  assertEquals(countRows(Float32Array.of(3, 3, 3, 3), 2, [0.1]), { batches: 1, rows: 1, quantised: [1] });
  assertEquals(countRows(Float32Array.of(NaN, NaN), 2, [0.1]), { batches: 1, rows: 1, quantised: [1] });
  assertEquals(countRows(new Float32Array(0), 4, [0.1]), { batches: 1, rows: 0, quantised: [0] });
});

Deno.test("countRows() agrees with sets of rows as texts", () => {
  const value = fc.integer({ min: -8, max: 8 }).map((x) => x / 8);
  fc.assert(fc.property(fc.array(fc.tuple(value, value, value), { minLength: 1, maxLength: 60 }), (rows) => {
    const batch = Float32Array.from(rows.flat());
    const range = Math.max(...batch) - Math.min(...batch);
    // A power of two as the step, so that these plain sums are exact too: range / 4 of eighths is at least 1/32.
    const codes = rows.map((row) => row.map((x) => rint(x / (range / 4))).join());
    const { rows: distinct, quantised: [merged] } = countRows(batch, 3, [MORE / 8]);
    assertEquals(distinct, new Set(rows.map((row) => row.map((x) => x + 0).join())).size);
    if (range > 0 && Number.isInteger(Math.log2(range))) assertEquals(merged, new Set(codes).size);
  }));
});

Deno.test("addCounts() weighs batches by their distinct rows", () => {
  const a = countRows(Float32Array.of(0, 0, 0.01, 0, 1, 1), 2, [0.1]);
  const b = countRows(Float32Array.of(0, 0, 1, 1), 2, [0.1]);
  const both = addCounts(addCounts(noCounts(1), a), b);
  assertEquals(both, { batches: 2, rows: 5, quantised: [4] });
  assertEquals([homogenizationIndex(both), homogenizationIndex(noCounts(1))], [0.8, 1]);
});

Deno.test("countRows() refuses what is not of whole rows", () => {
  assertThrows(() => countRows(new Float32Array(7), 2, []), RangeError, "rows of 2 in 7 elements");
  assertThrows(() => countRows(new Float32Array(7), 0, []), RangeError, "rows of 0");
});

/** Nearest whole number, ties to even. */
function rint(x: number): number {
  const floor = Math.floor(x), rest = x - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}
