import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { BIT } from "./bit_cost.ts";
import { describe } from "./descriptions.ts";
import {
  canonicalCodes,
  codeLengths,
  huffmanCost,
  isCompleteCode,
  MAX_LENGTH,
  onlyToken,
  readLengths,
} from "./huffman.ts";

const histograms = fc.array(fc.oneof(fc.constant(0), fc.nat(3), fc.nat(1e6), fc.nat(2 ** 30)), {
  minLength: 1,
  maxLength: 256,
}).map((counts) => Float64Array.from(counts));

/** Least bits of a code of at most `MAX_LENGTH` by exhaustion: level by level, how many of the most frequent end there. */
function leastBits(counts: readonly number[]): number {
  const sorted = counts.filter((n) => n > 0).sort((a, b) => b - a);
  if (sorted.length < 2) return 0;
  const known = new Map<string, number>();
  // `open` nodes at depth `depth`, `done` leaves placed: each leaf not placed pays a bit per level.
  const search = (depth: number, open: number, done: number): number => {
    const left = sorted.length - done;
    if (left === 0) return 0;
    if (open === 0 || depth > MAX_LENGTH || open * 2 ** (MAX_LENGTH - depth) < left) return Infinity;
    const key = `${depth} ${open} ${done}`;
    let best = known.get(key);
    if (best !== undefined) return best;
    best = Infinity;
    for (let here = 0; here <= Math.min(open, left); here++) {
      const rest = sorted.slice(done + here).reduce((sum, n) => sum + n, 0);
      const below = search(depth + 1, Math.min(2 * (open - here), left - here), done + here);
      best = Math.min(best, rest + below);
    }
    known.set(key, best);
    return best;
  };
  return search(0, 1, 0);
}

Deno.test("codeLengths() are complete and no longer than 12", () => {
  fc.assert(fc.property(histograms, (counts) => {
    const lengths = codeLengths(counts);
    const present = counts.filter((n) => n > 0).length;
    counts.forEach((n, t) => assertEquals(n > 0, lengths[t]! > 0));
    assert(lengths.every((length) => length <= MAX_LENGTH));
    assert(present === 0 || isCompleteCode(lengths));
  }));
});

Deno.test("codeLengths() cost no more than any other code of at most 12 bits", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(9), fc.nat(2 ** 20)), { minLength: 2, maxLength: 14 }), (counts) => {
      const given = Float64Array.from(counts);
      assertEquals(huffmanCost(given, codeLengths(given)) / BIT, leastBits(counts));
    }),
    { numRuns: 60 },
  );
});

Deno.test("codeLengths() limits codes that would be longer, at the least cost", () => {
  const fibonacci = [1, 1];
  while (fibonacci.length < 18) fibonacci.push(fibonacci.at(-1)! + fibonacci.at(-2)!);
  const counts = Float64Array.from(fibonacci), lengths = codeLengths(counts);
  assertEquals(Math.max(...lengths), MAX_LENGTH);
  assertEquals(huffmanCost(counts, lengths) / BIT, leastBits(fibonacci));
  const wide = Float64Array.from({ length: 256 }, (_, t) => 1.2 ** t + 1 | 0);
  assert(isCompleteCode(codeLengths(wide)) && codeLengths(wide).includes(MAX_LENGTH));
});

Deno.test("codeLengths(): one token costs nothing, two cost a bit each", () => {
  const one = codeLengths(new Float64Array([0, 0, 5]));
  assertEquals([...one], [0, 0, 1]);
  assertEquals(onlyToken(one), 2);
  assertEquals(huffmanCost(new Float64Array([0, 0, 5]), one), 0);
  assertEquals(huffmanCost(new Float64Array([1, 0, 5]), one), Infinity);
  assertEquals([...codeLengths(new Float64Array([1, 0, 99]))], [1, 0, 1]);
});

Deno.test("canonicalCodes() are a prefix code, first bit lowest", () => {
  fc.assert(fc.property(histograms, (counts) => {
    const lengths = codeLengths(counts);
    const slots = new Uint8Array(4096);
    for (const code of canonicalCodes(lengths)) {
      const length = code >>> 16;
      if (length > 0) { for (let s = code & 0xffff; s < 4096; s += 1 << length) slots[s]!++; }
    }
    if (onlyToken(lengths) < 0 && counts.some((n) => n > 0)) assert(slots.every((n) => n === 1));
  }));
});

Deno.test("describe() of code lengths reads back; anything else is refused", () => {
  fc.assert(fc.property(histograms.filter((counts) => counts.some((n) => n > 0)), (counts) => {
    const lengths = codeLengths(counts), bytes = describe(lengths, false);
    const read = readLengths(Uint8Array.from([7, ...bytes, 7]), 1);
    assertEquals(read && [...read.table], [...lengths]);
    assertEquals(read?.end, bytes.length + 1);
    assertEquals(readLengths(Uint8Array.from(bytes.slice(0, -1)), 0), undefined);
  }));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const read = readLengths(bytes, 0);
      assert(read === undefined || (isCompleteCode(read.table) && read.end <= bytes.length));
    }),
    { numRuns: 2000 },
  );
});
