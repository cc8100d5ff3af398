import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { AnyDevice } from "../device.ts";
import { testOnEachDevice, TestRandom } from "../testing/mod.ts";
import { runLength } from "./run_length.ts";
import { type HostRuns, runLengthReference } from "./run_length_reference.ts";

async function runsOf(device: AnyDevice, data: Uint32Array, live?: number): Promise<HostRuns> {
  const n = data.length;
  using keys = device.tensor("u32", [n], { data });
  using outKeys = device.tensor("u32", [n]);
  using starts = device.tensor("u32", [n + 1]);
  using count = device.tensor("u32", [1]);
  using limit = live === undefined ? undefined : device.tensor("u32", [1], { data: Uint32Array.of(live) });
  runLength(keys, { keys: outKeys, starts, count }, limit ? { count: limit } : {});
  const runs = (await count.read())[0]!;
  return {
    keys: await outKeys.read(0, runs) as Uint32Array,
    starts: await starts.read(0, runs + 1) as Uint32Array,
  };
}

testOnEachDevice("runLength() equals the reference over lengths and duplicates", async (device) => {
  const cases = fc.record({
    seed: fc.nat(),
    n: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.constantFrom(255, 256, 2047, 2048, 2049, 20_000)),
    distinct: fc.constantFrom(1, 3, 1000, 2 ** 32),
    live: fc.option(fc.integer({ min: 0, max: 2100 }), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ seed, n, distinct, live }) => {
      const keys = new TestRandom(seed).ids(n, distinct).sort();
      assertEquals(await runsOf(device, keys, live), runLengthReference(keys.subarray(0, live ?? n)));
    }),
    { numRuns: device.kind === "cpu" ? 150 : 25, seed: 1 },
  );
});

testOnEachDevice("runLength() refuses operands that do not fit", (device) => {
  using keys = device.tensor("u32", [4], { label: "keys" });
  using five = device.tensor("u32", [5], { label: "five" });
  using one = device.tensor("u32", [1], { label: "one" });
  using out = device.tensor("u32", [4], { label: "out" });
  assertThrows(() => runLength(keys, { keys: out, starts: out, count: one }), TypeError, "want u32 of 5 elements");
  assertThrows(() => runLength(keys, { keys: five, starts: five, count: one }), TypeError, "want u32 of 4 elements");
  assertThrows(() => runLength(keys, { keys: out, starts: five, count: out }), TypeError, "want u32 of 1 elements");
  assertThrows(() => runLength(keys, { keys, starts: five, count: one }), TypeError, `"keys" shares memory`);
});
