import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CodecError } from "../errors.ts";
import { groupSymbolsFor } from "../kernels/section.ts";
import { decodeBytes, encodeRows, randomBelow, roundTrip, type Rows } from "./_test_sequences.ts";
import { codebookAfter } from "./codebook.ts";
import type { Coder } from "./tables.ts";

const CODERS: readonly Coder[] = ["ans", "huffman"];

/** Rows and columns of different scale, as of a trained table. */
function scaled(rows: number, rowLength: number, seed: number, largest = 12): Rows {
  const below = randomBelow(seed);
  const scales = Array.from({ length: rowLength }, () => 1 + below(4));
  const values = new Int32Array(rows * rowLength);
  for (let r = 0; r < rows; r++) {
    const scale = 1 + below(largest);
    for (let j = 0; j < rowLength; j++) {
      const width = 1 + Math.floor(scale * scales[j]! / 4);
      values[r * rowLength + j] = below(width) + below(width) - below(width) - below(width);
    }
  }
  return { values, rowLength };
}

/** Bits per value of coding each value by its frequency. */
function entropy(values: ArrayLike<number>): number {
  const counts = new Map<number, number>();
  for (let i = 0; i < values.length; i++) counts.set(values[i]!, (counts.get(values[i]!) ?? 0) + 1);
  return [...counts.values()].reduce((sum, n) => sum + n * Math.log2(values.length / n), 0) / values.length;
}

const anyRows = fc.record({
  rowLength: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(1023, 1024, 1025)),
  rows: fc.integer({ min: 1, max: 90 }),
  magnitude: fc.constantFrom(0, 1, 127, 128, 32767, 2 ** 31 - 1),
  seed: fc.nat(2 ** 32 - 1),
  unsigned: fc.boolean(),
}).map(({ rowLength, rows, magnitude, seed, unsigned }): Rows => {
  const below = randomBelow(seed);
  const values = Array.from({ length: rows * rowLength }, () => {
    const value = below(2 ** below(1 + Math.floor(Math.log2(magnitude + 1)) + 1)) % (magnitude + 1);
    return unsigned || below(2) === 0 ? value : -value;
  });
  return { values, rowLength, unsigned };
});

Deno.test("sequences come back, whatever their shape and values", () => {
  fc.assert(
    fc.property(anyRows, fc.constantFrom(...CODERS), (rows, coder) => {
      const { bytes, plan } = roundTrip(rows, coder);
      assertEquals(bytes.length % 4, 0);
      const groups = Math.ceil(rows.values.length / groupSymbolsFor(rows.rowLength, rows.values.length));
      // The estimate decides between modes: within 2 bytes per group and one percent.
      assert(
        Math.abs(bytes.length - plan.bytes) <= 12 + 3 * groups + bytes.length / 100,
        `${bytes.length} ${plan.bytes}`,
      );
    }),
    { numRuns: 150 },
  );
});

Deno.test("sequences at the edges of the alphabets and groups come back", () => {
  const below = randomBelow(1);
  for (const coder of CODERS) {
    for (const rowLength of [1, 1024, 4096, 4097, 9000]) {
      for (const n of [1, 2, 3]) {
        roundTrip({ values: Array.from({ length: n * rowLength }, () => below(5)), rowLength }, coder);
      }
    }
    roundTrip({ values: [2 ** 31 - 1, -(2 ** 31), 0, -1], rowLength: 1 }, coder);
    roundTrip({ values: [2 ** 32 - 1, 2 ** 31, 0, 255, 256, 63, 64], rowLength: 1, unsigned: true }, coder);
    roundTrip({ values: Array.from({ length: 256 }, (_, i) => i - 128), rowLength: 16 }, coder);
    roundTrip({ values: Array.from({ length: 32768 }, () => below(9) - 4), rowLength: 8 }, coder);
  }
});

Deno.test("a sequence of one value only takes some bytes", () => {
  for (const coder of CODERS) {
    for (const value of [0, 5, -128, 100_000]) {
      const { bytes } = roundTrip({ values: new Int32Array(2048).fill(value), rowLength: 64 }, coder);
      // A value beyond the direct alphabet has raw bits.
      if (value < 256) assert(bytes.length <= 40, `${coder} ${value}: ${bytes.length}`);
    }
  }
});

Deno.test("two values and 256 values take about their entropy", () => {
  const below = randomBelow(2);
  const coin = Array.from({ length: 65536 }, () => below(10) === 0 ? 1 : 0);
  assert(roundTrip({ values: coin, rowLength: 64 }, "ans").bytes.length < 65536 / 8 * entropy(coin) * 1.02 + 60);
  assert(roundTrip({ values: coin, rowLength: 64 }, "huffman").bytes.length < 65536 / 8 * 1.01);
  const flat = Array.from({ length: 65536 }, () => below(256) - 128);
  for (const coder of CODERS) {
    const { bytes } = roundTrip({ values: flat, rowLength: 64 }, coder);
    assert(bytes.length < 65536 * 1.005 + 300, `${coder}: ${bytes.length}`);
  }
});

