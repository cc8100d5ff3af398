import { assert, assertAlmostEquals, assertEquals, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { assertAllClose, assertSameBits, testOnEachDevice, TestRandom } from "@pocketrec/compute/testing";
import { openCpuDevice, randomUniform, streamOf } from "@pocketrec/compute";
import { DEVICES as devices, makeArray, rowByDefinition, squaredLoss } from "./_test_array.ts";
import { foldOf } from "./ids.ts";
import { RobeArray } from "./robe_array.ts";
import type { RobeOptimizerConfig } from "./optimizer.ts";

testOnEachDevice("RobeArray.row() is the row of the definition", async (device) => {
  using robe = await makeArray(device, { initScale: 1 });
  robe.addTable({ name: "user", numEmbeddings: 1000, dim: 16 });
  const item = robe.addTable({ name: "item", numEmbeddings: 50, dim: 8, scale: 0.5 });
  for (const id of [0, 1, 999]) assertEquals([...await robe.row("user", id)], await rowByDefinition(robe, 0, 16, id));
  const half = (await rowByDefinition(robe, 1, 8, 7)).map((value) => value * 0.5);
  assertEquals([...await item.row(7)], half);
}, { devices });

testOnEachDevice(
  "RobeArray.forward() pools like torch.nn.EmbeddingBag, tables of all kinds at once",
  async (device) => {
    using robe = await makeArray(device, { initScale: 1 });
    robe.addTable({ name: "sum", numEmbeddings: 100, dim: 16 });
    robe.addTable({ name: "mean", numEmbeddings: 100, dim: 16, mode: "mean", paddingIdx: 3 });
    robe.addTable({ name: "one", numEmbeddings: 100, dim: 16 });
    robe.addTable({ name: "narrow", numEmbeddings: 100, dim: 8 });
    using out = robe.forward({
      sum: {
        indices: Int32Array.of(5, 6, 7, 5),
        offsets: [0, 2, 2],
        perSampleWeights: Float32Array.of(1, 2, 3, -1),
      },
      mean: { indices: Uint32Array.of(1, 3, 2, 4, 3, 3), bagSize: 2 },
      one: { indices: [8, 9, 8] },
      narrow: { indices: BigUint64Array.of(1n, 2n), offsets: Uint32Array.of(0, 0, 1, 2) },
    });
    assertEquals(out.groups.map(({ tables }) => tables), [["sum", "one"], ["mean"], ["narrow"]]);
    const row = (table: string, id: number) => robe.row(table, id);
    const blend = async (table: string, ...terms: [number, number][]) => {
      const sum = new Float64Array(robe.table(table).info.dim);
      for (const [factor, id] of terms) (await row(table, id)).forEach((value, i) => sum[i]! += factor * value);
      return [...sum];
    };
    const close = { atol: 1e-6, rtol: 1e-6 };
    const sums = [...await blend("sum", [1, 5], [2, 6]), ...await blend("sum"), ...await blend("sum", [3, 7], [-1, 5])];
    assertAllClose("sum", await out.read("sum"), sums, close);
    const means = [...await blend("mean", [1, 1]), ...await blend("mean", [0.5, 2], [0.5, 4]), ...await blend("mean")];
    assertAllClose("mean", await out.read("mean"), means, close);
    assertEquals([...await out.read("one")], [...await row("one", 8), ...await row("one", 9), ...await row("one", 8)]);
    const narrow = [
      ...await blend("narrow"),
      ...await row("narrow", 1),
      ...await row("narrow", 2),
      ...await blend("narrow"),
    ];
    assertAllClose("narrow", await out.read("narrow"), narrow, close);
  },
  { devices },
);

testOnEachDevice("RobeArray begins with the same bits on every device", async (device) => {
  using robe = await makeArray(device, { seed: 7 });
  robe.addTable({ name: "a", numEmbeddings: 400, dim: 8 });
  using cpu = openCpuDevice({ threads: 1 });
  using expected = cpu.tensor("f32", [640]);
  const high = Math.sqrt(1 / 400);
  randomUniform(expected, { seed: 7, stream: streamOf("robe.weight"), low: -high, high });
  assertSameBits("weight", await robe.weight.read(), await expected.read());
}, { devices });

testOnEachDevice("RobeArray.step() moves every slot by the sum of what shares it", async (device) => {
  using robe = await makeArray(device, { initScale: 1, size: { floats: 64 } });
  robe.addTable({ name: "a", numEmbeddings: 50, dim: 16, scale: 2 });
  robe.addTable({ name: "b", numEmbeddings: 50, dim: 8 });
  const before = await robe.weight.read();
  const random = new TestRandom(1), ids = { a: random.ids(6, 50), b: random.ids(6, 50) };
  const gradients = { a: random.f32(6 * 16), b: random.f32(6 * 8) };
  using out = robe.forward({ a: { indices: ids.a }, b: { indices: ids.b } });
  await robe.update(out, gradients, 0.25);
  // Look-ups are linear, so the gradient at a slot is the inner product with what one unit there looks like.
  const after = await robe.weight.read(), unit = new Float32Array(64);
  for (const slot of [0, 13, 40, 63]) {
    robe.weight.write(unit.fill(0).fill(1, slot, slot + 1));
    using probe = robe.forward({ a: { indices: ids.a }, b: { indices: ids.b } });
    let slope = 0;
    for (const name of ["a", "b"] as const) {
      (await probe.read(name)).forEach((value, i) => slope += value * gradients[name][i]!);
    }
    assertAlmostEquals(after[slot]!, before[slot]! - 0.25 * slope, 1e-5);
  }
}, { devices });

const optimizers: readonly RobeOptimizerConfig[] = [
  { kind: "sgd", lr: 8 },
  { kind: "momentum", lr: 4 },
  { kind: "adagrad", lr: 0.2 },
  { kind: "segment-adagrad", lr: 0.2 },
  { kind: "adam", lr: 0.05 },
];
for (const optimizer of optimizers) {
  testOnEachDevice(`RobeArray learns a toy by ${optimizer.kind}`, async (device) => {
    using robe = await makeArray(device, { optimizer, size: { floats: 512 } });
    robe.addTable({ name: "user", numEmbeddings: 40, dim: 8 });
    robe.addTable({ name: "item", numEmbeddings: 20, dim: 8 });
    const random = new TestRandom(2);
    const inputs = { user: { indices: random.ids(32, 40) }, item: { indices: random.ids(64, 20), bagSize: 2 } };
    const targets = { user: random.f32(32 * 8), item: random.f32(32 * 8) };
    const losses: number[] = [];
    for (let step = 0; step < 12; step++) {
      using out = robe.forward(inputs);
      const user = squaredLoss(await out.read("user"), targets.user);
      const item = squaredLoss(await out.read("item"), targets.item);
      losses.push(user.loss + item.loss);
      await robe.update(out, { user: user.gradient, item: item.gradient });
    }
    assert(losses.at(-1)! < 0.8 * losses[0]!, losses.join(" "));
    assertEquals(robe.stats().steps, 12);
  }, { devices });
}

testOnEachDevice("RobeArray.backward() takes device tensors, and several calls add up", async (device) => {
  const random = new TestRandom(3), gradients = { a: random.f32(24), b: random.f32(24) };
  const ids = { a: { indices: random.ids(3, 50) }, b: { indices: random.ids(3, 50) } };
  const train = async (by: "host" | "device" | "twice") => {
    using robe = await makeArray(device);
    for (const name of ["a", "b"]) robe.addTable({ name, numEmbeddings: 50, dim: 8 });
    if (by === "twice") {
      for (const name of ["a", "b"] as const) {
        using out = robe.forward({ [name]: ids[name] });
        robe.backward(out, gradients[name]);
      } // disposed before the step
    } else {
      using out = robe.forward(ids);
      using tensor = device.tensor("f32", [3, 8], { data: gradients.a });
      robe.backward(out, by === "host" ? gradients : { ...gradients, a: tensor });
    }
    await robe.step();
    return await robe.weight.read() as Float32Array;
  };
  const host = await train("host");
  assertSameBits("device tensors", await train("device"), host);
  assertAllClose("two calls", await train("twice"), host, { atol: 1e-6, rtol: 1e-6 });
}, { devices });

Deno.test("RobeArray resolves a compression ratio at its first use, over all tables until then", async () => {
  using robe = await RobeArray.create({ device: "cpu", size: { compressionRatio: 10 }, blockSize: 8 });
  robe.addTable({ name: "a", numEmbeddings: 100, dim: 16 });
  robe.addTable({ name: "b", numEmbeddings: 50, dim: 32 });
  assertEquals(robe.layout.size, 320);
  robe.addTable({ name: "late", numEmbeddings: 1000, dim: 16 });
  assertEquals(robe.layout.size, 320);
  assertEquals(robe.stats().compressionRatio, (3200 + 16000) / 320);
});

Deno.test("RobeArray.addTable() and RobeTable.grow() move no row of any table", async () => {
  for (const hash of ["mix32", "m31"] as const) {
    using device = openCpuDevice({ threads: 1 });
    using robe = await makeArray(device, { hash });
    const first = robe.addTable({ name: "first", numEmbeddings: 100, dim: 16 });
    const ids = [0, 1, 57, 99];
    const starts = first.starts(ids), rows = await Promise.all(ids.map((id) => first.row(id)));
    const second = robe.addTable({ name: "second", numEmbeddings: 30, dim: 8 });
    const secondStarts = second.starts([0, 29]);
    robe.addTable({ name: "third", numEmbeddings: 30, dim: 8 });
    first.grow(10_000);
    assertEquals(first.info.numEmbeddings, 10_000);
    assertEquals(first.starts(ids), starts);
    assertEquals(await Promise.all(ids.map((id) => first.row(id))), rows);
    assertEquals(second.starts([0, 29]), secondStarts);
    await first.row(9999);
    assertThrows(() => first.grow(5), RangeError, "want a whole number >= 10000");
  }
});

Deno.test("RobeArray gives tables of equal ids rows of their own", async () => {
  using device = openCpuDevice({ threads: 1 });
  using robe = await makeArray(device);
  const a = robe.addTable({ name: "a", numEmbeddings: 100, dim: 16 });
  const b = robe.addTable({ name: "b", numEmbeddings: 100, dim: 16 });
  assertNotEquals(a.starts([0, 1, 2, 3]), b.starts([0, 1, 2, 3]));
  using twin = await makeArray(device);
  const moved = twin.addTable({ name: "b", numEmbeddings: 100, dim: 16, index: 1 });
  assertEquals(moved.starts([0, 1, 2, 3]), b.starts([0, 1, 2, 3]));
});

Deno.test("RobeArray looks up 64-bit ids, and keeps the rows of small ones", async () => {
  using device = openCpuDevice({ threads: 1 });
  using robe = await makeArray(device, { size: { floats: 4096 } });
  const url = robe.addTable({ name: "url", numEmbeddings: 2 ** 40, dim: 16, paddingIdx: 0 });
  assertEquals(url.starts(BigUint64Array.of(77n)), url.starts([77]));
  assertNotEquals(url.starts(BigUint64Array.of(2n ** 32n + 77n)), url.starts([77]));
  const folded = foldOf(robe.layout, 0)(5, 2 ** 7);
  assertEquals([...await url.row(2n ** 39n + 5n)], await rowByDefinition(robe, 0, 16, folded));
  assertEquals([...await url.row(0)], Array(16).fill(0));
  await assertRejects(() => url.row(2n ** 40n), RangeError, "1099511627776");
  await assertRejects(() => url.row(-1n), TypeError, "id -1");
});

Deno.test("RobeArray trains to the same bytes on one and two threads", async () => {
  for (const determinism of ["sorted", "fixed-point", "fast"] as const) {
    const bytes: Uint8Array[] = [];
    for (const threads of [1, 2]) {
      using device = openCpuDevice({ threads });
      using robe = await makeArray(device, { determinism, optimizer: { kind: "adagrad", lr: 0.1 } });
      robe.addTable({ name: "user", numEmbeddings: 500, dim: 16 });
      robe.addTable({ name: "item", numEmbeddings: 20, dim: 8 });
      const random = new TestRandom(4);
      for (let step = 0; step < 5; step++) {
        const inputs = { user: { indices: random.ids(300, 500), bagSize: 3 }, item: { indices: random.ids(100, 20) } };
        using out = robe.forward(inputs);
        await robe.update(out, { user: random.f32(100 * 16), item: random.f32(100 * 8) });
      }
      bytes.push(await robe.save());
    }
    assertEquals(bytes[0], bytes[1], determinism);
  }
});

Deno.test("RobeArray.stats() counts", async () => {
  using device = openCpuDevice({ threads: 1 });
  using robe = await makeArray(device, { optimizer: { kind: "adam", lr: 1 } });
  robe.addTable({ name: "a", numEmbeddings: 5000, dim: 16, bounds: "open" });
  using _ = robe.forward({ a: { indices: [1, 2, 5000, 4_000_000_000] } });
  const { startHistogram, ...stats } = robe.stats();
  assertEquals(stats, {
    elements: 640,
    bytes: 2560,
    stateBytes: 5120,
    fullElements: 80_000,
    compressionRatio: 125,
    expectedCollisions: 79_999 / 640,
    steps: 0,
    lookups: 4,
    outOfRange: 2,
    lastLoad: 64 / 640,
  });
  assertEquals(startHistogram.length, 64);
  assertEquals(startHistogram.reduce((sum, count) => sum + count, 0), 2048);
  // 640 elements have 160 starts, 2 or 3 in each of 64 parts: about 32 of 2048 each.
  assert(Math.min(...startHistogram) > 5 && Math.max(...startHistogram) < 80, startHistogram.join());
});

Deno.test("RobeArray in f16 looks up the rounded array and refuses to train", async () => {
  using device = openCpuDevice({ threads: 1 });
  using robe = await makeArray(device, { dtype: "f16", optimizer: null });
  robe.addTable({ name: "a", numEmbeddings: 100, dim: 16 });
  using full = await makeArray(device);
  full.addTable({ name: "a", numEmbeddings: 100, dim: 16 });
  const [half, float] = [await robe.row("a", 42), await full.row("a", 42)];
  assertAllClose("row", half, float, { atol: 0, rtol: 2 ** -11 });
  assertNotEquals(half, float);
  assertEquals(robe.stats().bytes, 1280);
});

Deno.test("RobeArray frees everything it allocated", async () => {
  using device = openCpuDevice({ threads: 1 });
  // Scratch memory of kernels stays with the device: measured from a second run on.
  const used: number[] = [];
  for (let run = 0; run < 3; run++) {
    {
      using robe = await makeArray(device);
      robe.addTable({ name: "a", numEmbeddings: 100, dim: 16 });
      using out = robe.forward({ a: { indices: [1, 2, 3], bagSize: 3 } });
      await robe.update(out, new Float32Array(16).fill(1));
      await robe.row("a", 3);
      await robe.growArray(2);
      robe.backward(out, new Float32Array(16));
      assertThrows(() => robe.forward({ a: { indices: [1, 2, 3, 100] } }), RangeError);
    }
    used.push(device.usedBytes);
  }
  assertEquals(used[2], used[1]);
});
