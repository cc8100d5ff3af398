import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toLine, unfriendlyRow } from "../_test_rows.ts";
import type { CtrBatch, CtrSchema } from "../dataset.ts";
import { openCtrDataset } from "./open.ts";

const total = 10_000;
const lines = Array.from({ length: total }, (_, i) => toLine(unfriendlyRow(i, total)) + "\n").join("");

async function withFile(work: (file: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "pocketrec-unfriendly-"));
  try {
    await writeFile(join(folder, "rows.tsv"), lines);
    await work(join(folder, "rows.tsv"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function assertBounded({ rows, dense, ids, labels }: CtrBatch, { tables }: CtrSchema): void {
  assertEquals([dense.length, ids.length, labels.length], [rows * 13, rows * 26, rows]);
  dense.forEach((x, i) => assert(Number.isFinite(x) && Math.abs(x) <= 3, `integer ${i % 13 + 1} becomes ${x}`));
  ids.forEach((id, i) => assert(id < tables[i % 26]!.rows, `category ${i % 26 + 1} becomes ${id}`));
}

/** The values that a column takes in a batch. */
function values(array: Float32Array | Uint32Array, width: number, column: number): number[] {
  return [...new Set(array.filter((_, i) => i % width === column))];
}

for (const options of [{}, { mode: "hash", hashRows: 100 }] as const) {
  const name = "mode" in options ? options.mode : "frequency";
  Deno.test(`${name} preprocessing keeps empty, constant, drifting and unseen values finite and bounded`, () =>
    withFile(async (file) => {
      await using data = await openCtrDataset(`criteo:${file}`, { preprocess: options });
      assertAlmostEquals(data.info.ctr, 0.005, 1e-12);
      for (const split of [data.train, data.valid, data.test]) {
        for await (const batch of split.batches({ batchSize: 1000 })) assertBounded(batch, data.schema);
      }
    }));
}

Deno.test("frequency preprocessing says nothing about what training could not know", () =>
  withFile(async (file) => {
    await using data = await openCtrDataset(`criteo:${file}`);
    const [train] = await Array.fromAsync(data.train.batches({ batchSize: total }));
    const [test] = await Array.fromAsync(data.test.batches({ batchSize: total }));
    const dense = (c: number): number[] => values(test!.dense, 13, c - 1);
    for (const c of [1, 2, 5, 6]) assertEquals(dense(c), [0], `I${c} is empty, constant, new, or was there once`);
    assertEquals(dense(3).length, 1); // a counter beyond all that was seen stays at the largest value seen
    assertAlmostEquals(dense(3)[0]!, Math.max(...values(train!.dense, 13, 2)), 1e-6);
    assertEquals(dense(4).length, 2);
    const rowsOf = (c: number): number => data.schema.tables[c - 1]!.rows;
    assertEquals([1, 2, 3, 4, 5].map(rowsOf), [2, 2, 1, 51, 2]); // index 0 is for the unseen
    const ids = (c: number): number[] => values(test!.ids, 26, c - 1);
    assertEquals([1, 2, 3, 4, 5].map(ids), [[1], [1], [0], [0], [0]]);
    // In training every value of C3 is seen once: nothing is learnt for it but the shared row.
    assertEquals(values(train!.ids, 26, 2), [0]);
  }));
