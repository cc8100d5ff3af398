import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { blockOf, damaged, plainRow, type TestRow, testRow } from "../_test_rows.ts";
import { DataFormatError } from "../errors.ts";
import { fitPreprocessor } from "../feature_table.ts";
import { type BlockTable, TableBuilder } from "../table.ts";
import { type PreprocessOptions, Preprocessor } from "./preprocessor.ts";

/** A table of one block per `blockRows` rows. */
function tableOf(rows: readonly TestRow[], blockRows = 1000): BlockTable {
  const coding = { kind: "dictionary", modulo: 0 } as const;
  const builder = new TableBuilder(coding);
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < rows.length; at += blockRows) {
    blocks.push(builder.encode(blockOf(rows.slice(at, at + blockRows))));
  }
  return {
    summary: {
      fileRows: [rows.length],
      blockRows: builder.blockRows,
      labelled: true,
      positives: builder.positives,
      coding,
      contentHash: "",
      badRows: 0,
      badRowExamples: [],
    },
    dictionaries: builder.dictionaries,
    read: (block) => blocks[block]!,
    close: () => Promise.resolve(),
  };
}

function fit(rows: readonly TestRow[], options: PreprocessOptions = {}, to = rows.length): Promise<Preprocessor> {
  return fitPreprocessor(tableOf(rows), { from: 0, to }, options);
}

function rowWith(values: { int?: number | undefined; cat?: number | undefined }): TestRow {
  return { label: 0, ints: Array(13).fill(values.int), cats: Array(26).fill(values.cat) };
}

Deno.test("Preprocessor frequency: values seen twice have ids, the most frequent first, the rest share 0", async () => {
  const cats = [9, 5, undefined, 9, 7, undefined, 5, 3, 5];
  const preprocessor = await fit(cats.map((cat) => rowWith({ cat })));
  assertEquals(preprocessor.schema.tables[0], { name: "C1", rows: 4 });
  const { ids } = preprocessor.transform(blockOf([...cats, 1234].map((cat) => rowWith({ cat }))));
  assertEquals(Array.from({ length: 10 }, (_, r) => ids[r * 26]), [2, 1, 3, 2, 0, 3, 1, 0, 1, 0]);
});

Deno.test("Preprocessor frequency counts within the fitted rows only", async () => {
  const rows = [5, 5, 6, 6, 6].map((cat) => rowWith({ cat }));
  const preprocessor = await fit(rows, {}, 3);
  assertEquals(Array.from(preprocessor.transform(blockOf(rows)).ids.filter((_, i) => i % 26 === 0)), [1, 1, 0, 0, 0]);
});

Deno.test("Preprocessor frequency: dense is standardised, missing is the mean, empty and constant columns are 0", async () => {
  const rows = Array.from({ length: 200 }, (_, i) => rowWith({ int: i % 7 === 0 ? undefined : (i * 37) % 100 - 10 }));
  for (const row of rows) (row.ints[1] = undefined, row.ints[2] = 44);
  const preprocessor = await fit(rows);
  const { dense } = preprocessor.transform(blockOf(rows));
  const column = (c: number) => Array.from({ length: 200 }, (_, r) => dense[r * 13 + c]!);
  const present = column(0).filter((_, i) => i % 7 !== 0);
  assertAlmostEquals(present.reduce((a, b) => a + b, 0) / present.length, 0, 1e-6);
  assertAlmostEquals(present.reduce((a, b) => a + b * b, 0) / present.length, 1, 1e-6);
  assert(column(0).every((x, i) => i % 7 !== 0 || x === 0));
  assert([...column(1), ...column(2)].every((x) => x === 0));
  const later = preprocessor.transform(blockOf([rowWith({ int: 7 })])).dense;
  assertEquals([later[1], later[2]], [0, 0]); // nothing could be learnt about these columns
});

Deno.test("Preprocessor frequency keeps drifting and extreme integers within what training saw", async () => {
  const preprocessor = await fit(Array.from({ length: 1000 }, (_, i) => rowWith({ int: i + 1 })));
  const extremes = [2 ** 31 - 1, -(2 ** 31), 5000, -1].map((int) => rowWith({ int }));
  for (const x of preprocessor.transform(blockOf(extremes)).dense) assert(Number.isFinite(x) && Math.abs(x) <= 3);
  const seen = preprocessor.transform(blockOf([rowWith({ int: 1000 }), rowWith({ int: 5000 })])).dense;
  assertEquals(seen[0], seen[13]);
});

Deno.test("Preprocessor: a heavy tail is clipped at clipSigma", async () => {
  const rows = Array.from({ length: 10_000 }, (_, i) => rowWith({ int: i === 0 ? 2 ** 30 : i % 2 }));
  const clipped = async (options: PreprocessOptions) =>
    (await fit(rows, options)).transform(blockOf(rows.slice(0, 1))).dense[0];
  assertEquals(await clipped({}), 3);
  assertEquals(await clipped({ clipSigma: 5 }), 5);
});

