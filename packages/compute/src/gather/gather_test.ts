import { assertThrows } from "@std/assert";
import { assertSameBits, testOnEachDevice, TestRandom } from "../testing/mod.ts";
import { gather } from "./gather.ts";
import { gatherReference } from "./gather_reference.ts";

testOnEachDevice("gather() copies rows, zeros beyond the table", async (device) => {
  for (const [n, rows, dim] of [[0, 3, 4], [1, 1, 1], [1200, 40, 16], [77, 9, 5], [5, 0, 4]] as const) {
    const random = new TestRandom(n);
    const data = random.f32(rows * dim), picks = random.ids(n, rows + 2);
    if (n > 2) picks[2] = 0xffffffff;
    using table = device.tensor("f32", [rows, dim], { data });
    using ids = device.tensor("u32", [n], { data: picks });
    using out = device.tensor("f32", [n, dim], { data: new Float32Array(n * dim).fill(NaN) });
    gather(table, ids, out);
    assertSameBits(`${n} of ${rows}`, await out.read(), Float32Array.from(gatherReference(data, dim, picks)));
  }
});

testOnEachDevice("gather() refuses operands that do not fit", (device) => {
  using table = device.tensor("f32", [4, 3], { label: "table" });
  using ids = device.tensor("u32", [2], { label: "ids" });
  using out = device.tensor("f32", [2, 3], { label: "out" });
  assertThrows(() => gather(table, ids, table), TypeError, `tensor "table" is f32 [4,3]: want f32 of 6 elements`);
  assertThrows(() => gather(table, out, out), TypeError, `tensor "out" is f32 [2,3]: want u32`);
  assertThrows(() => gather(table.reshape([12]), ids, out), TypeError, "want f32 [rows, dim]");
});
