import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { runBoth, RUNS } from "./_test_pair.ts";

const i32 = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -40, max: 40 }) },
  { weight: 1, arbitrary: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) },
);

function iota(n: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: n }, (_, i) => i);
}

Deno.test("dedupe: rows of any length, many of them equal", () => {
  const cases = fc.integer({ min: 1, max: 23 }).chain((words) =>
    fc.record({
      words: fc.constant(words),
      kinds: fc.array(fc.array(fc.nat(3), { minLength: words, maxLength: words }), { minLength: 1, maxLength: 6 }),
      picks: fc.array(fc.nat(5), { maxLength: 40 }),
      seed: fc.integer(),
    })
  );
  fc.assert(
    fc.property(cases, ({ words, kinds, picks, seed }) => {
      const rows = picks.length, tableBits = Math.max(1, Math.ceil(Math.log2(2 * rows + 1)));
      const values = Uint32Array.from(picks.flatMap((pick) => kinds[pick % kinds.length]!));
      const { returned, arrays } = runBoth(
        [values, 4 << tableBits, 4 * rows, 4 * rows],
        (k, src, table, map, unique) => k.dedupe(src, words, rows, seed, table, tableBits, map, unique),
      );
      const map = new Uint32Array(arrays[2]!.buffer), unique = new Uint32Array(arrays[3]!.buffer);
      const seen = new Map<string, number>();
      for (let r = 0; r < rows; r++) {
        const key = values.subarray(r * words, (r + 1) * words).join();
        if (!seen.has(key)) {
          assertEquals(unique[seen.size], r);
          seen.set(key, seen.size);
        }
        assertEquals(map[r], seen.get(key));
      }
      assertEquals(returned, seen.size);
    }),
    RUNS,
  );
});

Deno.test("dedupe: crafted collisions stop after 64 probes, the same way", () => {
  // With two slots all rows but two collide.
  for (const rows of [1, 2, 3, 65, 300]) {
    for (const bits of [1, 6, 10]) {
      const values = iota(rows).map((i) => i % 200);
      runBoth(
        [values, 4 << bits, 4 * rows, 4 * rows],
        (k, src, table, map, unique) => k.dedupe(src, 1, rows, 7, table, bits, map, unique),
      );
    }
  }
});

Deno.test("lorenzo and unlorenzo: both orders, any shape, one inverting the other", () => {
  const cases = fc.record({ rows: fc.integer({ min: 1, max: 7 }), d: fc.integer({ min: 1, max: 19 }) }).chain((
    { rows, d },
  ) =>
    fc.record({
      rows: fc.constant(rows),
      d: fc.constant(d),
      order: fc.constantFrom<1 | 2>(1, 2),
      codes: fc.array(i32, { minLength: rows * d, maxLength: rows * d }),
    })
  );
  fc.assert(
    fc.property(cases, ({ rows, d, order, codes }) => {
      const { arrays } = runBoth([Int32Array.from(codes)], (k, at) => k.lorenzo(at, rows, d, order));
      const back = runBoth([arrays[0]!], (k, at) => k.unlorenzo(at, rows, d, order));
      assertEquals([...new Int32Array(back.arrays[0]!.buffer)], codes);
    }),
    RUNS,
  );
});

Deno.test("pack and unpack: every width, from every place", () => {
  const cases = fc.record({
    bits: fc.integer({ min: 0, max: 32 }),
    min: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    raw: fc.array(fc.nat(0xffffffff), { maxLength: 70 }),
    first: fc.nat(70),
  });
  fc.assert(
    fc.property(cases, ({ bits, min, raw, first }) => {
      const n = raw.length, values = Int32Array.from(raw, (v) => (bits === 32 ? v : v % 2 ** bits) + min);
      const packed = runBoth(
        [values, Math.ceil(n * bits / 32) * 4],
        (k, src, dst) => k.pack(src, n, min, bits, dst),
      ).arrays[1]!;
      const from = Math.min(first, n);
      const { arrays } = runBoth(
        [packed, 4 * (n - from)],
        (k, src, dst) => k.unpack(src, from, n - from, min, bits, dst),
      );
      assertEquals([...new Int32Array(arrays[1]!.buffer)], [...values.subarray(from)]);
    }),
    RUNS,
  );
});

Deno.test("gatherRows: rows of any even length", () => {
  const cases = fc.record({
    rowBytes: fc.integer({ min: 1, max: 300 }).map((half) => 2 * half),
    unique: fc.integer({ min: 1, max: 9 }),
    picks: fc.array(fc.nat(), { maxLength: 20 }),
  });
  fc.assert(
    fc.property(cases, ({ rowBytes, unique, picks }) => {
      const dict = Uint8Array.from({ length: rowBytes * unique }, (_, i) => i * 31 >>> 2);
      const map = Uint32Array.from(picks, (pick) => pick % unique);
      const { arrays } = runBoth(
        [dict, map, map.length * rowBytes],
        (k, src, at, dst) => k.gatherRows(src, rowBytes, at, map.length, dst),
      );
      map.forEach((row, r) =>
        assertEquals(
          arrays[2]!.subarray(r * rowBytes, (r + 1) * rowBytes),
          dict.subarray(row * rowBytes, (row + 1) * rowBytes),
        )
      );
    }),
    RUNS,
  );
});

Deno.test("rowBuckets and columnSums: any magnitudes, long rows too", () => {
  const cases = fc.record({ rows: fc.integer({ min: 1, max: 6 }), d: fc.integer({ min: 1, max: 21 }) }).chain((
    { rows, d },
  ) =>
    fc.record({
      rows: fc.constant(rows),
      d: fc.constant(d),
      codes: fc.array(i32, { minLength: rows * d, maxLength: rows * d }),
      shift: fc.integer({ min: 0, max: 31 }),
    })
  );
  fc.assert(
    fc.property(cases, ({ rows, d, codes, shift }) => {
      const array = Int32Array.from(codes, (q) => q >> shift);
      runBoth([array, rows], (k, src, buckets) => k.rowBuckets(src, rows, d, buckets));
      runBoth([array, 4 * d], (k, src, sums) => k.columnSums(src, rows, d, sums));
    }),
    RUNS,
  );
  const long = new Int32Array(2 * 3001).fill(-(2 ** 31));
  runBoth([long, 2], (k, src, buckets) => k.rowBuckets(src, 2, 3001, buckets));
});
