import { assertThrows } from "@std/assert";
import fc from "fast-check";
import { openCpuDevice } from "../cpu/cpu_device.ts";
import type { AnyDevice } from "../device.ts";
import { assertAllClose, assertSameBits, testOnEachDevice, TestRandom } from "../testing/mod.ts";
import type { Bags } from "./bags.ts";
import { checkIdBatch } from "./check_ids.ts";
import { embeddingLookup } from "./embedding_lookup.ts";
import { embeddingLookupReference, type HostBags } from "./embedding_lookup_reference.ts";

interface Case {
  readonly seed: number;
  readonly batch: number;
  readonly rows: readonly number[];
  readonly dim: number;
  readonly bagged: boolean;
  readonly weighted: boolean;
  readonly mode: "sum" | "mean";
}

const cases: fc.Arbitrary<Case> = fc.record({
  seed: fc.nat(),
  batch: fc.integer({ min: 0, max: 40 }),
  rows: fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 }),
  dim: fc.constantFrom(1, 2, 3, 4, 7, 8, 16, 20, 64),
  bagged: fc.boolean(),
  weighted: fc.boolean(),
  mode: fc.constantFrom("sum", "mean"),
});

/** Tables and bags of a case; bags have 0 to 4 ids. */
function makeCase({ seed, batch, rows, dim, bagged, weighted, mode }: Case): { table: Float32Array; bags: HostBags } {
  const random = new TestRandom(seed);
  const rowBase = rows.map((_, t) => rows.slice(0, t).reduce((a, b) => a + b, 0));
  const table = random.f32(rows.reduce((a, b) => a + b, 0) * dim);
  const lengths = Array.from({ length: batch * rows.length }, () => bagged ? random.below(5) : 1);
  const offsets = Uint32Array.from([0, ...lengths]);
  for (let i = 1; i < offsets.length; i++) offsets[i]! += offsets[i - 1]!;
  const ids = Uint32Array.from(
    lengths.flatMap((length, bag) => Array.from({ length }, () => random.below(rows[bag % rows.length]!))),
  );
  const weights = weighted ? random.f32(ids.length) : undefined;
  return {
    table,
    bags: {
      batch,
      tables: rows.length,
      rowBase,
      ids,
      mode,
      ...(bagged ? { offsets } : {}),
      ...(weights ? { weights } : {}),
    },
  };
}

function upload(
  device: AnyDevice,
  bags: HostBags,
): { bags: Bags; rowBase: ReturnType<AnyDevice["tensor"]>; dispose(): void } {
  const { batch, tables } = bags;
  const rowBase = device.tensor("u32", [tables], { data: Uint32Array.from(bags.rowBase), label: "rowBase" });
  const ids = device.tensor("u32", [bags.ids.length], { data: Uint32Array.from(bags.ids), label: "ids" });
  const offsets = bags.offsets &&
    device.tensor("u32", [bags.offsets.length], { data: Uint32Array.from(bags.offsets), label: "offsets" });
  const weights = bags.weights &&
    device.tensor("f32", [bags.weights.length], { data: Float32Array.from(bags.weights), label: "weights of ids" });
  return {
    rowBase,
    bags: {
      batch,
      tables,
      ids,
      mode: bags.mode ?? "sum",
      ...(offsets ? { offsets } : {}),
      ...(weights ? { weights } : {}),
    },
    dispose: () => [rowBase, ids, offsets, weights].forEach((tensor) => tensor?.[Symbol.dispose]()),
  };
}

async function lookUp(device: AnyDevice, table: Float32Array, dim: number, bags: HostBags): Promise<Float32Array> {
  const on = upload(device, bags);
  using weights = device.tensor("f32", [table.length / dim, dim], { data: table, label: "weights" });
  using out = device.tensor("f32", [bags.batch, bags.tables, dim], { label: "out" });
  // Stale values must not survive, in empty bags least of all.
  out.write(new Float32Array(out.size).fill(NaN));
  embeddingLookup(weights, on.rowBase, on.bags, out);
  const values = await out.read() as Float32Array;
  on.dispose();
  return values;
}

testOnEachDevice("embeddingLookup() equals the reference over shapes, bags and modes", async (device) => {
  await fc.assert(
    fc.asyncProperty(cases, async (c) => {
      const { table, bags } = makeCase(c);
      const expected = embeddingLookupReference(table, c.dim, bags);
      // At most four products of values below 1 are added: a few ulp of 1.
      assertAllClose("out", await lookUp(device, table, c.dim, bags), expected, { atol: 2e-6, rtol: 1e-6 });
    }),
    { numRuns: device.kind === "cpu" ? 150 : 25, seed: 1 },
  );
});

