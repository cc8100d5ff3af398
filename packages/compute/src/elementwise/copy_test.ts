import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { openCpuDevice } from "../cpu/cpu_device.ts";
import { testOnEachDevice, TestRandom } from "../testing/mod.ts";
import { copy, copyColumns, fill } from "./copy.ts";

testOnEachDevice("fill() sets every element of every dtype", async (device) => {
  for (const size of [0, 1, 3, 300]) {
    using f = device.tensor("f32", [size]);
    using u = device.tensor("u32", [size]);
    using i = device.tensor("i32", [size]);
    fill(f, 0.1);
    fill(u, 0xdeadbeef);
    fill(i, -7);
    assertEquals([...await f.read()], Array(size).fill(Math.fround(0.1)));
    assertEquals([...await u.read()], Array(size).fill(0xdeadbeef));
    assertEquals([...await i.read()], Array(size).fill(-7));
    fill(f, 0);
    assertEquals([...await f.read()], Array(size).fill(0));
  }
});

testOnEachDevice("fill() stays within a view", async (device) => {
  using whole = device.tensor("f32", [130]);
  fill(whole.view(64, [3]), 5);
  fill(whole.view(64, [1]), 0);
  assertEquals([...await whole.read(62, 6)], [0, 0, 0, 5, 5, 0]);
});

testOnEachDevice("copy() copies under another shape", async (device) => {
  using from = device.tensor("u32", [2, 3], { data: new Uint32Array([1, 2, 3, 4, 5, 6]) });
  using to = device.tensor("u32", [6]);
  copy(from, to);
  assertEquals([...await to.read()], [1, 2, 3, 4, 5, 6]);
});

testOnEachDevice("copyColumns() equals a loop", async (device) => {
  const cases = fc.record({
    rows: fc.nat(300),
    columns: fc.nat(6),
    pads: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.nat(3)),
  });
  const property = fc.asyncProperty(cases, async ({ rows, columns, pads }) => {
    const [fromColumn, fromRest, toColumn, toRest] = pads;
    const fromWidth = fromColumn + columns + fromRest, toWidth = toColumn + columns + toRest;
    const random = new TestRandom(rows), source = random.f32(rows * fromWidth), expected = random.f32(rows * toWidth);
    using from = device.tensor("f32", [rows, fromWidth], { data: source });
    using to = device.tensor("f32", [rows, toWidth], { data: expected });
    copyColumns(from, to, { fromColumn, toColumn, columns });
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < columns; c++) expected[r * toWidth + toColumn + c] = source[r * fromWidth + fromColumn + c]!;
    }
    assertEquals(await to.read(), expected);
  });
  await fc.assert(property, { seed: 4, numRuns: device.kind === "cpu" ? 60 : 8 });
});

Deno.test("copy operators refuse what does not fit", () => {
  using device = openCpuDevice({ threads: 1 });
  const a = device.tensor("f32", [4, 3], { label: "a" }), b = device.tensor("f32", [4, 2], { label: "b" });
  assertThrows(() => copy(a, b), TypeError, 'Cannot run copy as to "b" is f32 [4,2]: want f32 of 12 elements');
  assertThrows(
    () => copyColumns(a, b),
    RangeError,
    'Cannot run copyColumns on 3 columns from 0 on of to "b": it has 2',
  );
  assertThrows(() => copyColumns(a, b, { fromColumn: 4 }), RangeError, "on -1 columns from 4 on of from");
  assertThrows(() => copyColumns(a, device.tensor("f32", [5, 3])), TypeError, "want f32 [4,3]");
  assertThrows(() => copyColumns(a, a), TypeError, "shares memory");
});
