import { assert, assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { bytesOf, damaged, plainLines, plainRow, toLine } from "../_test_rows.ts";
import { BlockedSplit } from "../blocked_split.ts";
import type { BatchOptions, CtrBatch, CtrDataset, CtrSplit } from "../dataset.ts";
import { DataFormatError } from "../errors.ts";
import { type PreprocessOptions, Preprocessor } from "../preprocess/preprocessor.ts";
import { openCtrStream } from "../stream_dataset.ts";
import { naturalOrder } from "./files.ts";
import { openCtrDataset } from "./open.ts";
import { prefetch } from "./prefetch.ts";
import { openCtrRows } from "./rows.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "datasets-test-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const collect = (split: CtrSplit, options: BatchOptions): Promise<CtrBatch[]> =>
  Array.fromAsync(split.batches(options));

/** Rows of batches as strings, to compare sets of rows. */
function rowKeys(batches: readonly CtrBatch[]): string[] {
  return batches.flatMap(({ rows, dense, ids, labels }) =>
    Array.from(
      { length: rows },
      (_, r) => [labels[r], ...dense.subarray(r * 13, r * 13 + 13), ...ids.subarray(r * 26, r * 26 + 26)].join(),
    )
  );
}

Deno.test("naturalOrder puts day_2 before day_10", () => {
  assertEquals(["day_10", "day_2", "day_1.tsv", "day_0"].sort(naturalOrder), ["day_0", "day_1.tsv", "day_2", "day_10"]);
});

Deno.test("openCtrDataset splits in file order and reads gzip, several members and CRLF alike", () =>
  inFolder(async (folder) => {
    const text = plainLines(0, 1000);
    await writeFile(join(folder, "a.tsv"), text);
    await writeFile(join(folder, "b.tsv.gz"), gzipSync(bytesOf(text)));
    const members = [plainLines(0, 400), plainLines(400, 1000)].map((part) => gzipSync(bytesOf(part)));
    await writeFile(join(folder, "c.gz"), Uint8Array.from(members.flatMap((part) => [...part])));
    await writeFile(join(folder, "d.txt"), text.replaceAll("\n", "\r\n"));
    const seen: string[][] = [];
    for (const name of ["a.tsv", "b.tsv.gz", "c.gz", "d.txt"]) {
      await using data = await openCtrDataset(`criteo:${join(folder, name)}`);
      assertEquals([data.info.train, data.info.valid, data.info.test], [720, 80, 200]);
      const labels: number[] = [];
      for await (const batch of data.test.batches({ batchSize: 64 })) labels.push(...batch.labels);
      assertEquals(labels, Array.from({ length: 200 }, (_, i) => plainRow(800 + i).label));
      seen.push(rowKeys(await collect(data.train, { batchSize: 100 })));
    }
    for (const keys of seen) assertEquals(keys, seen[0]);
    await using streamed = await openCtrStream(new Blob([new Uint8Array(gzipSync(bytesOf(text)))]).stream(), {
      file: "page",
    });
    assertEquals(rowKeys(await collect(streamed.train, { batchSize: 100 })), seen[0]);
  }));

Deno.test("openCtrDataset: shuffled walks are permutations, resume exactly, and are the same on the next opening", () =>
  inFolder(async (folder) => {
    const source = `criteo:${join(folder, "a.tsv")}`;
    await writeFile(join(folder, "a.tsv"), plainLines(0, 40_000));
    await using inMemory = await openCtrDataset(source);
    await using windows = await openCtrDataset(source, { memoryBytes: 2_900_000, cacheDir: join(folder, "cache") });
    assert(windows.train instanceof BlockedSplit);
    const files = rowKeys(await collect(inMemory.train, { batchSize: 1000 }));
    assertEquals(rowKeys(await collect(windows.train, { batchSize: 777 })), files);
    for (const data of [inMemory, windows]) {
      const options = { batchSize: 999, shuffle: { seed: 5, epoch: 2 } };
      const walk = await collect(data.train, options);
      const keys = rowKeys(walk);
      assertEquals(keys.toSorted(), files.toSorted());
      assert(keys.filter((key, i) => key === files[i]).length < 0.05 * keys.length);
      for (const startBatch of [1, 13, 28]) {
        assertEquals(await collect(data.train, { ...options, startBatch }), walk.slice(startBatch));
      }
      const other = await collect(data.train, { ...options, shuffle: { seed: 5, epoch: 3 } });
      assert(rowKeys(other).filter((key, i) => key === keys[i]).length < 0.05 * keys.length);
      assertEquals((await collect(data.train, { ...options, dropLast: true })).length, Math.floor(28_800 / 999));
      assertEquals(await Array.fromAsync(prefetch(data.train, { ...options, startBatch: 2, depth: 2 })), walk.slice(2));
    }
    for await (const _ of prefetch(windows.train, { batchSize: 10 })) break; // must end its worker: the sanitizer looks
    await assertRejects(
      () => collect(inMemory.train, { batchSize: 0 }),
      RangeError,
      "batchSize must be an integer >= 1: got 0",
    );
  }));

Deno.test("openCtrDataset spills to a temporary folder that disposal removes", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, "a.tsv"), plainLines(0, 20_000));
    const data = await openCtrDataset(`criteo:${join(folder, "a.tsv")}`, { memoryBytes: 100_000 });
    const spill = (data.train as BlockedSplit).features.table as { shards?: { folder: string } };
    assert((await stat(spill.shards!.folder)).isDirectory());
    assertEquals((await collect(data.train, { batchSize: 5000 })).length, 3);
    await data[Symbol.asyncDispose]();
    await assertRejects(() => stat(spill.shards!.folder));
  }));

