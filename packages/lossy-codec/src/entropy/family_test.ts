import { assert, assertEquals } from "@std/assert";
import { BIT, codingCost } from "./bit_cost.ts";
import { FAMILY_SCALES, FAMILY_SIZE, familyTable } from "./family.ts";
import { chooseTable } from "./tables.ts";
import { HYBRID_MAX_TOKEN } from "./tokens.ts";

/** FNV-1a over 16-bit words. */
function hash(tables: Iterable<Uint16Array>): string {
  let h = 0x811c9dc5;
  for (const table of tables) for (const f of table) h = Math.imul(h ^ f, 0x01000193);
  return (h >>> 0).toString(16);
}

Deno.test("familyTable() is the same everywhere and for ever: streams depend on it", () => {
  const all = (direct: boolean, tokens: number) =>
    hash(Array.from({ length: FAMILY_SIZE }, (_, index) => familyTable(index, direct, tokens)));
  assertEquals([all(true, 35), all(true, 256), all(false, 168)], ["4cc36d1d", "f5aba821", "9173c33f"]);
});

Deno.test("familyTable() has a frequency for each token up to the cut", () => {
  for (let index = 0; index < FAMILY_SIZE; index++) {
    for (
      const [direct, tokens] of [[true, 1], [true, 2], [true, 51], [true, 256], [false, HYBRID_MAX_TOKEN + 1]] as const
    ) {
      const table = familyTable(index, direct, tokens);
      assertEquals(table.length, Math.max(2, tokens));
      assertEquals(table.reduce((sum, f) => sum + f, 0), 4096);
      assert(table.every((f) => f > 0 && f < 4096));
    }
  }
});

Deno.test("a table of the family costs about the entropy of what it stands for", () => {
  // A quarter octave between scales costs 0.006 bit at most, the least frequency the rest.
  const laplace = (scale: number) =>
    Float64Array.from({ length: 200 }, (_, z) => {
      const q = Math.floor((z + 1) / 2),
        low = Math.exp(-Math.max(0, q - 0.5) / scale),
        high = Math.exp(-(q + 0.5) / scale);
      return Math.round(1e7 * (q === 0 ? 1 - high : (low - high) / 2));
    });
  for (const scale of [0.11, 0.4, 1, 2.7, 9]) {
    const counts = laplace(scale).filter((n) => n > 0);
    const total = counts.reduce((sum, n) => sum + n, 0);
    const entropy = counts.reduce((sum, n) => sum + n * Math.log2(total / n), 0) * BIT;
    const { cost, table } = chooseTable("ans", counts, true);
    assert(cost <= entropy + total * 0.03 * BIT, `${scale}: ${cost / total / BIT} against ${entropy / total / BIT}`);
    const named = Array.from(
      { length: FAMILY_SCALES },
      (_, k) => codingCost(counts, familyTable(k, true, counts.length)),
    );
    assert(Math.min(...named) <= entropy + total * 0.05 * BIT);
    assert(codingCost(counts, table) <= Math.min(...named));
  }
});
