/** The reader on a real click log in Criteo's layout; ignored where the shared data folder is absent. @module */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openCtrDataset } from "./open.ts";

const path = fileURLToPath(
  new URL("../../../../../shared/data/ctr/kuairand_pure_criteo_layout.tsv.gz", import.meta.url),
);

/** Distinct non-empty values of C1..C26, as the data's own page states them. */
const DISTINCT = [
  24432,
  6151,
  5481,
  5864,
  106,
  12,
  5,
  3,
  15,
  9,
  2,
  2,
  8,
  9,
  7,
  8,
  7,
  49,
  1410,
  15,
  33,
  111,
  444,
  7,
  5,
  5,
];
/** Columns with empty fields: C5, C7, C20. */
const WITH_MISSING = [4, 6, 19];

Deno.test({
  name: "openCtrDataset on the real click log: rows, label rate, distinct values, splits",
  ignore: !existsSync(path),
  fn: async () => {
    await using data = await openCtrDataset(`criteo:${path}`, {
      preprocess: { minCount: 1 },
      fitOn: "train+valid",
      testSplit: 0,
      validSplit: 0,
    });
    assertEquals(data.info.rows, 179_800);
    assertAlmostEquals(data.info.ctr, 0.4502, 5e-5);
    const known = data.schema.tables.map(({ rows }, c) => rows - 1 - (WITH_MISSING.includes(c) ? 1 : 0));
    assertEquals(known, DISTINCT);

    await using split = await openCtrDataset(`criteo:${path}`);
    assertEquals([split.info.train, split.info.valid, split.info.test], [129_456, 14_384, 35_960]);
    for await (const { dense } of split.test.batches({ batchSize: 4096 })) {
      assert(dense.every((x) => Number.isFinite(x) && Math.abs(x) <= 3));
    }

    await using dlrm = await openCtrDataset(`criteo:${path}`, { preprocess: { mode: "dlrm" } });
    assertEquals(
      dlrm.schema.tables.map(({ rows }) => rows),
      DISTINCT.map((n, c) => WITH_MISSING.includes(c) ? n + 1 : n),
    );
  },
});
