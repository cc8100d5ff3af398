import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { assertSameBits, testOnEachDevice, TestRandom } from "@pocketrec/compute/testing";
import { openCpuDevice } from "@pocketrec/compute";
import { ConfigError, CorruptModelError } from "../errors.ts";
import { makeArray, QUICK_DEVICES } from "./_test_array.ts";
import { RobeArray } from "./robe_array.ts";

async function train(robe: RobeArray, seed: number, steps = 2): Promise<void> {
  const random = new TestRandom(seed);
  for (let step = 0; step < steps; step++) {
    using out = robe.forward({
      user: { indices: random.ids(20, 100) },
      item: { indices: random.ids(40, 30), bagSize: 2 },
    });
    await robe.update(out, { user: random.f32(20 * 16), item: random.f32(20 * 8) });
  }
}

function addTables(robe: RobeArray): void {
  robe.addTable({ name: "user", numEmbeddings: 100, dim: 16 });
  robe.addTable({ name: "item", numEmbeddings: 30, dim: 8, mode: "mean", paddingIdx: 4, scale: 2, bounds: "open" });
}

const adam = { optimizer: { kind: "adam", lr: 0.01, beta1: 0.8 } } as const;

testOnEachDevice("RobeArray.save() and load() carry training over, bit by bit", async (device) => {
  using robe = await makeArray(device, adam);
  addTables(robe);
  await train(robe, 1);
  const bytes = await robe.save();
  using loaded = await RobeArray.load(bytes, { device });
  assertEquals([...loaded.tables], [...robe.tables]);
  assertEquals(loaded.layout, robe.layout);
  await train(robe, 2);
  await train(loaded, 2);
  assertSameBits("weight", await loaded.weight.read(), await robe.weight.read());
  assertSameBits("row", await loaded.row("item", 31), await robe.row("item", 31)); // an open table stays open
  assertEquals([...await loaded.row("item", 4)], Array(8).fill(0));
  assertEquals(loaded.stats().steps, 4);
}, { devices: QUICK_DEVICES });

Deno.test("RobeArray.save() fills streams, and load() reads them", async () => {
  using device = openCpuDevice({ threads: 1 });
  using robe = await makeArray(device);
  addTables(robe);
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const [bytes, loaded] = await Promise.all([robe.save(writable), RobeArray.load(readable, { device })]);
  using _ = loaded;
  assert(bytes.length > 2560);
  assertSameBits("weight", await loaded.weight.read(), await robe.weight.read());
});

Deno.test("RobeArray.load() makes f16 of a trained array, for inference", async () => {
  using device = openCpuDevice({ threads: 1 });
  using robe = await makeArray(device, adam);
  addTables(robe);
  await train(robe, 1);
  using half = await RobeArray.load(await robe.save(), { device, dtype: "f16" });
  const [a, b] = [await half.row("user", 9), await robe.row("user", 9)];
  a.forEach((value, i) => assert(Math.abs(value - b[i]!) <= Math.abs(b[i]!) * 2 ** -11 + 2 ** -25));
  assertEquals(half.stats().bytes, 1280);
  using again = await RobeArray.load(await half.save(), { device });
  assertEquals(await again.row("user", 9), a);
  using wide = await RobeArray.load(await half.save(), { device, dtype: "f32" });
  assertEquals(await wide.row("user", 9), a);
});

Deno.test("RobeArray.load() lets tables be declared once more, as what they are: ConfigError", async () => {
  using device = openCpuDevice({ threads: 1 });
  using robe = await makeArray(device);
  addTables(robe);
  using loaded = await RobeArray.load(await robe.save(), { device });
  assertThrows(() => loaded.addTable({ name: "user", numEmbeddings: 100, dim: 8 }), ConfigError, "dim 8");
  assertThrows(() => loaded.addTable({ name: "user", numEmbeddings: 99, dim: 16 }), ConfigError, "numEmbeddings 99");
  const user = loaded.addTable({ name: "user", numEmbeddings: 200, dim: 16 });
  assertEquals(await user.row(99), await robe.row("user", 99));
  await user.row(199);
  assertThrows(() => loaded.addTable({ name: "user", numEmbeddings: 200, dim: 16 }), ConfigError, "of that name");
  loaded.addTable({ name: "new", numEmbeddings: 5, dim: 16 });
});

Deno.test("RobeArray.restore() takes over an array saved before growth", async () => {
  using device = openCpuDevice({ threads: 1 });
  using robe = await makeArray(device, adam);
  addTables(robe);
  await train(robe, 1);
  const bytes = await robe.save(), row = await robe.row("user", 5);
  await robe.growArray(2);
  await train(robe, 2);
  await robe.restore(bytes);
  assertEquals([robe.layout.size, robe.stats().steps], [640, 2]);
  assertEquals(await robe.row("user", 5), row);
  await train(robe, 3);
});

Deno.test("RobeArray.restore() refuses damaged and other files, the array untouched: CorruptModelError", async () => {
  using device = openCpuDevice({ threads: 1 });
  using robe = await makeArray(device, adam);
  addTables(robe);
  await train(robe, 1);
  const bytes = await robe.save(), before = await robe.weight.read();
  const other = async (options: Parameters<typeof makeArray>[1], dim = 16) => {
    using array = await makeArray(device, { ...adam, ...options });
    array.addTable({ name: "user", numEmbeddings: 100, dim });
    array.addTable({ name: "item", numEmbeddings: 30, dim: 8 });
    return await array.save();
  };
  const golden = new TextDecoder("latin1").decode(bytes).indexOf("golden");
  const files: [string, Uint8Array][] = [
    ["truncated", bytes.subarray(0, bytes.length - 1)],
    ["no header", bytes.subarray(0, 4)],
    ["damaged header", bytes.with(20, 0)],
    ...(golden < 0 ? [] : [["golden vector", damagedDigit(bytes, golden)] as [string, Uint8Array]]),
    ["hash", await other({ hash: "m31" })],
    ["seed", await other({ seed: 1 })],
    ["block size", await other({ blockSize: 16 })],
    ["sign", await other({ sign: false })],
    ["dtype", await other({ dtype: "f16", optimizer: null })],
    ["dim", await other({}, 8)],
  ];
  for (const [what, file] of files) {
    await assertRejects(() => robe.restore(file), CorruptModelError, undefined, what);
    assertEquals(await robe.weight.read(), before, what);
    assertEquals(robe.stats().steps, 2, what);
  }
});

/** Changes the first digit after a place to another. */
function damagedDigit(bytes: Uint8Array, from: number): Uint8Array {
  const at = bytes.findIndex((byte, i) => i > from && byte >= 0x31 && byte <= 0x38);
  return bytes.with(at, bytes[at]! + 1);
}
