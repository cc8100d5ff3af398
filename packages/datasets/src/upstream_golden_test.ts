/**
 * Mode "dlrm" against facebookresearch/dlrm. What is expected was computed by the steps of upstream's `getCriteoAdData`,
 * `processCriteoAdData` and `CriteoDataset` (NumPy 1.24, PyTorch 1.13) on the same 24 lines.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { bytesOf } from "./_test_rows.ts";
import { openCtrStream } from "./stream_dataset.ts";

// Missing values, zeros in several spellings, values of 2^31 and more, multiples of the range; the last line ends short.
const CATEGORY =
  "a,,ffffffff,00000000,80000000,b,6e,0000000A,fffffffe,,d2,6,ffffffff,c7,0,7fffffff,b,80000063,1,,2,64,3,a";
// Missing and negative values, the extremes of int32, values that float32 cannot hold.
const INTEGER = "0,-1,,5,8190,-2147483648,16777217,2147483647,,1,100,8191,7,,-3,33554433,2,12345678,0,9,,4,-7,6";
const LABELS = Array.from({ length: 24 }, (_, row) => row % 3 === 0 ? 1 : 0);

const TRAIN_DENSE = [
  ...[0, 0, 0, 1.7917595, 9.010791, 0, 16.635532, 21.487562, 0, 0.6931472, 4.6151204, 9.010913, 2.0794415, 0, 0],
  ...[17.32868, 1.0986123, 16.328817, 0, 2.3025851, 0],
];
const CASES = [
  {
    maxIndRange: 0,
    rows: 16,
    train: [0, 1, 2, 1, 3, 4, 5, 0, 6, 1, 7, 8, 2, 9, 1, 10, 4, 11, 12, 1, 13],
    test: [14, 15],
    valid: [0],
  },
  {
    maxIndRange: 100,
    rows: 12,
    train: [0, 1, 2, 1, 3, 4, 0, 0, 5, 1, 0, 6, 2, 7, 1, 8, 4, 8, 9, 1, 10],
    test: [1, 11],
    valid: [0],
  },
];

Deno.test("mode dlrm gives upstream's ids, dense values and parts", async () => {
  const integers = INTEGER.split(","), categories = CATEGORY.split(",");
  const lines = LABELS.map((label, row) =>
    [label, ...Array(13).fill(integers[row]), ...Array(26).fill(categories[row])].join("\t") + "\n"
  );
  for (const { maxIndRange, rows, train, test, valid } of CASES) {
    await using data = await openCtrStream(new Blob([bytesOf(lines.join(""))]).stream(), {
      file: "golden.tsv",
      preprocess: { mode: "dlrm", maxIndRange },
    });
    assertEquals(data.schema.tables.map((table) => table.rows), Array(26).fill(rows));
    // 24 lines are days of 4, 4, 4, 3, 3, 3, 3; of the last day two are the test part.
    const parts = [
      { part: data.train, from: 0, ids: train, dense: TRAIN_DENSE },
      { part: data.test, from: 21, ids: test, dense: [1.609438, 0] },
      { part: data.valid, from: 23, ids: valid, dense: [1.9459101] },
    ];
    for (const { part, from, ids, dense } of parts) {
      const [batch] = await Array.fromAsync(part.batches({ batchSize: 24 }));
      assert(batch);
      assertEquals(Array.from(batch.labels), LABELS.slice(from, from + ids.length));
      assertEquals(Array.from(batch.ids), ids.flatMap((id) => Array(26).fill(id)));
      assertEquals(batch.dense.length, 13 * dense.length);
      batch.dense.forEach((x, i) => {
        const want = Math.fround(dense[Math.floor(i / 13)]!);
        assert(Math.abs(x - want) <= 2 ** -23 * want, `${x} is more than an ulp from ${want}`);
      });
    }
  }
});
