import { assertAlmostEquals, assertEquals } from "@std/assert";
import { type Cell, CellSum, verdicts, winner } from "./aggregate.ts";

const HEAD = { group: "x, look-ups", kind: "embeddings", sliceRows: 2048, rel: 0.03 } as const;

function cell(arrays: readonly (readonly [table: string, bytes: Record<string, number>])[], head: Partial<Cell> = {}) {
  const sum = new CellSum();
  for (const [table, bytes] of arrays) sum.take(table, 1000, { bytes, errors: { ours: 0.5 } });
  return sum.finish({ ...HEAD, ...head });
}

Deno.test("CellSum adds up bytes by table, and goes to one encoder of the paper per table by the model", () => {
  const one = { ours: 10, oursFile: 20, vlz: 100, huff: 50, hybrid: 50, hybridFile: 60 };
  // A ratio of 100 by vector LZ and of 20 by Huffman coding: 1/100 + 0.103 against 1/20 + 0.167.
  const two = { ours: 5, oursFile: 15, vlz: 10, huff: 50, hybrid: 10, hybridFile: 20 };
  const { floats, bytes, tables } = cell([["a", one], ["a", one], ["b", two]]);
  assertEquals(floats, 3000);
  assertEquals([bytes.ours, bytes.vlz, bytes.huff, bytes.hybrid], [25, 210, 150, 110]);
  assertEquals(tables.map(({ name, floats }) => [name, floats]), [["a", 2000], ["b", 1000]]);
  // Table a: 20 and 10 times smaller; 1/20 + 0.167 > 1/10 + 0.103, so vector LZ although it is longer.
  assertEquals(bytes.hybridByModel, 200 + 10);
});

Deno.test("verdicts() compares bytes, not ratios of single arrays, and sums groups of one kind", () => {
  const a = cell([["t", { ours: 10, oursFile: 12, hybrid: 50, hybridFile: 50, zstd19: 9, vlz: 50, huff: 50 }]]);
  const b = cell([["t", { ours: 90, oursFile: 90, hybrid: 100, hybridFile: 100, zstd19: 200, vlz: 100, huff: 100 }]], {
    group: "y, gradients",
  });
  const all = verdicts([a, b, { ...a, kind: "control" }]);
  assertEquals(all.map(({ group }) => group), [
    "all gradients",
    "all look-ups",
    "all look-ups and gradients",
    "x, look-ups",
    "y, gradients",
  ]);
  const both = all[2]!;
  assertAlmostEquals(both.overHybrid, 1.5);
  assertAlmostEquals(both.overZstd19!, 2.09);
  assertEquals([both.met, all[1]!.met, all[4]!.met], [false, false, false]);
  assertEquals(verdicts([cell([["t", { ...a.bytes, zstd19: 10 }]])])[0]!.met, true);
});

Deno.test("winner() leaves out who exceeds the bound", () => {
  const own = cell([["t", { ours: 10, sz3: 5, zfpEqualError: 3, vlz: 1, huff: 1 }]]);
  assertEquals(winner({ ...own, errors: { ours: 1, sz3: 0.9, zfpEqualError: 1.01 } }), "sz3");
});
