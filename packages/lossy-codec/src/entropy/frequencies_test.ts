import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BIT, codingCost, log2Cost } from "./bit_cost.ts";
import { explicitTable, normaliseCounts, readExplicitTable, TOTAL } from "./frequencies.ts";

/** Histograms from flat to steep, with gaps. */
const histograms = fc.array(
  fc.oneof(fc.constant(0), fc.nat(3), fc.nat(1000), fc.nat(2 ** 30)),
  { minLength: 1, maxLength: 256 },
).filter((counts) => counts.some((n) => n > 0)).map((counts) => Float64Array.from(counts));

function assertTable(frequencies: Uint16Array): void {
  assertEquals(frequencies.reduce((sum, f) => sum + f, 0), TOTAL);
  assert(frequencies.every((f) => f < TOTAL));
}

Deno.test("normaliseCounts() sums to 4096 and keeps every token that occurs", () => {
  fc.assert(fc.property(histograms, (counts) => {
    const frequencies = normaliseCounts(counts);
    assertTable(frequencies);
    counts.forEach((n, t) => n > 0 && assert(frequencies[t]! > 0));
  }));
});

Deno.test("normaliseCounts(): one token, two, and 256", () => {
  assertEquals([...normaliseCounts(new Float64Array([7]))], [4095, 1]);
  assertEquals([...normaliseCounts(new Float64Array([0, 0, 7]))], [0, 1, 4095]);
  assertEquals([...normaliseCounts(new Float64Array([5, 5]))], [2048, 2048]);
  assertEquals([...normaliseCounts(new Float64Array([1, 2 ** 39]))], [1, 4095]);
  assertEquals([...normaliseCounts(new Float64Array(256).fill(9))], Array(256).fill(16));
  assertEquals(normaliseCounts(new Float64Array(256).fill(1).fill(2 ** 30, 3, 4))[3], TOTAL - 255);
});

Deno.test("explicitTable() reads back as it says", () => {
  fc.assert(fc.property(histograms, (counts) => {
    const { frequencies, bytes } = explicitTable(counts);
    assertTable(frequencies);
    counts.forEach((n, t) => n > 0 && assert(frequencies[t]! > 0));
    const read = readExplicitTable(Uint8Array.from([99, ...bytes, 99]), 1);
    assertEquals(read && [...read.table], [...frequencies]);
    assertEquals(read?.end, 1 + bytes.length);
  }));
});

Deno.test("explicitTable() costs close to the entropy", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 256 }), fc.double({ min: 0.5, max: 0.99, noNaN: true }), (tokens, r) => {
      const counts = Float64Array.from({ length: tokens }, (_, t) => 1 + Math.floor(1e6 * r ** t));
      const total = counts.reduce((sum, n) => sum + n, 0);
      const entropy = counts.reduce((sum, n) => sum + n * (log2Cost(total) - log2Cost(n)), 0);
      // Frequencies of at least 1 cost up to 256/4096; rounding to three bits 0.01 bit per symbol at most on average.
      assert(
        codingCost(counts, explicitTable(counts).frequencies) < entropy * 1.01 + total * (0.02 + tokens / 2500) * BIT,
      );
    }),
  );
});

Deno.test("readExplicitTable() takes no bytes but those of a table", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const read = readExplicitTable(bytes, 0);
      if (read === undefined) return;
      assertTable(read.table);
      assert(read.end <= bytes.length);
    }),
    { numRuns: 2000 },
  );
  const { bytes } = explicitTable(new Float64Array([100, 50, 25, 12, 6, 3]));
  for (let cut = 0; cut < bytes.length; cut++) {
    assertEquals(readExplicitTable(Uint8Array.from(bytes.slice(0, cut)), 0), undefined);
  }
});
