import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { openCpuDevice } from "../cpu/cpu_device.ts";
import type { AnyDevice } from "../device.ts";
import { testOnEachDevice, TestRandom } from "../testing/mod.ts";
import { radixSort } from "./radix_sort.ts";
import { radixSortReference } from "./radix_sort_reference.ts";

async function sort(
  device: AnyDevice,
  keys: Uint32Array,
  values?: Uint32Array,
  bits?: number,
  live?: number,
): Promise<{ keys: Uint32Array; values: Uint32Array }> {
  using stack = new DisposableStack();
  const u32 = (data: Uint32Array) => stack.use(device.tensor("u32", [data.length], { data }));
  const outKeys = u32(new Uint32Array(keys.length)), outValues = u32(new Uint32Array(keys.length));
  radixSort(u32(keys), values && u32(values), outKeys, outValues, {
    ...(bits === undefined ? {} : { bits }),
    ...(live === undefined ? {} : { count: u32(Uint32Array.of(live)) }),
  });
  return { keys: await outKeys.read() as Uint32Array, values: await outValues.read() as Uint32Array };
}

testOnEachDevice("radixSort() equals the stable sort over lengths, bits and duplicates", async (device) => {
  const cases = fc.record({
    seed: fc.nat(),
    n: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constantFrom(255, 256, 257, 2047, 2048, 2049, 5000)),
    bits: fc.constantFrom(0, 1, 3, 4, 5, 8, 12, 17, 25, 31, 32),
    distinct: fc.constantFrom(1, 2, 50, 2 ** 32),
    values: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ seed, n, bits, distinct, values }) => {
      const random = new TestRandom(seed);
      const spread = Math.floor(2 ** 32 / distinct);
      const keys = Uint32Array.from({ length: n }, () => random.below(distinct) * spread);
      const given = values ? Uint32Array.from({ length: n }, () => random.u32()) : undefined;
      assertEquals(await sort(device, keys, given, bits), radixSortReference(keys, given, bits));
    }),
    { numRuns: device.kind === "cpu" ? 150 : 25, seed: 1 },
  );
});

testOnEachDevice("radixSort() keeps what is sorted, equal or alone", async (device) => {
  const sorted = Uint32Array.from({ length: 3000 }, (_, i) => i * 7);
  assertEquals(await sort(device, sorted), radixSortReference(sorted));
  assertEquals(await sort(device, sorted.toReversed()), radixSortReference(sorted.toReversed()));
  const equal = new Uint32Array(3000).fill(0xdeadbeef);
  assertEquals((await sort(device, equal)).values, Uint32Array.from(equal.keys()));
  assertEquals(await sort(device, Uint32Array.of(9)), { keys: Uint32Array.of(9), values: Uint32Array.of(0) });
  assertEquals(await sort(device, new Uint32Array(0)), { keys: new Uint32Array(0), values: new Uint32Array(0) });
});

testOnEachDevice("radixSort() sorts the first count keys only", async (device) => {
  const keys = new TestRandom(3).ids(5000, 1000);
  for (const live of [0, 1, 2048, 4999, 5000, 7000]) {
    const want = radixSortReference(keys.subarray(0, live), undefined, 10);
    const { keys: got, values } = await sort(device, keys, undefined, 10, live);
    assertEquals({ keys: got.slice(0, live), values: values.slice(0, live) }, want);
  }
});

// Tiles of tiles: more counters than one scan tile holds. Too slow for software adapters to sort by all bits.
testOnEachDevice("radixSort() sorts 300,000 keys", async (device) => {
  const keys = new TestRandom(4).ids(300_000, 200);
  const { keys: got, values } = await sort(device, keys, undefined, 8);
  const want = radixSortReference(keys, undefined, 8);
  assertEquals(got.findIndex((key, i) => key !== want.keys[i]), -1);
  assertEquals(values.findIndex((value, i) => value !== want.values[i]), -1);
});

Deno.test("radixSort() gives the same order on 1, 2 and 3 threads", async () => {
  const keys = new TestRandom(5).ids(100_000, 1 << 20), want = radixSortReference(keys);
  for (const threads of [1, 2, 3]) {
    using device = openCpuDevice({ threads, maxBytes: 1 << 26 });
    const got = await sort(device, keys);
    assertEquals(got.values.findIndex((value, i) => value !== want.values[i]), -1);
  }
});

testOnEachDevice("radixSort() refuses operands that do not fit", (device) => {
  const make = (n: number, label: string) => device.tensor("u32", [n], { label });
  using keys = make(4, "keys");
  using a = make(4, "a");
  using b = make(4, "b");
  using short = make(3, "short");
  using floats = device.tensor("f32", [4], { label: "floats" });
  assertThrows(() => radixSort(keys, undefined, a, short), TypeError, `"short" is u32 [3]: want u32 of 4 elements`);
  assertThrows(() => radixSort(keys, floats, a, b), TypeError, `"floats" is f32 [4]: want u32`);
  assertThrows(() => radixSort(keys, undefined, a, a), TypeError, `into tensor "a"`);
  assertThrows(() => radixSort(keys, undefined, a, keys), TypeError, `into tensor "keys"`);
  assertThrows(() => radixSort(keys, undefined, a, b, { bits: 33 }), RangeError, "by 33 bits");
  assertThrows(() => radixSort(keys, undefined, a, b, { count: short }), TypeError, "want u32 of 1 elements");
});