Deno.test("openCtrDataset keeps parsed sources, notices changes, and rebuilds what is damaged", () =>
  inFolder(async (folder) => {
    const file = join(folder, "a.tsv"), cacheDir = join(folder, "cache"), source = `criteo:${file}`;
    await writeFile(file, plainLines(0, 3000));
    let pieces = 0;
    const open = async (): Promise<{ keys: string; hash: string; read: boolean }> => {
      pieces = 0;
      await using data = await openCtrDataset(source, { cacheDir, onProgress: () => pieces++ });
      const keys = rowKeys(await collect(data.train, { batchSize: 1000 }));
      const joined = createHash("sha256").update(keys.join("\n")).digest("hex");
      return { keys: joined, hash: data.info.contentHash, read: pieces > 0 };
    };
    const first = await open();
    assert(first.read);
    assertEquals(await open(), { ...first, read: false });
    const entry = (await readdir(cacheDir, { withFileTypes: true })).find((item) => item.isDirectory())!.name;
    assertEquals((await readdir(join(cacheDir, entry))).sort(), ["00000.crow", "dictionary.bin", "manifest.json"]);
    for (const name of ["00000.crow", "dictionary.bin", "manifest.json"]) {
      const path = join(cacheDir, entry, name);
      const bytes = new Uint8Array(await readFile(path));
      bytes[Math.floor(bytes.length / 2)]! ^= 0x55;
      await writeFile(path, bytes);
      assertEquals(await open(), first, name);
      await writeFile(path, bytes.subarray(0, bytes.length >> 1));
      assertEquals(await open(), first, name);
      assertEquals((await open()).read, false);
    }
    await writeFile(file, plainLines(1, 3001));
    await utimes(file, 1, 1);
    assert((await open()).hash !== first.hash);
    assert((await readdir(cacheDir)).every((name) => !name.includes("tmp")));
  }));

