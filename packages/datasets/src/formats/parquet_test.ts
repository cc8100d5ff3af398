import { assert, assertEquals, assertRejects } from "@std/assert";
import { plainRow, rowsOf, type TestRow } from "../_test_rows.ts";
import { DataFormatError } from "../errors.ts";
import { columnsOf, craftedFile, PYARROW_FILES, testFile, varint, writeParquet } from "./parquet/_test_files.ts";
import type { FuzzJob, FuzzReport } from "./parquet/_test_fuzz.ts";
import { readParquet } from "./parquet.ts";
import type { ReaderOptions } from "./reader.ts";

const rows = Array.from({ length: 25 }, (_, i) => plainRow(i));

async function read(bytes: ArrayBuffer, options: Partial<ReaderOptions> = {}): Promise<TestRow[]> {
  const data: TestRow[] = [];
  await readParquet(bytes, { file: "a.parquet", blockRows: 4, ...options }, (block) => data.push(...rowsOf(block)));
  return data;
}

Deno.test("readParquet reads hex strings and integers, nulls as missing, over row groups", async () => {
  for (const codec of ["UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD"] as const) {
    assertEquals(await read(writeParquet(columnsOf(rows, "hex"), codec)), rows);
    assertEquals(await read(writeParquet(columnsOf(rows, "int"), codec)), rows);
  }
});

Deno.test("readParquet reads what pyarrow writes", async () => {
  for (const name of PYARROW_FILES) assertEquals(await read((await testFile(name)).buffer), rows.slice(0, 12), name);
});

Deno.test("readParquet reads delta encodings of several blocks", async () => {
  const many = Array.from({ length: 700 }, (_, i) => plainRow(i * 37));
  many[300]!.ints = many[300]!.ints.map((_, i) => i % 2 ? 2 ** 31 - 1 : -(2 ** 31));
  many[301]!.ints = many[300]!.ints.map((_, i) => i % 2 ? -(2 ** 31) : 2 ** 31 - 1);
  const columns = columnsOf(many, "int").map((column) => ({ ...column, encoding: "DELTA_BINARY_PACKED" }));
  assertEquals(await read(writeParquet(columns, "SNAPPY", 400)), many);
  for (const encoding of ["DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"]) {
    const strings = columnsOf(many, "hex").map((column) => column.type === "STRING" ? { ...column, encoding } : column);
    assertEquals(await read(writeParquet(strings, "SNAPPY", 400)), many);
  }
});

Deno.test("readParquet finds columns by name in any order, or by place when there are 40", async () => {
  assertEquals(await read(writeParquet(columnsOf(rows, "hex").reverse())), rows);
  const nameless = columnsOf(rows, "hex").map((column, i) => ({ ...column, name: `_c${i}` }));
  assertEquals(await read(writeParquet(nameless)), rows);
  const unlabelled = await read(writeParquet(nameless.slice(1)), { labels: "auto" });
  assertEquals(unlabelled, rows.map((row) => ({ ...row, label: 0 })));
});

Deno.test("readParquet says what is wrong with columns and cells", async () => {
  const all = columnsOf(rows, "hex");
  const rejects = (bytes: ArrayBuffer, message: string) => assertRejects(() => read(bytes), DataFormatError, message);
  await rejects(writeParquet(all.slice(0, 30)), "it has 30 columns and none named C17");
  await rejects(writeParquet(all.slice(1)), 'it has no column "label"');
  const wide = { header: { 1: 0, 2: 12, 3: 12, 5: { 1: 1, 2: 0, 3: 3 } }, body: new Array<number>(12).fill(0) };
  await rejects(craftedFile({ rows: 1, pages: [wide], type: 3 }), "Cannot read column label as it is of type INT96");
  await rejects(craftedFile({ rows: 1, pages: [wide], codec: 4 }), "it is packed with brotli; want none, snappy, gzip");
  all[20]!.data[12] = "xyz";
  await rejects(writeParquet(all), "a.parquet:13:21: Cannot read C7 as it is neither");
  assertEquals((await read(writeParquet(all), { onBadRow: "skip" })).length, 24);
});

/** A page of nulls: levels are one run. */
function nulls(count: number) {
  const run = [...varint(2 * count), 0];
  const body = [run.length, 0, 0, 0, ...run];
  return { header: { 1: 0, 2: body.length, 3: body.length, 5: { 1: count, 2: 0, 3: 3, 4: 3 } }, body };
}

Deno.test("readParquet refuses a few bytes that claim very many rows or very much room", async () => {
  const claims = async (file: Parameters<typeof craftedFile>[0], message: string) => {
    const bytes = craftedFile({ optional: true, ...file });
    await assertRejects(() => read(bytes), DataFormatError, message);
  };
  await claims({ rows: 10 ** 9, pages: [nulls(10 ** 9)] }, "it claims 1000000000 rows in");
  await claims({ rows: 10, pages: [nulls(11)] }, "a page claims 11 values; want at most 10");
  await claims({ rows: 10, pages: [nulls(9)] }, "its pages end 1 rows too early");
  await claims({ rows: 10, pages: [nulls(10)] }, "Cannot read the label as it is not 0 or 1");
  for (const codec of [1, 2, 5, 6, 7]) {
    const page = { header: { 1: 0, 2: 2 ** 30, 3: 8, 5: { 1: 10, 2: 0, 3: 3 } }, body: new Array<number>(8).fill(0) };
    await claims({ rows: 10, pages: [page], codec }, "a page claims to unpack 8 bytes to 1073741824");
  }
  const start = performance.now();
  await claims({ rows: 10 ** 6, pages: [nulls(10 ** 6)] }, "a.parquet:1:1: Cannot read the label");
  assert(performance.now() - start < 2000);
});

Deno.test("readParquet answers any damage with DataFormatError or with rows, and soon", async () => {
  const files = [
    ...(["UNCOMPRESSED", "SNAPPY", "GZIP", "ZSTD"] as const).map((codec) =>
      writeParquet(columnsOf(rows, "hex"), codec)
    ),
    writeParquet(columnsOf(rows, "int"), "UNCOMPRESSED"),
  ].map((bytes) => new Uint8Array(bytes));
  for (const name of PYARROW_FILES) files.push(await testFile(name));
  const job: FuzzJob = { files, seed: 5, cases: 2500 };
  const limit = 2000; // ms without a sign; a case takes 2
  const worker = new Worker(new URL("./parquet/_test_fuzz.ts", import.meta.url), { type: "module" });
  const outcome = await new Promise<string | null>((resolve) => {
    let last = -1;
    const late = () => resolve(`case ${last} hangs`);
    let timer = setTimeout(late, 5 * limit); // the worker loads
    const again = () => {
      clearTimeout(timer);
      timer = setTimeout(late, limit);
    };
    worker.onmessage = ({ data }: MessageEvent<FuzzReport>) => {
      again();
      if ("starting" in data) {
        last = data.starting;
      } else {
        clearTimeout(timer);
        resolve(data.failure ?? (data.rejected < job.cases / 3 ? `only ${data.rejected} rejected` : null));
      }
    };
    worker.postMessage(job);
  });
  worker.terminate();
  assertEquals(outcome, null);
});
