/**
 * Files as version 1 wrote them must read the same for ever. The files in `testdata/` hold rows `plainRow(i % 5 + i)`
 * for i < 12 and preprocessors fitted to all of them; they are never written anew.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { blockOf, plainRow } from "../_test_rows.ts";
import { decodeBlock } from "../crow_block.ts";
import { decodeDictionaries } from "../dictionary_bytes.ts";
import { Preprocessor } from "../preprocess/preprocessor.ts";
import { ShardReader } from "./shard_files.ts";
import { sha256 } from "./stage.ts";

const folder = fileURLToPath(new URL("../../testdata/", import.meta.url));
const load = async (name: string): Promise<Uint8Array> => new Uint8Array(await readFile(folder + name));
const rows = Array.from({ length: 12 }, (_, i) => plainRow(i % 5 + i));

Deno.test("version 1 of .crow and of the dictionary reads as it did", async () => {
  const bytes = await load("v1_dictionary.bin");
  const dictionaries = decodeDictionaries(bytes, "v1_dictionary.bin");
  const shard = await ShardReader.open(folder, ["v1.crow"], sha256(bytes));
  assertEquals(shard.blockRows, [12]);
  const block = decodeBlock(await shard.read(0), { file: "v1.crow" });
  await shard.close();
  rows.forEach((row, r) => {
    assertEquals(block.labels[r], row.label);
    row.ints.forEach((x, c) => assertEquals(block.intMissing[r]! >> c & 1 ? undefined : block.ints[r * 13 + c], x));
    row.cats.forEach((x, c) => {
      const { values, missingId } = dictionaries[c]!;
      const id = block.cats[r * 26 + c]!;
      assertEquals(id === missingId ? undefined : values[id], x);
    });
  });
});

Deno.test("version 1 of the preprocessor reads as it did", async () => {
  const sums: Record<string, [number, string]> = {};
  for (const mode of ["frequency", "dlrm", "hash"]) {
    const { ids, dense } = Preprocessor.fromBytes(await load(`v1_${mode}.prpp`)).transform(blockOf(rows));
    sums[mode] = [
      ids.reduce((sum, id, i) => sum + id * (i + 1), 0),
      dense.reduce((sum, x) => sum + Math.abs(x), 0).toFixed(4),
    ];
  }
  assertEquals(sums, { "frequency": [13063, "105.0595"], "dlrm": [319764, "444.9928"], "hash": [734441, "105.0595"] });
});
