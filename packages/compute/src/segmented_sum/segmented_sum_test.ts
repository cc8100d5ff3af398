import { assertThrows } from "@std/assert";
import fc from "fast-check";
import { openCpuDevice } from "../cpu/cpu_device.ts";
import type { AnyDevice } from "../device.ts";
import { assertAllClose, assertSameBits, testOnEachDevice, TestRandom } from "../testing/mod.ts";
import { segmentedSum } from "./segmented_sum.ts";
import { segmentedSumReference } from "./segmented_sum_reference.ts";

/** Sums on a device with room for two segments more than there are. */
async function sums(
  device: AnyDevice,
  values: Float32Array,
  dim: number,
  starts: readonly number[],
  order?: Uint32Array,
): Promise<Float32Array> {
  const segments = starts.length - 1;
  using rows = device.tensor("f32", [values.length / dim, dim], { data: values });
  using bounds = device.tensor("u32", [segments + 3], { data: Uint32Array.of(...starts, 0xffffffff, 0xffffffff) });
  using count = device.tensor("u32", [1], { data: Uint32Array.of(segments) });
  using picks = order && device.tensor("u32", [order.length], { data: order });
  using out = device.tensor("f32", [segments + 2, dim]);
  out.write(new Float32Array(out.size).fill(NaN));
  segmentedSum(rows, bounds, count, out, picks ? { order: picks } : {});
  return await out.read(0, segments * dim) as Float32Array;
}

testOnEachDevice("segmentedSum() equals the reference over segments and widths", async (device) => {
  const cases = fc.record({
    seed: fc.nat(),
    lengths: fc.array(fc.oneof(fc.constantFrom(0, 1, 63, 64, 65, 256, 257, 600), fc.integer({ min: 0, max: 20 })), {
      maxLength: 12,
    }),
    dim: fc.constantFrom(1, 3, 4, 16, 20, 36),
    ordered: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ seed, lengths, dim, ordered }) => {
      const random = new TestRandom(seed);
      const starts = [0];
      for (const length of lengths) starts.push(starts.at(-1)! + length);
      const n = starts.at(-1)!, values = random.f32((n + 1) * dim);
      const order = ordered ? random.ids(n, n + 1) : undefined;
      const expected = segmentedSumReference(values, dim, starts, order);
      // 600 values below 1: their sum's roundings stay below 600 half ulps of 30.
      assertAllClose("out", await sums(device, values, dim, starts, order), expected, { atol: 2e-5 });
    }),
    { numRuns: device.kind === "cpu" ? 200 : 25, seed: 1 },
  );
});

testOnEachDevice("segmentedSum() adds a segment of 5,000 rows, exactly where sums are exact", async (device) => {
  for (const starts of [[0, 5000], [0, 1, 5000], [0, 70, 70, 4999, 5000], [0, 64, 128, 5000]]) {
    const values = Float32Array.from({ length: 5000 * 4 }, (_, i) => i % 7);
    const expected = Float32Array.from(segmentedSumReference(values, 4, starts));
    assertSameBits(`${starts}`, await sums(device, values, 4, starts), expected);
  }
});

testOnEachDevice("segmentedSum() gives a segment the same bits wherever it lies", async (device) => {
  const random = new TestRandom(2), values = random.f32(1500 * 4);
  const alone = await sums(device, values, 4, [0, 1500]);
  for (const before of [1, 63, 64, 300]) {
    const shifted = Float32Array.from([...random.f32(before * 4), ...values]);
    assertSameBits(`${before}`, (await sums(device, shifted, 4, [0, before, before + 1500])).slice(4), alone);
  }
});

Deno.test("segmentedSum() gives the same bits on 1, 2 and 3 threads", async () => {
  const random = new TestRandom(3), values = random.f32(9000 * 16);
  const starts = [0, 5000, 5001, ...Array.from({ length: 500 }, (_, i) => 5001 + 7 * i), 9000];
  const results: Float32Array[] = [];
  for (const threads of [1, 2, 3]) {
    using device = openCpuDevice({ threads, maxBytes: 1 << 26 });
    results.push(await sums(device, values, 16, starts));
  }
  for (const other of results.slice(1)) assertSameBits("out", other, results[0]!);
});

testOnEachDevice("segmentedSum() refuses operands that do not fit", (device) => {
  using values = device.tensor("f32", [4, 2], { label: "values" });
  using starts = device.tensor("u32", [3], { label: "starts" });
  using count = device.tensor("u32", [1], { label: "count" });
  using out = device.tensor("f32", [2, 2], { label: "out" });
  assertThrows(() => segmentedSum(out.reshape([4]), starts, count, out), TypeError, "want f32 [rows, dim]");
  assertThrows(() => segmentedSum(values, out, count, out), TypeError, "want u32 [m + 1]");
  assertThrows(() => segmentedSum(values, starts, starts, out), TypeError, "want u32 of 1 elements");
  assertThrows(() => segmentedSum(values, starts, count, values), TypeError, "want f32 of 4 elements");
  assertThrows(
    () => segmentedSum(values, starts, count, out, { order: out }),
    TypeError,
    `"out" is f32 [2,2]: want u32`,
  );
});
