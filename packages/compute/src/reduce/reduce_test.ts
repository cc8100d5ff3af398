import { assertThrows } from "@std/assert";
import fc from "fast-check";
import { openCpuDevice } from "../cpu/cpu_device.ts";
import { assertAllClose, assertSameBits, testOnEachDevice, TestRandom } from "../testing/mod.ts";
import { sum, sumSquares } from "./reduce.ts";

testOnEachDevice("sum() and sumSquares() equal float64", async (device) => {
  const sizes = fc.oneof(fc.nat(50), fc.nat(40_000));
  const property = fc.asyncProperty(sizes, fc.nat(), async (size, seed) => {
    const data = new TestRandom(seed).f32(size, -1, 3);
    using a = device.tensor("f32", [size], { data });
    using out = device.tensor("f32", [1], { data: new Float32Array([7]) });
    // Trees of f32: errors grow with the depth and the longest strided sum, below 64 steps here.
    const rtol = device.kind === "cpu" ? 1e-7 : 2e-6;
    sum(a, out);
    assertAllClose("sum", await out.read(), [data.reduce((s, x) => s + x, 0)], { atol: 1e-5, rtol });
    sumSquares(a, out);
    assertAllClose("sumSquares", await out.read(), [data.reduce((s, x) => s + x * x, 0)], { atol: 1e-5, rtol });
  });
  await fc.assert(property, { seed: 5, numRuns: device.kind === "cpu" ? 40 : 8 });
});

Deno.test("sum() gives the same bits for 1, 2 and 3 threads", async () => {
  const data = new TestRandom(1).f32(100_003);
  const results: Float32Array[] = [];
  for (const threads of [1, 2, 3]) {
    using device = openCpuDevice({ threads });
    const out = device.tensor("f32", [1]);
    sum(device.tensor("f32", [data.length], { data }), out);
    results.push(await out.read() as Float32Array);
  }
  for (const other of results.slice(1)) assertSameBits("sum", other, results[0]!);
});

Deno.test("sum() refuses what does not fit", () => {
  using device = openCpuDevice({ threads: 1 });
  const out = device.tensor("f32", [2], { label: "out" }), a = device.tensor("f32", [4]);
  assertThrows(() => sum(a, out), TypeError, 'Cannot run sum as out "out" is f32 [2]: want f32 [1]');
  assertThrows(() => sumSquares(device.tensor("i32", [4]), a.view(0, [1])), TypeError, "want f32 of 4 elements");
  assertThrows(() => sum(a, a.view(0, [1])), TypeError, "shares memory");
});
