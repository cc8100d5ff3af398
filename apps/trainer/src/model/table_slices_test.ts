import { assertEquals } from "@std/assert";
import { eachTableSlice } from "./table_slices.ts";

Deno.test("eachTableSlice() brings rows of a table together, part by part, and puts them back", () => {
  const data = Float32Array.from({ length: 3 * 2 * 2 }, (_, i) => i); // 3 samples, 2 tables, dim 2
  const seen: [number, number, number[]][] = [];
  eachTableSlice(data, [3, 2, 2], 2, (slice, { table, part }) => {
    seen.push([part, table, [...slice]]);
    slice.forEach((x, i) => slice[i] = -x);
  });
  assertEquals(seen, [[0, 0, [0, 1]], [0, 1, [2, 3]], [1, 0, [4, 5, 8, 9]], [1, 1, [6, 7, 10, 11]]]);
  assertEquals([...data], Array.from({ length: 12 }, (_, i) => -i));
});

Deno.test("eachTableSlice() skips parts without rows", () => {
  let slices = 0;
  eachTableSlice(new Float32Array(2 * 3), [2, 3, 1], 5, (slice) => slices += slice.length);
  assertEquals(slices, 6);
});
