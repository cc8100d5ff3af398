import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type EmbeddingSpec, parseEmbeddingSpec } from "./embedding_spec.ts";
import { growthSteps, planRobe, readGrowth, sizeInStep } from "./robe_spec.ts";

const TABLES = [{ rows: 30_000 }, { rows: 5 }, { rows: 995 }];
const CONFIG = { seed: 1, optimizer: "adagrad" } as const;
const spec = (text: string): EmbeddingSpec => parseEmbeddingSpec(text, "--embedding");
const plan = (text: string, dim = 16, optimizer: "sgd" | "rowwise-adagrad" = "sgd") =>
  planRobe(TABLES, dim, spec(text), { seed: 7, optimizer });

Deno.test("planRobe() fills in block size, alignment, signs and hash", () => {
  const { layout, growth, finalSize } = plan("robe:10");
  const want = { size: 49_600, blockSize: 16, align: 4, sign: true, hash: "mix32", seed: 7 };
  assertEquals([layout, growth, finalSize], [want as typeof layout, [], 49_600]);
  assertEquals(plan("robe:10", 64).layout.blockSize, 32);
  assertEquals(plan("robe:10", 6).layout, { ...layout, size: 18_600, blockSize: 6, align: 1 });
  const all = plan("robe:7,z=8,align=8,sign=off,hash=m31").layout;
  assertEquals(all, { size: 70_856, blockSize: 8, align: 8, sign: false, hash: "m31", seed: 7 });
});

Deno.test("planRobe() begins growing arrays small, so that the ratio holds in the end", () => {
  const { layout, growth, finalSize } = plan("robe:10,grow=4@0.3+2@0.6");
  assertEquals([layout.size, finalSize], [6200, 49_600]);
  assertEquals(growth, [{ factor: 4, at: 0.3 }, { factor: 2, at: 0.6 }]);
  // Segments of 32 elements have a number of their own, which growth copies.
  assertEquals(plan("robe:10,grow=4@0.3+2@0.6", 16, "rowwise-adagrad").layout.size, 6176);
  assertEquals(plan("robe:10", 16, "rowwise-adagrad").layout.size, 49_600);
});

Deno.test("planRobe() meets the ratio from above, as close as alignment and growth allow", () => {
  fc.assert(fc.property(
    fc.record({
      rows: fc.array(fc.integer({ min: 1, max: 1e6 }), { minLength: 1, maxLength: 30 }),
      dim: fc.integer({ min: 1, max: 64 }),
      ratio: fc.double({ min: 1, max: 1e5, noNaN: true }),
      align: fc.constantFrom("1", "4", "8"),
      factor: fc.integer({ min: 1, max: 9 }),
    }),
    ({ rows, dim, ratio, align, factor }) => {
      const elements = dim * rows.reduce((a, b) => a + b), z = 8;
      const options = { z: String(z), align, ...(factor > 1 ? { grow: `${factor}@0.5` } : {}) };
      const run = () => planRobe(rows.map((r) => ({ rows: r })), dim, { kind: "robe", amount: ratio, options }, CONFIG);
      const unit = align === "8" ? 8 : 4;
      if (elements / ratio < factor * z) return void assertThrows(run, RangeError, "by robe");
      const { layout, finalSize } = run();
      assertEquals([layout.size % unit, finalSize], [0, layout.size * factor]);
      assert(elements / finalSize >= ratio * (1 - 1e-12));
      assert(elements / (finalSize + factor * unit) < ratio * (1 + 1e-12));
    },
  ));
});

Deno.test("planRobe() refuses arrays that hold no block, and options that do not fit one another", () => {
  assertThrows(
    () => plan("robe:40000"),
    RangeError,
    "want at most 31000, as the array must hold a block of 16 elements",
  );
  assertEquals(plan("robe:31000").layout.size, 16);
  assertThrows(() => plan("robe:31000,grow=2@0.5"), RangeError, "want at most 15500, as the array, before it grows,");
  assertThrows(
    () => plan("robe:1,z=900000"),
    RangeError,
    "want larger tables, as the array must hold a block of 900000",
  );
  assertThrows(() => plan("robe:10,z=6,align=4"), RangeError, "want blockSize a multiple of align");
  const huge = [{ rows: 2 ** 30 }];
  assertThrows(() => planRobe(huge, 16, spec("robe:4"), CONFIG), RangeError, "with size 4294967296");
  assertThrows(() => planRobe(huge, 16, spec("robe:4,grow=1000@0.5"), CONFIG), RangeError, "with size 4294964000");
});

Deno.test("readGrowth() reads factors and shares in order", () => {
  assertEquals(readGrowth("4@0.3+2@.6+10@0.95"), [{ factor: 4, at: 0.3 }, { factor: 2, at: 0.6 }, {
    factor: 10,
    at: 0.95,
  }]);
});

Deno.test("growthSteps() and sizeInStep() let an array grow after shares of a fit, and always to its end", () => {
  const growth = readGrowth("4@0.3+2@0.6")!;
  const search = growthSteps(growth, 0, 10);
  assertEquals(search, [{ factor: 4, afterStep: 3 }, { factor: 2, afterStep: 6 }]);
  assertEquals(Array.from({ length: 10 }, (_, i) => sizeInStep(100, search, i + 1)), [
    ...Array(3).fill(100),
    ...Array(3).fill(400),
    ...Array(4).fill(800),
  ]);
  // A fit that begins later counts its own steps.
  assertEquals(growthSteps(growth, 50, 20).map(({ afterStep }) => afterStep), [56, 62]);
  fc.assert(fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 0, max: 1e6 }), (steps, from) => {
    const late = growthSteps(readGrowth("3@0.5+2@0.9999999999")!, from, steps);
    assertEquals(sizeInStep(1, late, from + steps), 6);
    assertEquals(sizeInStep(1, late, from), 1);
  }));
});
