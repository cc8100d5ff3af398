import { assert, assertEquals, assertThrows } from "@std/assert";
import { familyGiven } from "../entropy/given_table.ts";
import { asDtype, vectors } from "./_test_chunks.ts";
import { fitTable } from "./fit_table.ts";
import { compressChunk } from "./host_chunks.ts";

Deno.test("no other table of the family codes the sample shorter", () => {
  for (const dtype of ["f32", "f16"] as const) {
    for (const bound of [0.02, 0.0005]) {
      const x = asDtype(dtype, vectors(200, 16, 4));
      for (const [coder, mode] of [["ans", "ans"], ["huffman", "huff"]] as const) {
        const fitted = fitTable(coder, x, bound), size = compressChunk(x, { d: 16, bound, mode, table: fitted }).length;
        assertEquals(fitted.direct, bound === 0.02);
        for (let index = 1; index < 240; index += 7) {
          const table = familyGiven(coder, index, fitted.direct);
          // Words of groups are whole.
          assert(
            size <= compressChunk(x, { d: 16, bound, mode, table }).length + 8,
            `table ${index} beats the fitted one`,
          );
        }
      }
    }
  }
});

Deno.test("a fitted table has codes for values that the sample lacks", () => {
  const table = fitTable("ans", vectors(50, 8, 4).map((v) => v / 2), 0.02), x = vectors(300, 8, 6);
  assertEquals(compressChunk(x, { d: 8, bound: 0.02, mode: "ans", table })[0], 4);
});

Deno.test("values that cannot be coded fit no table", () => {
  for (const [x, bound] of [[[], 1], [[NaN, Infinity], 1], [[1, 2], 1e-38]] as const) {
    assertThrows(() => fitTable("ans", Float32Array.from(x), bound), RangeError, "Cannot fit a table");
  }
});
