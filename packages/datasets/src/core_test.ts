import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { bitWidth, packBits, packedWords, unpackBits } from "./bits.ts";
import { xxh32 } from "./hash.ts";
import { Permutation } from "./permutation.ts";
import { dlrmSplit, temporalSplit } from "./splits.ts";
import { U32Dictionary } from "./u32_dictionary.ts";

Deno.test("xxh32 gives the published values", () => {
  const text = (s: string) => new TextEncoder().encode(s);
  assertEquals(xxh32(text("")), 0x02cc5d05);
  assertEquals(xxh32(text("a")), 0x550d7456);
  assertEquals(xxh32(text("abc")), 0x32d153ff);
  assertEquals(xxh32(text("Nobody inspects the spammish repetition")), 0xe2293b2f);
});

Deno.test("packBits and unpackBits are inverse for every width", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 32 }),
      fc.array(fc.nat(0xffffffff), { maxLength: 70 }),
      fc.nat(0xffffffff),
      fc.integer({ min: 1, max: 3 }),
      (width, raw, base, stride) => {
        const mask = width === 32 ? 0xffffffff : 2 ** width - 1;
        const values = new Uint32Array(raw.length * stride);
        raw.forEach((x, i) => values[i * stride] = base + ((x & mask) >>> 0));
        const layout = { offset: 0, stride, count: raw.length, base, width };
        const words = new Uint32Array(packedWords(raw.length, width) + 1);
        packBits(values, layout, words, 0);
        assertEquals(words.at(-1), 0);
        const back = new Uint32Array(values.length);
        unpackBits(words, 0, layout, back);
        assertEquals(back, values);
      },
    ),
    { seed: 1, numRuns: 300 },
  );
  assertEquals([0, 1, 2, 255, 256, 0xffffffff].map(bitWidth), [0, 1, 2, 8, 9, 32]);
});

Deno.test("U32Dictionary numbers values like a Map does, missing apart", () => {
  const value = fc.oneof(fc.nat(50), fc.nat(0xffffffff), fc.constant(undefined));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 400 }), (values) => {
      const dictionary = new U32Dictionary(), map = new Map<number | undefined, number>();
      for (const value of values) {
        if (!map.has(value)) map.set(value, map.size);
        assertEquals(value === undefined ? dictionary.addMissing() : dictionary.add(value), map.get(value));
      }
      assertEquals(dictionary.size, map.size);
      assertEquals(dictionary.missingId, map.get(undefined) ?? -1);
      assertEquals(Array.from(dictionary.values), [...map.keys()].map((value) => value ?? 0));
      for (const value of [1, 60, 0xffffffff]) assertEquals(dictionary.get(value), map.get(value) ?? -1);
      const copy = U32Dictionary.from(dictionary.values, dictionary.missingId);
      for (const [value, id] of map) assertEquals(value === undefined ? copy.missingId : copy.get(value), id);
    }),
    { seed: 2, numRuns: 200 },
  );
  assertThrows(() => U32Dictionary.from(Uint32Array.of(4, 4)), RangeError, "value 1 repeats");
});

Deno.test("U32Dictionary takes at most 20 bytes per value at any size", () => {
  const dictionary = new U32Dictionary();
  for (let i = 0; i < 300_000; i++) {
    dictionary.add(i * 2654435761);
    if (i > 1000 && i % 1001 === 0) assert(dictionary.byteLength <= 20 * dictionary.size);
  }
});

Deno.test("Permutation visits every element once, for every size", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 5000 })),
      fc.nat(),
      (size, seed) => {
        const permutation = new Permutation(size, seed);
        const seen = new Set(Array.from({ length: size }, (_, i) => permutation.at(i)));
        assertEquals(seen.size, size);
        assert([...seen].every((x) => x >= 0 && x < size));
      },
    ),
    { seed: 3, numRuns: 60 },
  );
});

Deno.test("Permutation looks random: few fixed points, no correlation of neighbours, other seeds differ", () => {
  const size = 20_000;
  const order = Array.from({ length: size }, (_, i) => new Permutation(size, 7).at(i));
  assert(order.filter((x, i) => x === i).length < 10);
  let covariance = 0;
  for (let i = 1; i < size; i++) covariance += (order[i]! - size / 2) * (order[i - 1]! - size / 2);
  assert(Math.abs(covariance / size / (size * size / 12)) < 0.03);
  assertNotEquals(order, order.map((_, i) => new Permutation(size, 8).at(i)));
  assertThrows(() => new Permutation(1.5, 0), RangeError, "got 1.5");
});

Deno.test("temporalSplit cuts the last rows off, valid before test", () => {
  assertEquals(temporalSplit(179_800, { testSplit: 0.2, validSplit: 0.1 }), {
    train: { from: 0, to: 129_456 },
    valid: { from: 129_456, to: 143_840 },
    test: { from: 143_840, to: 179_800 },
  });
  assertThrows(() => temporalSplit(10, { testSplit: 1, validSplit: 0 }), RangeError, "testSplit must be at least 0");
  assertThrows(() => temporalSplit(10, { testSplit: NaN, validSplit: 0 }), RangeError, "got NaN");
  assertThrows(() => temporalSplit(1, { testSplit: 0.6, validSplit: 0 }), RangeError, "no row is left for training");
});

Deno.test("dlrmSplit reproduces upstream's counts for Kaggle and Terabyte", () => {
  const size = ({ from, to }: { from: number; to: number }) => to - from;
  const kaggle = dlrmSplit([45_840_617]);
  assertEquals([kaggle.train, kaggle.test, kaggle.valid].map(size), [39_291_958, 3_274_330, 3_274_329]);
  assertEquals(kaggle.test.from, kaggle.train.to);
  const days = [...Array(22).fill(190_000_000), 15_197_692, 178_274_637];
  const terabyte = dlrmSplit(days);
  assertEquals([terabyte.train, terabyte.test].map(size), [4_195_197_692, 89_137_319]);
  assertThrows(() => dlrmSplit([6]), RangeError, "want 7 rows or more");
});