Deno.test("openCtrDataset takes the test part from another file, with the vocabulary of the first", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, "a.tsv"), plainLines(0, 300));
    const strange = { ...plainRow(3), cats: Array(26).fill(0xabcdef) };
    await writeFile(join(folder, "b.tsv"), plainLines(0, 50) + toLine(strange) + "\n");
    const [a, b] = ["a.tsv", "b.tsv"].map((name) => `criteo:${join(folder, name)}`);
    await using data = await openCtrDataset(a!, { test: b!, validSplit: 0 });
    assertEquals([data.info.train, data.info.valid, data.info.test, data.info.rows], [300, 0, 51, 351]);
    const [batch] = await collect(data.test, { batchSize: 51 });
    assertEquals(batch!.ids.slice(50 * 26), new Uint32Array(26));
    const [train] = await collect(data.train, { batchSize: 50 });
    assertEquals(batch!.ids.slice(0, 50 * 26), train!.ids);
    assertEquals((await collect(data.valid, { batchSize: 9 })).length, 0);
  }));

Deno.test("openCtrDataset with a preprocessor fitted before: any kind fits any table but a hashed one of another size", () =>
  inFolder(async (folder) => {
    const source = `criteo:${join(folder, "a.tsv")}`;
    await writeFile(join(folder, "a.tsv"), plainLines(0, 400));
    const modes: PreprocessOptions[] = [{}, { mode: "dlrm", maxIndRange: 20 }, { mode: "hash", hashRows: 9 }];
    for (const preprocess of modes) {
      await using data = await openCtrDataset(source, { preprocess, testSplit: 0.2 });
      const preprocessor = Preprocessor.fromBytes(data.preprocessor!.toBytes());
      await using again = await openCtrDataset(source, { preprocessor, testSplit: 0.2 });
      const all = async (d: CtrDataset) =>
        rowKeys([
          ...await collect(d.train, { batchSize: 50 }),
          ...await collect(d.valid, { batchSize: 50 }),
          ...await collect(d.test, { batchSize: 50 }),
        ]);
      const [first, second] = [await all(data), await all(again)];
      assertEquals(second.toSorted(), first.toSorted());
      if (preprocess.mode !== "hash") {
        await assertRejects(
          () => openCtrDataset(source, { preprocessor, preprocess: { mode: "hash", hashRows: 9 } }),
          TypeError,
          "categories are hashed into 9 rows",
        );
      }
    }
  }));

Deno.test("openCtrDataset dlrm: a folder's files are the days", () =>
  inFolder(async (folder) => {
    const days = [[0, 100], [100, 250], [250, 301]] as const;
    for (const [i, [from, to]] of days.entries()) await writeFile(join(folder, `day_${i + 9}`), plainLines(from, to));
    await using data = await openCtrDataset(`criteo:${folder}`, { preprocess: { mode: "dlrm" } });
    assertEquals([data.info.train, data.info.test, data.info.valid], [250, 26, 25]);
    const [valid] = await collect(data.valid, { batchSize: 25 });
    assertEquals(Array.from(valid!.labels), Array.from({ length: 25 }, (_, i) => plainRow(276 + i).label));
  }));

Deno.test("openCtrRows streams labelled and unlabelled files through a fitted transform", () =>
  inFolder(async (folder) => {
    await writeFile(join(folder, "a.tsv"), plainLines(0, 500));
    const unlabelled = Array.from({ length: 130 }, (_, i) => toLine(plainRow(i), false) + "\n").join("");
    await writeFile(join(folder, "b.tsv.gz"), gzipSync(bytesOf(unlabelled)));
    await using data = await openCtrDataset(`criteo:${join(folder, "a.tsv")}`, { testSplit: 0, validSplit: 0 });
    const [want] = await collect(data.train, { batchSize: 130 });
    for (const [name, labelled] of [["a.tsv", true], ["b.tsv.gz", false]] as const) {
      await using rows = await openCtrRows(`criteo:${join(folder, name)}`, {
        preprocessor: data.preprocessor!,
        batchSize: 130,
      });
      assertEquals(rows.labelled, labelled);
      const batches = await Array.fromAsync(rows.batches);
      assertEquals(batches[0]!.ids, want!.ids);
      assertEquals(batches[0]!.dense, want!.dense);
      assertEquals(batches.reduce((sum, batch) => sum + batch.rows, 0), labelled ? 500 : 130);
    }
    await using early = await openCtrRows(`criteo:${join(folder, "a.tsv")}`, {
      preprocessor: data.preprocessor!,
      batchSize: 10,
    });
    for await (const _ of early.batches) break;
  }));

