import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { ConfigError } from "./errors.ts";
import {
  blockStart,
  type RobeHash,
  robeLayout,
  type RobeLayoutOptions,
  rowShape,
  rowSigns,
  rowSlots,
  tableHash,
} from "./layout.ts";

Deno.test("robeLayout() completes what is left out", () => {
  const { affine: _, ...mix32 } = robeLayout({ size: 27_000_000 });
  assertEquals(mix32, {
    size: 27_000_000,
    blockSize: 32,
    align: 4,
    sign: true,
    hash: "mix32",
    seed: 1024,
    modulus: 6_750_000,
  });
  assertEquals(robeLayout({ size: 800, align: 8 }).modulus, 100);
  const ref1 = robeLayout({ size: 1000, hash: "ref1" }), ref2 = robeLayout({ size: 1000, hash: "ref2" });
  assertEquals([ref1.align, ref1.sign, ref1.modulus], [1, false, 969]);
  assertEquals([ref2.align, ref2.sign, ref2.modulus], [1, false, 968]);
});

const REFUSED: [options: RobeLayoutOptions, message: string][] = [
  [{ size: 0 }, "with size 0: want a whole number from 1 to 1073741824"],
  [{ size: 2 ** 30 + 8 }, "with size 1073741832: want a whole number from 1 to 1073741824"],
  [{ size: 64.5 }, "with size 64.5"],
  [{ size: NaN }, "with size NaN"],
  [{ size: 64, blockSize: 128 }, "with blockSize 128: want a whole number from 1 to 64"],
  [{ size: 64, blockSize: 0 }, "with blockSize 0"],
  [{ size: 64, seed: -1 }, "with seed -1: want a whole number from 0 to 4294967295"],
  [{ size: 64, seed: 2 ** 32 }, "with seed 4294967296"],
  [{ size: 64, align: 2 as 4 }, "with align 2: want 1, 4 or 8"],
  [{ size: 66 }, "of 66 elements with align 4: want a multiple of 4"],
  [{ size: 64, blockSize: 6 }, "with blockSize 6 and align 4: want blockSize a multiple of align"],
  [{ size: 64, blockSize: 4, align: 8 }, "with blockSize 4 and align 8"],
  [{ size: 64, hash: "sha1" as RobeHash }, 'with hash "sha1": want mix32, m31, ref1 or ref2'],
  [{ size: 64, hash: "ref1", align: 4 }, "with hash ref1, align 4 and sign false: want align 1 and sign false"],
  [{ size: 64, hash: "ref2", sign: true }, "with hash ref2, align 1 and sign true: want align 1 and sign false"],
  [{ size: 32, hash: "ref2" }, "of 32 elements with blockSize 32 and hash ref2: want more elements than a block"],
];
for (const [options, message] of REFUSED) {
  Deno.test(`robeLayout() refuses ${JSON.stringify(options)}`, () => {
    assertThrows(() => robeLayout(options), ConfigError, message);
  });
}

Deno.test("rowShape(): blocks of a row, or rows of a block", () => {
  const shape = (blockSize: number, dim: number) => rowShape(robeLayout({ size: 4096, blockSize, align: 1 }), dim);
  assertEquals(shape(1, 16), { blocks: 16, rowsPerBlock: 1 });
  assertEquals(shape(32, 128), { blocks: 4, rowsPerBlock: 1 });
  assertEquals(shape(32, 100), { blocks: 4, rowsPerBlock: 1 });
  assertEquals(shape(16, 16), { blocks: 1, rowsPerBlock: 1 });
  assertEquals(shape(24, 16), { blocks: 1, rowsPerBlock: 1 });
  assertEquals(shape(64, 16), { blocks: 1, rowsPerBlock: 4 });
  assertEquals(shape(70, 16), { blocks: 1, rowsPerBlock: 4 });
  // The authors' tables of width 1 read element 0 of the same id's embedding.
  for (const hash of ["ref1", "ref2"] as const) {
    const layout = robeLayout({ size: 4096, hash }), table = tableHash(layout, 0, 0);
    assertEquals(rowShape(layout, 1), { blocks: 1, rowsPerBlock: 1 });
    assertEquals(rowSlots(layout, table, 1, 77), rowSlots(layout, table, 16, 77).slice(0, 1));
  }
});

const layouts = fc.record({
  hash: fc.constantFrom("mix32", "m31", "ref1", "ref2"),
  align: fc.constantFrom(1, 4, 8),
  sign: fc.boolean(),
  seed: fc.nat(0xffffffff),
  starts: fc.integer({ min: 300, max: 5000 }),
  blocks: fc.integer({ min: 1, max: 128 }),
}).map(({ hash, align, sign, seed, starts, blocks }) => {
  const authors = hash === "ref1" || hash === "ref2", unit = authors ? 1 : align;
  return robeLayout({
    hash,
    align: unit,
    sign: sign && !authors,
    seed,
    size: unit * starts,
    blockSize: unit * Math.ceil(blocks / unit),
  });
});
const rows = fc.record({
  layout: layouts,
  dim: fc.integer({ min: 1, max: 100 }),
  table: fc.nat(1000),
  id: fc.oneof(fc.nat(40), fc.nat(0xffffffff)),
});

