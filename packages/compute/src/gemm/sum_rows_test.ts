import { assertEquals, assertThrows } from "@std/assert";
import { openCpuDevice } from "../cpu/cpu_device.ts";
import type { AnyDevice } from "../device.ts";
import { assertAllClose, assertSameBits, testOnEachDevice, TestRandom } from "../testing/mod.ts";
import { sumRowsReference } from "./gemm_reference.ts";
import { sumRows } from "./sum_rows.ts";

async function result(device: AnyDevice, m: number, n: number, data: Float32Array): Promise<Float32Array> {
  using a = device.tensor("f32", [m, n], { data, label: "a" });
  using out = device.tensor("f32", [n], { data: new Float32Array(n).fill(NaN), label: "out" });
  sumRows(a, out);
  return await out.read() as Float32Array;
}

const SHAPES = [[0, 3], [1, 1], [64, 5], [65, 17], [300, 1], [1000, 130], [3, 0], [5000, 33]] as const;

testOnEachDevice("sumRows() equals the reference", async (device) => {
  for (const [m, n] of SHAPES) {
    const a = new TestRandom(m).f32(m * n);
    // Chunks of 64 keep partial sums near 8, and their sums near sqrt(m): errors stay below 1e-6 per sqrt(m).
    const atol = 1e-6 * Math.sqrt(m + 1);
    assertAllClose(`sumRows [${m},${n}]`, await result(device, m, n, a), sumRowsReference(m, n, a), { atol });
  }
});

testOnEachDevice("sumRows() gives the same bits on every device, for any number of threads", async (device) => {
  using single = openCpuDevice({ threads: 1 });
  for (const [m, n] of SHAPES) {
    const a = new TestRandom(m + 1).f32(m * n, -3, 5);
    assertSameBits(`sumRows [${m},${n}]`, await result(device, m, n, a), await result(single, m, n, a));
  }
});

testOnEachDevice("sumRows() adds in the documented order", async (device) => {
  const m = 150;
  const a = new TestRandom(9).f32(m);
  let expected = -0;
  for (let first = 0; first < m; first += 64) {
    let part = -0;
    for (let i = first; i < Math.min(m, first + 64); i++) part = Math.fround(part + a[i]!);
    expected = Math.fround(expected + part);
  }
  assertEquals([...await result(device, m, 1, a)], [expected]);
});

testOnEachDevice("sumRows() refuses what does not fit", (device) => {
  const a = device.tensor("f32", [4, 3], { label: "dy" });
  assertEquals(
    assertThrows(() => sumRows(a, device.tensor("f32", [4], { label: "db" })), TypeError).message,
    'Cannot run sumRows as out "db" is f32 [4]: want f32 [3]',
  );
  assertEquals(
    assertThrows(() => sumRows(a.reshape([12]), a), TypeError).message,
    'Cannot run sumRows as a "dy" is f32 [12]: want f32 of rank 2',
  );
  assertEquals(
    assertThrows(() => sumRows(a, a.view(0, [3])), TypeError).message,
    'Cannot run sumRows as a "dy" shares memory with out "dy"',
  );
});