Deno.test("openCtrDataset refuses bad input with one line", () =>
  inFolder(async (folder) => {
    const gz = gzipSync(bytesOf(plainLines(0, 2000)));
    const files: [string, Uint8Array | string, RegExp][] = [
      ["cut.tsv.gz", gz.subarray(0, gz.length / 2), /^cut.tsv.gz: Cannot unpack as the gzip file is truncated/],
      ["tail.tsv.gz", gz.subarray(0, gz.length - 4), /the gzip file is truncated/],
      ["39.tsv", toLine(plainRow(1), false), /^39.tsv:1: Cannot read the line as it has 39 fields/],
      ["empty.tsv", "", /^empty.tsv: Cannot read rows as it is empty/],
      ["empty.gz", gzipSync(new Uint8Array(0)), /^empty.gz: Cannot read rows as it is empty/],
      ["a.npz", "PK nothing", /^a.npz: Cannot unpack the zip archive as it has no directory/],
      ["a.parquet", "PAR1", /^a.parquet: Cannot read the Parquet file as/],
      ["a.bin", "abc", /^a.bin:1: Cannot read the row as the file ends after 3 of its 160 bytes/],
    ];
    for (const [name, content, want] of files) {
      await writeFile(join(folder, name), content);
      const error = await assertRejects(() => openCtrDataset(`criteo:${join(folder, name)}`), DataFormatError);
      assert(want.test(error.message) && !error.message.includes("\n"), error.message);
    }
    const missing = await assertRejects(() => openCtrDataset("criteo:no/such/file"), DataFormatError);
    assertEquals(missing.message, "no/such/file: Cannot open the data as there is no such file");
    await mkdir(join(folder, "none"));
    await assertRejects(() => openCtrDataset(`criteo:${join(folder, "none")}`), DataFormatError, "the folder holds no");
    await assertRejects(() => openCtrDataset("csv:x"), RangeError, 'Cannot open the source "csv:x"');
    await assertRejects(() => openCtrDataset("synthetic:many"), RangeError, "must be in 10..2^32: got NaN");
    const cacheDir = join(folder, "cache");
    await assertRejects(() => openCtrDataset(`criteo:${join(folder, "39.tsv")}`, { cacheDir }));
    assertEquals(await readdir(cacheDir), []);
  }));

Deno.test("openCtrDataset skips bad rows on request, and stops on a signal", () =>
  inFolder(async (folder) => {
    const file = join(folder, "a.tsv");
    await writeFile(file, plainLines(0, 50) + "broken\n" + plainLines(50, 100));
    await using data = await openCtrDataset(`criteo:${file}`, { onBadRow: "skip" });
    assertEquals([data.info.rows, data.info.badRows], [100, 1]);
    assertEquals(data.info.badRowExamples, ["a.tsv:51: Cannot read the line as it has 1 fields; want 40"]);
    const error = await assertRejects(() => openCtrDataset(`criteo:${file}`, { signal: AbortSignal.abort() }));
    assertEquals(error.name, "AbortError");
  }));

Deno.test("openCtrDataset answers damaged gzip with DataFormatError, whatever the damage", () =>
  inFolder(async (folder) => {
    const file = join(folder, "a.tsv.gz"), good = plainLines(0, 200);
    await fc.assert(
      fc.asyncProperty(damaged(gzipSync(bytesOf(good))), async (bytes) => {
        await writeFile(file, bytes);
        try {
          await using data = await openCtrDataset(`criteo:${file}`, { validSplit: 0, testSplit: 0 });
          assertEquals(data.info.rows, 200); // damage to the name or time in the gzip header goes unnoticed
        } catch (error) {
          assert(error instanceof DataFormatError, (error as Error).stack);
        }
      }),
      { seed: 8, numRuns: 150 },
    );
  }));