/** Upstream's definition in its plainest form. */
function dlrmReference(rows: readonly TestRow[], maxIndRange: number): { ids: number[]; sizes: number[] } {
  const maps = Array.from({ length: 26 }, () => new Map<number, number>());
  const ids = rows.flatMap((row) =>
    row.cats.map((cat, c) => {
      const key = maxIndRange > 0 ? (cat ?? 0) % maxIndRange : cat ?? 0;
      if (!maps[c]!.has(key)) maps[c]!.set(key, maps[c]!.size);
      return maps[c]!.get(key)!;
    })
  );
  return { ids, sizes: maps.map((map) => map.size) };
}

Deno.test("Preprocessor dlrm equals upstream's dictionaries and logarithm", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(testRow, { minLength: 1, maxLength: 30 }),
      fc.constantFrom(0, 1, 7, 1000),
      async (rows, maxIndRange) => {
        const preprocessor = await fit(rows, { mode: "dlrm", maxIndRange });
        const { ids, dense } = preprocessor.transform(blockOf(rows));
        const want = dlrmReference(rows, maxIndRange);
        assertEquals(Array.from(ids), want.ids);
        assertEquals(preprocessor.schema.tables.map((table) => table.rows), want.sizes);
        rows.forEach((row, r) =>
          row.ints.forEach((x, c) => {
            const expected = Math.log(Math.fround(Math.fround(Math.max(x ?? 0, 0)) + 1));
            assertAlmostEquals(dense[r * 13 + c]!, expected, 1.5e-6);
          })
        );
      },
    ),
    { seed: 6, numRuns: 60 },
  );
});

Deno.test("Preprocessor hash spreads values over all rows, columns apart", async () => {
  const preprocessor = await fit([plainRow(1)], { mode: "hash", hashRows: 50 });
  const rows = Array.from({ length: 2000 }, (_, cat) => rowWith({ cat }));
  const { ids } = preprocessor.transform(blockOf(rows));
  assertEquals(new Set(ids).size, 50);
  assert(Math.max(...ids) === 49);
  assert(ids.some((id, i) => i % 26 === 1 && id !== ids[i - 1]));
  await assertRejectsRange(() => fit([plainRow(1)], { mode: "hash" }), "its rows must be in 1..2^32-1: got 0");
});

async function assertRejectsRange(work: () => Promise<unknown>, text: string): Promise<void> {
  const error = await work().then(() => undefined, (error) => error);
  assert(error instanceof RangeError && error.message.includes(text), String(error));
}

const rows = Array.from({ length: 60 }, (_, i) => plainRow(i));
const modes: PreprocessOptions[] = [{}, { mode: "dlrm", maxIndRange: 40 }, { mode: "hash", hashRows: 64 }];

Deno.test("Preprocessor.toBytes() and fromBytes() keep the transform and the bytes", async () => {
  for (const options of modes) {
    const preprocessor = await fit(rows, options);
    const bytes = preprocessor.toBytes();
    const copy = Preprocessor.fromBytes(bytes);
    const probe = blockOf([...rows, rowWith({ cat: 99, int: -5 }), rowWith({})]);
    assertEquals(copy.transform(probe), preprocessor.transform(probe));
    assertEquals(copy.toBytes(), bytes);
    assertEquals(copy.schema, preprocessor.schema);
  }
});

Deno.test("Preprocessor.fromBytes() refuses damaged bytes", async () => {
  for (const options of modes) {
    const bytes = (await fit(rows, options)).toBytes();
    fc.assert(
      fc.property(damaged(bytes), (copy) => {
        if (copy.length === bytes.length && copy.every((x, i) => x === bytes[i])) return;
        assertThrows(() => Preprocessor.fromBytes(copy, "p.bin"), DataFormatError, "p.bin: Cannot read a preprocessor");
      }),
      { seed: 7, numRuns: 200 },
    );
  }
});

Deno.test("Preprocessor.translate() agrees with transform()", async () => {
  const table = tableOf(rows, 7);
  const preprocessor = await fitPreprocessor(table, { from: 3, to: 50 }, {});
  const { ids } = preprocessor.transform(blockOf(rows));
  const builder = new TableBuilder({ kind: "dictionary", modulo: 0 });
  const coded = blockOf(rows);
  builder.encode(coded); // leaves stored ids in the block
  table.dictionaries.forEach(({ values, missingId }, c) => {
    const translation = preprocessor.translate(c, values, missingId);
    rows.forEach((_, r) => assertEquals(translation[coded.cats[r * 26 + c]!], ids[r * 26 + c]));
  });
});
