import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { blockOf, damaged, plainRow, rowsOf, testRow } from "./_test_rows.ts";
import { decodeBlock, encodeBlock } from "./crow_block.ts";
import { decodeShardHeader, decodeShardIndex, encodeShardFrame } from "./crow_shard.ts";
import { decodeDictionaries, encodeDictionaries } from "./dictionary_bytes.ts";
import { DataFormatError } from "./errors.ts";
import { xxh32 } from "./hash.ts";

const position = { file: "00000.crow", line: 1 };

Deno.test("decodeBlock() gives back what encodeBlock() took", () => {
  fc.assert(
    fc.property(fc.array(testRow, { maxLength: 40 }), (rows) => {
      const stored = rows.map((row) => ({ ...row, cats: row.cats.map((x) => x ?? 0) }));
      const bytes = encodeBlock(blockOf(stored));
      assertEquals(rowsOf(decodeBlock(bytes, position)), stored);
      const misaligned = new Uint8Array(bytes.length + 1);
      misaligned.set(bytes, 1);
      const into = blockOf(Array.from({ length: 40 }, (_, i) => plainRow(i)));
      assertEquals(rowsOf(decodeBlock(misaligned.subarray(1), position, into)), stored);
    }),
    { seed: 1, numRuns: 100 },
  );
});

Deno.test("encodeBlock() takes no space for constant columns and few bits for small ranges", () => {
  const same = Array.from({ length: 3200 }, () => plainRow(6));
  assertEquals(encodeBlock(blockOf(same)).length, 4 * (4 + 78 + 100 + 100)); // labels, and the bitset of the missing integer
});

Deno.test("decodeBlock() refuses damage, and with a made-up checksum still only throws DataFormatError", () => {
  const bytes = encodeBlock(blockOf(Array.from({ length: 20 }, (_, i) => plainRow(i))));
  fc.assert(
    fc.property(damaged(bytes), fc.boolean(), (copy, forge) => {
      if (forge && copy.length >= 20) new DataView(copy.buffer).setUint32(12, xxh32(copy.subarray(16)), true);
      try {
        const same = copy.length === bytes.length && copy.every((x, i) => x === bytes[i]);
        const block = decodeBlock(copy, position);
        assert(same || forge || copy.subarray(4, 8).some((x) => x !== 0) || block.rows >= 0);
      } catch (error) {
        assert(error instanceof DataFormatError, (error as Error).stack);
      }
    }),
    { seed: 2, numRuns: 500 },
  );
  const flipped = bytes.slice();
  flipped[flipped.length - 1]! ^= 1;
  assertThrows(
    () => decodeBlock(flipped, position),
    DataFormatError,
    "00000.crow:1: Cannot read a block as its checksum",
  );
});

Deno.test("shard frames: header and index come back, damage and foreign dictionaries are refused", () => {
  const hash = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
  const blocks = [{ bytes: 400, rows: 5 }, { bytes: 800, rows: 9 }];
  const { header, index } = encodeShardFrame(blocks, hash);
  const decoded = decodeShardHeader(header, position, hash);
  assertEquals(decoded.indexAt, 64 + 1200);
  assertEquals(decodeShardIndex(index, decoded, position), blocks);
  assertThrows(
    () => decodeShardHeader(header, position, hash.slice().reverse()),
    DataFormatError,
    "another dictionary",
  );
  fc.assert(
    fc.property(damaged(header), (copy) => {
      if (copy.length === 64 && copy.every((x, i) => x === header[i])) return;
      assertThrows(() => decodeShardHeader(copy, position, hash), DataFormatError);
    }),
    { seed: 3, numRuns: 200 },
  );
  index[0]! ^= 4;
  assertThrows(() => decodeShardIndex(index, decoded, position), DataFormatError, "index is damaged");
});

Deno.test("decodeDictionaries() gives back what was encoded and refuses damage", () => {
  const columns = [
    { values: Uint32Array.of(5, 0, 7), missingId: 1 },
    { values: new Uint32Array(0), missingId: -1 },
    { values: Uint32Array.of(0xffffffff), missingId: -1 },
  ];
  const bytes = encodeDictionaries(columns);
  assertEquals(decodeDictionaries(bytes, "d"), columns);
  fc.assert(
    fc.property(damaged(bytes), fc.boolean(), (copy, forge) => {
      const same = copy.length === bytes.length && copy.every((x, i) => x === bytes[i]);
      if (same) return;
      if (!forge) {
        assertThrows(() => decodeDictionaries(copy, "d"), DataFormatError);
        return;
      }
      if (copy.length < 20 || copy.length % 4) return;
      new DataView(copy.buffer).setUint32(copy.length - 4, xxh32(copy.subarray(0, copy.length - 4)), true);
      try {
        decodeDictionaries(copy, "d");
      } catch (error) {
        assert(error instanceof DataFormatError);
      }
    }),
    { seed: 4, numRuns: 400 },
  );
});
