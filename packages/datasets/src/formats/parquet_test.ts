import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { plainRow, rowsOf, type TestRow } from "../_test_rows.ts";
import { DataFormatError } from "../errors.ts";
import { CATEGORY_NAMES, DENSE_NAMES } from "../layout.ts";
import { readParquet } from "./parquet.ts";
import { checkPages } from "./parquet_pages.ts";
import type { ReaderOptions } from "./reader.ts";

const rows = Array.from({ length: 25 }, (_, i) => plainRow(i));

interface Column {
  name: string;
  data: unknown[];
  type: "INT32" | "STRING" | "INT64";
  nullable: boolean;
}

function columns(cats: "hex" | "int"): Column[] {
  const value = (x: number | undefined) =>
    x === undefined ? null : cats === "hex" ? x.toString(16).padStart(8, "0") : BigInt(x);
  return [
    { name: "label", data: rows.map((row) => row.label), type: "INT32", nullable: false },
    ...DENSE_NAMES.map((name, i): Column => (
      { name, data: rows.map((row) => row.ints[i] ?? null), type: "INT32", nullable: true }
    )),
    ...CATEGORY_NAMES.map((name, i): Column => (
      { name, data: rows.map((row) => value(row.cats[i])), type: cats === "hex" ? "STRING" : "INT64", nullable: true }
    )),
  ];
}

function write(columnData: Column[], codec: "SNAPPY" | "UNCOMPRESSED" = "SNAPPY"): ArrayBuffer {
  // deno-lint-ignore no-explicit-any -- the writer's column type is narrower than what it takes
  return parquetWriteBuffer({ columnData: columnData as any, codec, rowGroupSize: [10] });
}

async function read(bytes: ArrayBuffer, options: Partial<ReaderOptions> = {}): Promise<TestRow[]> {
  const data: TestRow[] = [];
  await readParquet(bytes, { file: "a.parquet", blockRows: 4, ...options }, (block) => data.push(...rowsOf(block)));
  return data;
}

Deno.test("readParquet reads hex strings and integers, nulls as missing, over row groups", async () => {
  assertEquals(await read(write(columns("hex"))), rows);
  assertEquals(await read(write(columns("int"), "UNCOMPRESSED")), rows);
});

Deno.test("readParquet finds columns by name in any order, or by place when there are 40", async () => {
  assertEquals(await read(write(columns("hex").reverse())), rows);
  const nameless = columns("hex").map((column, i) => ({ ...column, name: `_c${i}` }));
  assertEquals(await read(write(nameless)), rows);
  const unlabelled = await read(write(nameless.slice(1)), { labels: "auto" });
  assertEquals(unlabelled, rows.map((row) => ({ ...row, label: 0 })));
});

Deno.test("readParquet says what is wrong with columns and cells", async () => {
  const all = columns("hex");
  await assertRejects(() => read(write(all.slice(0, 30))), DataFormatError, "it has 30 columns and none named C17");
  await assertRejects(() => read(write(all.slice(1))), DataFormatError, 'it has no column "label"');
  all[20]!.data[12] = "xyz";
  await assertRejects(() => read(write(all)), DataFormatError, "a.parquet:13:21: Cannot read C7 as it is neither");
  assertEquals((await read(write(all), { onBadRow: "skip" })).length, 24);
});

Deno.test("readParquet answers a truncated file or a damaged footer with DataFormatError or with rows", async () => {
  const good = new Uint8Array(write(columns("hex")));
  const footer = good.length - 8 - new DataView(good.buffer).getUint32(good.length - 8, true);
  const truncated = fc.nat(good.length - 1).map((length) => good.slice(0, length));
  const changed = fc.tuple(fc.integer({ min: footer, max: good.length - 1 }), fc.nat(255)).map(([at, value]) => {
    const copy = good.slice();
    copy[at] = value;
    return copy;
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(truncated, changed), async (bytes) => {
      try {
        await read(bytes.buffer);
      } catch (error) {
        assert(error instanceof DataFormatError, (error as Error).stack);
      }
    }),
    { seed: 5, numRuns: 300 },
  );
});

Deno.test("checkPages refuses impossible sizes, counts and types", () => {
  // Thrift compact: field 1 type, 2 unpacked size, 3 packed size, 5 data page header with field 1 = values.
  const page = (type: number, unpacked: number, packed: number, values: number) =>
    Uint8Array.of(0x15, type, 0x15, unpacked, 0x15, packed, 0x2c, 0x15, values, 0, 0, 9, 9);
  checkPages(page(0, 4, 4, 6), 3);
  const cases: [Uint8Array, number, string][] = [
    [page(0, 4, 3, 6), 3, "impossible size"],
    [page(0, 4, 8, 6), 3, "claims 4 bytes, 2 unpacked"],
    [page(0, 4, 4, 7), 3, "impossible number of values"],
    [page(0, 4, 4, 0), 3, "is empty"],
    [page(2, 4, 4, 6), 3, "of unknown type 1"],
    [page(0, 4, 4, 6), 4, "its pages hold 3 values; want 4"],
    [page(0, 4, 4, 6), 2, "its pages hold 3 values; want 2"],
    [page(0, 4, 4, 6).subarray(0, 5), 3, "cut short"],
  ];
  for (const [chunk, rows, want] of cases) assertThrows(() => checkPages(chunk, rows), Error, want);
});
