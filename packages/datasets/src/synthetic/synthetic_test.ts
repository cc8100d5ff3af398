import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { rowsOf } from "../_test_rows.ts";
import { createBatch } from "../dataset.ts";
import { CriteoTsvParser } from "../formats/tsv.ts";
import { bayesScores } from "./bayes.ts";
import { openSynthetic } from "./dataset.ts";
import { DiscreteSampler } from "./discrete_sampler.ts";
import { CriteoLikeGenerator, INFORMATIVE_TABLES, SYNTHETIC_TABLE_ROWS } from "./generator.ts";

const generator = new CriteoLikeGenerator(1);

async function sha256(...arrays: ArrayBufferView<ArrayBuffer>[]): Promise<string> {
  const hex: string[] = [];
  for (const array of arrays) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", array));
    hex.push(Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join(""));
  }
  return hex.join(" ");
}

Deno.test("CriteoLikeGenerator: the first 20,000 rows of seed 1 are these bits", async () => {
  const batch = createBatch(20_000, generator.schema);
  for (let row = 0; row < batch.rows; row++) generator.write(row, batch, row);
  const hash = await sha256(
    batch.dense as Float32Array<ArrayBuffer>,
    batch.ids as Uint32Array<ArrayBuffer>,
    batch.labels as Float32Array<ArrayBuffer>,
  );
  assertEquals(hash, "c7b0d56f2c7a5f1d e9a2e61a150619d8 a57ba5593ba913fd");
});

Deno.test("CriteoLikeGenerator has Criteo's shape: 681,167 rows, 8 informative tables, ids in range", () => {
  assertEquals(SYNTHETIC_TABLE_ROWS.reduce((a, b) => a + b, 0), 681_167);
  assertEquals(INFORMATIVE_TABLES.length, 8);
  const batch = createBatch(1, generator.schema);
  for (let row = 0; row < 3000; row++) {
    const p = generator.write(row * 1_000_003, batch, 0);
    assert(p > 0 && p < 1);
    batch.ids.forEach((id, t) => assert(id < SYNTHETIC_TABLE_ROWS[t]!));
    assert(batch.dense.every((x) => x >= 0 && x < 10));
  }
});

Deno.test("CriteoLikeGenerator: ids are Zipf by rank and hot rows are scattered", () => {
  const counts = new Uint32Array(SYNTHETIC_TABLE_ROWS[2]!);
  const batch = createBatch(1, generator.schema);
  const rows = 40_000;
  for (let row = 0; row < rows; row++) {
    generator.write(row, batch, 0);
    counts[batch.ids[2]!]!++;
  }
  const sampler = DiscreteSampler.zipf(counts.length, 1.2);
  const hot = Array.from(counts.keys()).sort((a, b) => counts[b]! - counts[a]!).slice(0, 3);
  hot.forEach((id, rank) => assertAlmostEquals(counts[id]! / rows, sampler.probability(rank), 0.01));
  assert(hot.every((id, rank) => id !== rank));
});

Deno.test("CriteoLikeGenerator: mean probability, label rate and zeros are as asked for", () => {
  let sum = 0, labels = 0, zeros = 0;
  const batch = createBatch(1, generator.schema);
  const rows = 60_000;
  for (let row = 0; row < rows; row++) {
    sum += generator.write(row, batch, 0);
    labels += batch.labels[0]!;
    if (batch.dense[0] === 0) zeros++;
  }
  assertAlmostEquals(sum / rows, 0.2562, 0.004);
  assertAlmostEquals(labels / rows, 0.2562, 0.008);
  assertAlmostEquals(zeros / rows, 0.2 + 0.8 * 0.2023, 0.01); // P(lognormal(1, 1.2) < 1) = 0.2023
});

Deno.test("CriteoLikeGenerator: other seeds give other rows, tsv() the same rows as write()", () => {
  assertNotEquals(new CriteoLikeGenerator(2).outcome(5).probability, generator.outcome(5).probability);
  const parsed: ReturnType<typeof rowsOf> = [];
  const parser = new CriteoTsvParser({ file: "s" }, (block) => parsed.push(...rowsOf(block)));
  parser.push(generator.tsv(10, 300));
  parser.finish();
  const batch = createBatch(290, generator.schema);
  for (let i = 0; i < 290; i++) generator.write(10 + i, batch, i);
  const hexOf = new Map<string, number>();
  parsed.forEach((row, r) => {
    assertEquals(row.label, batch.labels[r]);
    row.ints.forEach((x, c) => assertAlmostEquals(Math.log1p(x!), batch.dense[r * 13 + c]!, 1e-6));
    row.cats.forEach((x, t) => {
      const id = batch.ids[r * 26 + t]!;
      assertEquals(hexOf.get(`${t} ${id}`) ?? x, x);
      hexOf.set(`${t} ${id}`, x!);
    });
  });
  assertEquals(new Set(Array.from(hexOf, ([key, x]) => `${key.split(" ")[0]} ${x}`)).size, hexOf.size);
  assertThrows(() => new CriteoLikeGenerator(0.5), RangeError, "got 0.5");
});

Deno.test("bayesScores() equals the definition by pairs", () => {
  const data = Array.from(
    { length: 300 },
    (_, i) => ({ probability: ((i * 7919) % 50 + 1) / 52, label: (i * 31) % 3 ? 0 : 1 }),
  );
  const scores = bayesScores(data.length, (row) => data[row]!);
  let wins = 0, pairs = 0;
  for (const a of data.filter((x) => x.label)) {
    for (const b of data.filter((x) => !x.label)) {
      pairs++;
      wins += a.probability > b.probability ? 1 : a.probability === b.probability ? 0.5 : 0;
    }
  }
  assertAlmostEquals(scores.auc, wins / pairs, 1e-12);
  const loss = data.reduce((sum, { probability: p, label }) => sum - Math.log(label ? p : 1 - p), 0);
  assertAlmostEquals(scores.logloss, loss / data.length, 1e-12);
});

Deno.test("openSynthetic() reports the Bayes scores of exactly its test rows, and resumes anywhere", async () => {
  await using data = await openSynthetic({ rows: 5000, seed: 3 });
  assertEquals([data.info.train, data.info.valid, data.info.test], [3600, 400, 1000]);
  const own = new CriteoLikeGenerator(3);
  const want = bayesScores(1000, (row) => own.outcome(4000 + row));
  assertEquals([data.info.bayesAuc, data.info.bayesLogloss], [want.auc, want.logloss]);
  assert(want.auc > 0.74 && want.auc < 0.86);
  let labels = 0;
  for await (const batch of data.test.batches({ batchSize: 300 })) labels += batch.labels.reduce((a, b) => a + b, 0);
  assertAlmostEquals(labels / 1000, want.ctr, 1e-12);
  const all = await Array.fromAsync(data.train.batches({ batchSize: 500, shuffle: { seed: 9, epoch: 1 } }));
  const tail = await Array.fromAsync(
    data.train.batches({ batchSize: 500, shuffle: { seed: 9, epoch: 1 }, startBatch: 6 }),
  );
  assertEquals(tail, all.slice(6));
  await assertRejects(() => openSynthetic({ rows: 1.5 }), RangeError, "must be in 10..2^32: got 1.5");
});