testOnEachDevice("embeddingLookup() copies rows of one-hot bags bit by bit", async (device) => {
  const random = new TestRandom(2);
  const rows = [3, 100, 40], batch = 700, dim = 16;
  const table = random.f32(143 * dim);
  const ids = Uint32Array.from({ length: batch * 3 }, (_, i) => random.below(rows[i % 3]!));
  const rowBase = [0, 3, 103];
  const out = await lookUp(device, table, dim, { batch, tables: 3, rowBase, ids });
  const expected = Float32Array.from(out, (_, i) => {
    const bag = Math.floor(i / dim);
    return table[(rowBase[bag % 3]! + ids[bag]!) * dim + i % dim]!;
  });
  assertSameBits("out", out, expected);
});

testOnEachDevice("embeddingLookup() reads rows beyond the tables as zeros", async (device) => {
  const table = new Float32Array(8).fill(1);
  const ids = [1, 2, 0xffffffff, 0, 1, 0xffffffff];
  const out = await lookUp(device, table, 4, { batch: 3, tables: 2, rowBase: [0, 1], ids });
  assertSameBits("out", out, Float32Array.from([1, 0, 0, 1, 1, 0].flatMap((x) => [x, x, x, x])));
});

testOnEachDevice("embeddingLookup() ignores the order of ids in a bag up to rounding", async (device) => {
  const random = new TestRandom(5);
  const table = random.f32(64 * 8), ids = random.ids(30, 64);
  const bags = { batch: 3, tables: 1, rowBase: [0], offsets: [0, 10, 20, 30] };
  const reversed = ids.map((_, i) => ids[Math.floor(i / 10) * 10 + 9 - i % 10]!);
  const one = await lookUp(device, table, 8, { ...bags, ids });
  assertAllClose("out", await lookUp(device, table, 8, { ...bags, ids: reversed }), one, { atol: 2e-6 });
});

testOnEachDevice("embeddingLookup() refuses operands that do not fit", (device) => {
  using weights = device.tensor("f32", [10, 4], { label: "weights" });
  using rowBase = device.tensor("u32", [2], { label: "rowBase" });
  using ids = device.tensor("u32", [3, 2], { label: "ids" });
  using out = device.tensor("f32", [3, 2, 4], { label: "out" });
  const refuse = (bags: Bags, text: string, to = out, from = weights) =>
    assertThrows(() => embeddingLookup(from, rowBase, bags, to), TypeError, text);
  refuse({ batch: 4, tables: 2, ids }, `tensor "ids" is u32 [3,2]: want u32 of 8 elements`);
  refuse({ batch: 3, tables: 2, ids: out }, `tensor "out" is f32 [3,2,4]: want u32 of 6 elements`);
  refuse({ batch: 3, tables: 2, ids, offsets: ids }, `want u32 of 7 elements`);
  refuse({ batch: 3, tables: 2, ids, weights: out }, `want f32 of 6 elements`);
  refuse({ batch: 3, tables: 1, ids }, `tensor "rowBase" is u32 [2]: want u32 of 1 elements`);
  refuse({ batch: 3, tables: 2, ids }, `tensor "weights" is f32 [10,4]: want f32 of 24 elements`, weights);
  refuse({ batch: 3, tables: 2, ids }, `want f32 [rows, dim]`, out, out);
  refuse({ batch: 3, tables: 2, ids, mode: "max" as "sum" }, `mode "max"`);
});

Deno.test("embeddingLookup() gives the same bits on 1, 2 and 3 threads", async () => {
  const { table, bags } = makeCase({
    seed: 3,
    batch: 900,
    rows: [50, 3, 1000],
    dim: 20,
    bagged: true,
    weighted: true,
    mode: "mean",
  });
  const results: Float32Array[] = [];
  for (const threads of [1, 2, 3]) {
    using device = openCpuDevice({ threads, maxBytes: 1 << 26 });
    results.push(await lookUp(device, table, 20, bags));
  }
  assertSameBits("2 threads", results[1]!, results[0]!);
  assertSameBits("3 threads", results[2]!, results[0]!);
});

Deno.test("checkIdBatch() names table, sample, id and rows", () => {
  checkIdBatch(new Uint32Array([0, 9, 1, 9]), [2, 10]);
  checkIdBatch(new Uint32Array(0), []);
  assertThrows(
    () => checkIdBatch(new Uint32Array([0, 9, 1, 10]), [2, 10]),
    RangeError,
    "id 10 of sample 1 in table 1: it has 10 rows",
  );
  assertThrows(() => checkIdBatch(new Uint32Array(3), [2, 10]), TypeError, "3 ids in 2 tables");
});