Deno.test("classes of rows and columns code below the entropy of all values together", () => {
  const rows = scaled(1024, 64, 3);
  const { bytes, plan } = roundTrip(rows, "ans");
  assert(plan.tables.length > 4 && plan.columnClasses > 1 && plan.rowClasses !== undefined);
  assert(bytes.length * 8 / rows.values.length < 0.95 * entropy(rows.values), `${bytes.length}`);
});

Deno.test("parts can be decoded by themselves", () => {
  const shapes = [scaled(300, 16, 4), scaled(3, 5000, 5), {
    values: Array.from({ length: 5000 }, (_, i) => i % 700),
    rowLength: 1,
    unsigned: true,
  }];
  for (const rows of shapes) {
    for (const coder of CODERS) {
      const { bytes } = encodeRows(rows, coder);
      const total = rows.values.length, group = groupSymbolsFor(rows.rowLength, total);
      const shape = { ...rows, rows: total / rows.rowLength };
      for (let first = 0; first < total; first += group) {
        for (
          const count of new Set([Math.min(group, total - first), Math.min(3 * group, total - first), total - first])
        ) {
          const part = decodeBytes(bytes, shape, coder, undefined, { first, count });
          assertEquals([...part], Array.from({ length: count }, (_, i) => rows.values[first + i]!));
        }
      }
    }
  }
});

Deno.test("tables of an earlier sequence are referred to, and kept apart by generation", () => {
  for (const coder of CODERS) {
    const first = encodeRows(scaled(1000, 32, 6), coder);
    const book = codebookAfter(undefined, first.plan);
    const small = scaled(40, 32, 6);
    const alone = encodeRows(small, coder), shared = roundTrip(small, coder, book);
    assert(shared.plan.shared && shared.bytes.length <= alone.bytes.length);
    // Descriptions of 16 tables and the classes of columns are saved; Huffman has a table of two bytes anyway.
    if (coder === "ans") assert(shared.bytes.length < alone.bytes.length - 16);
    assertEquals(codebookAfter(book, shared.plan), book);
    const shape = { rows: 40, rowLength: 32 };
    assertThrows(() => decodeBytes(shared.bytes, shape, coder), CodecError, "earlier message");
    const next = codebookAfter(book, first.plan);
    assertEquals(next.generation, 1);
    assertThrows(() => decodeBytes(shared.bytes, shape, coder, next), CodecError, "generation of tables is 0: want 1");
    const other = coder === "ans" ? "huffman" : "ans";
    assertThrows(() => decodeBytes(shared.bytes, shape, other, book), CodecError);
  }
});

Deno.test("tables of an earlier sequence that lack a token are not referred to", () => {
  for (const coder of CODERS) {
    const book = codebookAfter(
      undefined,
      encodeRows({ values: new Int32Array(640).fill(1, 5), rowLength: 64 }, coder).plan,
    );
    assert(!roundTrip({ values: new Int32Array(640).fill(3, 7), rowLength: 64 }, coder, book).plan.shared);
  }
});

Deno.test("a sequence cut off anywhere is refused", () => {
  for (const coder of CODERS) {
    const { bytes } = encodeRows(scaled(64, 32, 7), coder);
    for (let cut = 0; cut < bytes.length; cut++) {
      assertThrows(() => decodeBytes(bytes.subarray(0, cut), { rows: 64, rowLength: 32 }, coder), CodecError);
    }
  }
});

Deno.test("damaged sequences give CodecError or values, and touch nothing else", () => {
  for (
    const [rows, coder] of [[scaled(64, 32, 8), "ans"], [scaled(64, 32, 9, 20_000), "ans"], [
      scaled(64, 32, 10, 20_000),
      "huffman",
    ]] as const
  ) {
    const { bytes } = encodeRows(rows, coder);
    const shape = { rows: 64, rowLength: 32 };
    let refused = 0;
    const attempt = (damaged: Uint8Array): void => {
      try {
        decodeBytes(damaged, shape, coder);
      } catch (error) {
        assert(error instanceof CodecError, `${error}`);
        refused++;
      }
    };
    for (let bit = 0; bit < bytes.length * 8; bit += bit < 1000 ? 1 : 13) {
      const damaged = bytes.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      attempt(damaged);
    }
    assert(refused > 100, `${refused}`);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 40 }),
        (changes) => {
          const damaged = bytes.slice();
          for (const [at, byte] of changes) damaged[at] = byte;
          attempt(damaged);
        },
      ),
      { numRuns: 300 },
    );
  }
});

Deno.test("random bytes are no sequence, or one that ends", () => {
  const shapes = fc.record({
    rows: fc.integer({ min: 1, max: 100 }),
    rowLength: fc.integer({ min: 1, max: 70 }),
    unsigned: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), shapes, fc.constantFrom(...CODERS), (bytes, shape, coder) => {
      try {
        decodeBytes(bytes, shape, coder);
      } catch (error) {
        assert(error instanceof CodecError, `${error}`);
      }
    }),
    { numRuns: 2000 },
  );
});
