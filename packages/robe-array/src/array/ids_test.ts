import { assert, assertEquals, assertThrows } from "@std/assert";
import { TestRandom } from "@pocketrec/compute/testing";
import { IdOutOfRangeError } from "../errors.ts";
import { REFERENCE_PRIME } from "../hash/affine.ts";
import { type RobeHash, robeLayout } from "../layout.ts";
import { checkIds, foldOf, type IdRules } from "./ids.ts";

const hashes: readonly RobeHash[] = ["mix32", "m31", "ref1", "ref2"];
const strict: IdRules = {
  table: "user",
  numEmbeddings: 10,
  open: false,
  paddingIdx: undefined,
  fold: foldOf(robeLayout({ size: 4096 }), 0),
};
const open = { ...strict, open: true };

Deno.test("checkIds() takes every kind of ids for what they are", () => {
  for (const ids of [Uint32Array.of(0, 9), Int32Array.of(0, 9), BigUint64Array.of(0n, 9n), [0, 9]]) {
    assertEquals(checkIds(strict, ids), { ids: Uint32Array.of(0, 9), outOfRange: 0 });
  }
});

Deno.test("checkIds() refuses floats and other arrays, negative and fractional ids: TypeError", () => {
  const wrong: [unknown, string][] = [
    [Float32Array.of(1), "Float32Array"],
    [BigInt64Array.of(1n), "BigInt64Array"],
    [new Uint16Array(1), "Uint16Array"],
    ["1", "String"],
    [Int32Array.of(3, -1), "id -1 at position 1"],
    [[1, NaN], "id NaN at position 1"],
    [[1.5], "id 1.5 at position 0"],
    [[1n], "id 1 at position 0"],
  ];
  for (const [ids, text] of wrong) {
    const error = assertThrows(() => checkIds(open, ids as Uint32Array), TypeError, text);
    assert(error.message.includes('"user"') && error.message.includes("want"), error.message);
  }
});

Deno.test("checkIds() refuses numbers beyond 2^32 - 1 and names BigUint64Array: RangeError", () => {
  assertThrows(() => checkIds(open, [2 ** 32]), RangeError, "BigUint64Array");
});

Deno.test("checkIds() names table, position and id beyond a strict table, and counts those of an open one", () => {
  for (const ids of [Uint32Array.of(9, 10), Int32Array.of(9, 10), BigUint64Array.of(9n, 10n), [9, 10]]) {
    const error = assertThrows(() => checkIds(strict, ids), IdOutOfRangeError, 'id 10 at position 1 of table "user"');
    assertEquals([error.table, error.position, Number(error.id)], ["user", 1, 10]);
    assertEquals(checkIds(open, ids), { ids: Uint32Array.of(9, 10), outOfRange: 1 });
  }
});

Deno.test("checkIds() compares 64-bit ids with bounds above 2^32 exactly", () => {
  const rules = { ...strict, numEmbeddings: 2 ** 53 - 1 };
  checkIds(rules, BigUint64Array.of(2n ** 53n - 2n));
  for (const id of [2n ** 53n - 1n, 2n ** 64n - 1n]) {
    assertThrows(() => checkIds(rules, BigUint64Array.of(id)), IdOutOfRangeError, String(id));
  }
});

Deno.test("foldOf() keeps ids below 2^32 and spreads larger ones", () => {
  for (const hash of hashes) {
    const rules = { ...open, fold: foldOf(robeLayout({ size: 4096, hash, seed: 5 }), 3) };
    const small = BigUint64Array.of(0n, 12345n, 2n ** 32n - 1n);
    assertEquals([...checkIds(rules, small).ids], [0, 12345, 2 ** 32 - 1]);
    // Equal low words under different high ones, and neighbours, stay apart.
    const wide = BigUint64Array.from(
      { length: 4096 },
      (_, i) => (BigInt(i >> 6) + 1n << 32n) + BigInt(i & 63) * 0x01000193n,
    );
    assertEquals(new Set(checkIds(rules, wide).ids).size, wide.length, hash);
  }
});

Deno.test("foldOf() is another one in another table, and the id mod P with the authors' layouts", () => {
  const layout = robeLayout({ size: 4096 });
  assert(foldOf(layout, 0)(7, 1) !== foldOf(layout, 1)(7, 1));
  const random = new TestRandom(1), fold = foldOf(robeLayout({ size: 4096, hash: "ref2" }), 0);
  for (let i = 0; i < 100; i++) {
    const low = random.u32(), high = random.u32();
    assertEquals(fold(low, high), Number((BigInt(high) << 32n | BigInt(low)) % BigInt(REFERENCE_PRIME)));
  }
});

Deno.test("checkIds() lets no wide id become the padding id", () => {
  const rules = { ...open, paddingIdx: 41, fold: () => 41 };
  assertEquals([...checkIds(rules, BigUint64Array.of(41n, 2n ** 40n)).ids], [41, 42]);
});
