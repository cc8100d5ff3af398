import { assertEquals, assertThrows } from "@std/assert";
import { testOnEachDevice } from "@pocketrec/compute/testing";
import { ConfigError } from "../errors.ts";
import { robeLayout } from "../layout.ts";
import { robeLookup } from "../lookup/robe_lookup.ts";
import { robeTableSet } from "../table_set.ts";
import { importAuthorsArray } from "./authors_array.ts";
import { decodeRobeFile, encodeRobeFile } from "./robe_file.ts";

/** Starts at seed 1024, see golden_test.ts: M, Z, then global id, block and start. */
const GOLDEN = [
  { hash: "ref1", size: 500_000, blockSize: 16, starts: [[0, 0, 348039], [12345, 3, 65687], [33762576, 0, 395820]] },
  {
    hash: "ref2",
    size: 2_700_000,
    blockSize: 32,
    starts: [[0, 0, 2290630], [1, 0, 2127169], [12345, 3, 1998537], [204184587, 1, 771131]],
  },
] as const;

const DIM = 128;
const tables = [
  { name: "first", numEmbeddings: 20_000_000, dim: DIM },
  { name: "second", numEmbeddings: 200_000_000, dim: DIM, mode: "mean", paddingIdx: 3 },
] as const;

testOnEachDevice("an array of the authors' code gives their rows after import, save and load", async (device) => {
  for (const { hash, size, blockSize, starts } of GOLDEN) {
    // Element i holds i: exact in f32.
    const weights = Float32Array.from({ length: size }, (_, i) => i);
    const model = decodeRobeFile(encodeRobeFile(importAuthorsArray(weights, { hash, blockSize, tables })));
    const specs = model.tables.map(({ index, numEmbeddings: rows, paddingIdx }) => ({ index, rows, paddingIdx }));
    const set = robeTableSet(device, robeLayout(model.layout), DIM, specs);
    using array = device.tensor("f32", [size], { data: model.weight as Float32Array<ArrayBuffer> });
    using out = device.tensor("f32", [1, 2, DIM]);
    for (const [global, block, start] of starts) {
      const [first, second] = global < 2e7 ? [global, 0] : [0, global - 2e7];
      using ids = device.tensor("u32", [1, 2], { data: Uint32Array.of(first, second) });
      robeLookup(array, set, { batch: 1, tables: 2, ids }, out);
      const row = await out.read((global < 2e7 ? 0 : DIM) + block * blockSize, blockSize);
      assertEquals([...row], Array.from({ length: blockSize }, (_, i) => start + i));
    }
    set.records[Symbol.dispose]();
  }
}, { devices: ["cpu", "webgpu", "dawn"] });

Deno.test("importAuthorsArray() completes the model", () => {
  const model = importAuthorsArray(new Float32Array(1000), { hash: "ref2", blockSize: 32, tables });
  assertEquals(model.layout, { size: 1000, blockSize: 32, align: 1, sign: false, hash: "ref2", seed: 1024 });
  assertEquals(model.tables, [
    { name: "first", index: 0, numEmbeddings: 20_000_000, dim: DIM, mode: "sum", scale: 1 },
    { name: "second", index: 1, numEmbeddings: 200_000_000, dim: DIM, mode: "mean", scale: 1, paddingIdx: 3 },
  ]);
});

Deno.test("importAuthorsArray() refuses what the authors' code cannot have read", () => {
  const weights = new Float32Array(32), options = { hash: "ref1", blockSize: 32, tables } as const;
  const refused = (part: object, message: string) =>
    assertThrows(() => importAuthorsArray(weights, { ...options, ...part }), ConfigError, message);
  refused({ hash: "mix32" }, 'hash "mix32": want ref1 or ref2');
  refused({ blockSize: 33 }, "blockSize 33: want a whole number from 1 to 32");
  refused({ hash: "ref2" }, "want more elements than a block");
  refused({ tables: [tables[0], tables[0]] }, 'table "first" has name "first"');
  refused({ tables: [{ ...tables[0], numEmbeddings: 2 ** 32 + 1 }] }, "at most 2^32 ids in all tables");
});
