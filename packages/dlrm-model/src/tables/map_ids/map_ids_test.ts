import { assertEquals } from "@std/assert";
import { testOnEachDevice } from "@pocketrec/compute/testing";
import { mapIds, NO_ROW } from "./map_ids.ts";

const u32 = (...values: number[]) => Uint32Array.from(values);

testOnEachDevice("mapIds() follows divisor, modulus, base and range, and keeps NO_ROW", async (device) => {
  using ids = device.tensor("u32", [3, 2], { data: u32(0, 9, 7, NO_ROW, 12, 5) });
  using out = device.tensor("u32", [3, 2]);
  using rowBase = device.tensor("u32", [2], { data: u32(100, 200) });
  const bags = { batch: 3, tables: 2, ids };
  const map = async (divisors: Uint32Array, moduli: Uint32Array, start: number, end: number) => {
    using d = device.tensor("u32", [2], { data: divisors });
    using m = device.tensor("u32", [2], { data: moduli });
    mapIds(bags, out, { divisors: d, moduli: m, rowBase, start, end });
    return [...await out.read()];
  };
  const one = u32(1, 1), all = u32(1000, 1000);
  assertEquals(await map(one, all, 0, NO_ROW), [100, 209, 107, NO_ROW, 112, 205]);
  assertEquals(await map(one, u32(5, 4), 0, NO_ROW), [100, 201, 102, NO_ROW, 102, 201]);
  assertEquals(await map(u32(5, 4), all, 0, NO_ROW), [100, 202, 101, NO_ROW, 102, 201]);
  assertEquals(await map(u32(5, 4), u32(2, 2), 0, NO_ROW), [100, 200, 101, NO_ROW, 100, 201]);
  assertEquals(await map(one, all, 105, 209), [NO_ROW, NO_ROW, 2, NO_ROW, 7, 100]);
});

testOnEachDevice("mapIds() follows bags of any length, and modulus 0 leaves a table out", async (device) => {
  // Bags: sample 0 table 0 {1, 8}, table 1 {}; sample 1 table 0 {3}, table 1 {6, 7, 2}.
  using ids = device.tensor("u32", [6], { data: u32(1, 8, 3, 6, 7, 2) });
  using offsets = device.tensor("u32", [5], { data: u32(0, 2, 2, 3, 6) });
  using out = device.tensor("u32", [6]);
  using divisors = device.tensor("u32", [2], { data: u32(1, 1) });
  using moduli = device.tensor("u32", [2], { data: u32(0, 3) });
  using rowBase = device.tensor("u32", [2], { data: u32(0, 10) });
  const bags = { batch: 2, tables: 2, ids, offsets };
  mapIds(bags, out, { divisors, moduli, rowBase, start: 0, end: NO_ROW });
  assertEquals([...await out.read()], [NO_ROW, NO_ROW, NO_ROW, 10, 11, 12]);
});

testOnEachDevice("mapIds() over many blocks", async (device) => {
  const batch = 3001, tables = 3;
  const data = Uint32Array.from({ length: batch * tables }, (_, i) => Math.imul(i, 2654435761) >>> 0);
  using ids = device.tensor("u32", [batch, tables], { data });
  using out = device.tensor("u32", [batch, tables]);
  using divisors = device.tensor("u32", [tables], { data: u32(1, 1, 1) });
  using moduli = device.tensor("u32", [tables], { data: u32(1, 77, 1_000_003) });
  using rowBase = device.tensor("u32", [tables]);
  mapIds({ batch, tables, ids }, out, { divisors, moduli, rowBase, start: 0, end: NO_ROW });
  assertEquals(await out.read(), data.map((id, i) => id % [1, 77, 1_000_003][i % 3]!));
});