Deno.test("rowSlots(): rows are blocks of neighbours that start at multiples of align, in circular memory", () => {
  fc.assert(
    fc.property(rows, ({ layout, dim, table, id }) => {
      const { size, blockSize, align, hash } = layout, key = tableHash(layout, table, 7);
      const slots = rowSlots(layout, key, dim, id), shape = rowShape(layout, dim);
      assertEquals(slots.length, dim);
      const inBlock = id % shape.rowsPerBlock * dim;
      slots.forEach((slot, i) => {
        const block = Math.floor(i / blockSize), start = blockStart(layout, key, shape, id, block);
        assert(start % align === 0 && start >= 0 && start < size);
        if (hash === "ref1" || hash === "ref2") assert(start + blockSize <= size, "no block of the authors wraps");
        assertEquals(slot, (start + inBlock + i % blockSize) % size);
      });
    }),
    { seed: 3 },
  );
});

Deno.test("rowSlots() and rowSigns(): with Z > dim, the rows of a block are neighbours with signs by position in it", () => {
  fc.assert(
    fc.property(rows, ({ layout, dim, table, id }) => {
      const { rowsPerBlock } = rowShape(layout, dim), key = tableHash(layout, table, 0);
      fc.pre(rowsPerBlock > 1);
      const first = id - id % rowsPerBlock;
      fc.pre(first + rowsPerBlock <= 2 ** 32);
      const ids = Array.from({ length: rowsPerBlock }, (_, i) => first + i);
      // One row that fills the block, whose number takes the place of the id.
      const wide = rowsPerBlock * dim, q = first / rowsPerBlock;
      assertEquals(ids.flatMap((x) => rowSlots(layout, key, dim, x)), rowSlots(layout, key, wide, q));
      assertEquals(ids.flatMap((x) => rowSigns(layout, key, dim, x)), rowSigns(layout, key, wide, q));
    }),
    { seed: 4 },
  );
});

Deno.test("rowSlots(): an array of k copies gives the same elements (circular memory)", () => {
  fc.assert(
    fc.property(rows, fc.integer({ min: 2, max: 5 }), ({ layout, dim, table, id }, k) => {
      fc.pre(layout.hash === "mix32" || layout.hash === "m31");
      const { affine: _, modulus: __, ...options } = layout;
      const grown = robeLayout({ ...options, size: k * layout.size });
      const slots = rowSlots(layout, tableHash(layout, table, 0), dim, id);
      const grownSlots = rowSlots(grown, tableHash(grown, table, 0), dim, id);
      assertEquals(grownSlots.map((slot) => slot % layout.size), slots);
      assertEquals(
        rowSigns(grown, tableHash(grown, table, 0), dim, id),
        rowSigns(layout, tableHash(layout, table, 0), dim, id),
      );
    }),
    { seed: 5 },
  );
});

Deno.test("rowSigns(): 1 everywhere without signs, half and half with them", () => {
  for (const hash of ["mix32", "m31"] as const) {
    const plain = robeLayout({ size: 4096, hash, sign: false }), signed = robeLayout({ size: 4096, hash });
    assertEquals(new Set(rowSigns(plain, tableHash(plain, 0, 0), 128, 9)), new Set([1]));
    let sum = 0;
    for (let id = 0; id < 1000; id++) sum += rowSigns(signed, tableHash(signed, 0, 0), 128, id).reduce((s, x) => s + x);
    assert(Math.abs(sum) < 4 * Math.sqrt(128_000), `${hash}: signs add up to ${sum}`);
  }
});

Deno.test("tableHash(): ref1 and ref2 number ids through all tables, even beyond 2^32; the others do not", () => {
  for (const hash of ["ref1", "ref2"] as const) {
    const layout = robeLayout({ size: 2_700_000, hash });
    for (
      const [before, id] of [[0, 0], [100, 5], [882_774_559, 40_000_000], [2 ** 32 - 5, 5], [
        6e9,
        4_294_967_295,
      ]] as const
    ) {
      const inTable = rowSlots(layout, tableHash(layout, 3, before), 48, id);
      const { x, k, constant, prime } = layout.affine!.starts;
      const exact = [0n, 1n].map((block) =>
        (BigInt(x) * (BigInt(before) + BigInt(id)) + BigInt(k) * block + BigInt(constant)) % BigInt(prime) %
        BigInt(layout.modulus)
      );
      assertEquals([inTable[0], inTable[32]], exact.map(Number));
    }
  }
  for (const hash of ["mix32", "m31"] as const) {
    const layout = robeLayout({ size: 2_700_000, hash });
    assertEquals(tableHash(layout, 3, 0), tableHash(layout, 3, 12345));
  }
});
