import { assert, assertEquals, assertRejects } from "@std/assert";
import { assertSameBits, testOnEachDevice, TestRandom } from "@pocketrec/compute/testing";
import { openCpuDevice } from "@pocketrec/compute";
import { ConfigError } from "../errors.ts";
import { decodeRobeFile } from "../file/robe_file.ts";
import { DEVICES as devices, makeArray, QUICK_DEVICES } from "./_test_array.ts";
import type { RobeArray } from "./robe_array.ts";

async function outputs(robe: RobeArray): Promise<Float32Array[]> {
  const random = new TestRandom(1);
  const wide = { indices: random.ids(90, 5000), bagSize: 3, perSampleWeights: random.f32(90) };
  using out = robe.forward({ wide, narrow: { indices: random.ids(30, 70) }, tiny: { indices: random.ids(30, 70) } });
  return await Promise.all(out.tables.map((table) => out.read(table)));
}

function addTables(robe: RobeArray): void {
  robe.addTable({ name: "wide", numEmbeddings: 5000, dim: 20 });
  robe.addTable({ name: "narrow", numEmbeddings: 70, dim: 8, scale: 3 });
  robe.addTable({ name: "tiny", numEmbeddings: 70, dim: 4 }); // two rows per block
}

for (const hash of ["mix32", "m31"] as const) {
  for (const factor of [2, 3]) {
    testOnEachDevice(`RobeArray.growArray(${factor}) leaves look-ups the same bits with ${hash}`, async (device) => {
      using robe = await makeArray(device, { hash });
      addTables(robe);
      const before = await outputs(robe);
      await robe.growArray(factor);
      assertEquals(robe.layout.size, 640 * factor);
      (await outputs(robe)).forEach((values, i) => assertSameBits([...robe.tables.keys()][i]!, values, before[i]!));
    }, { devices });
  }
}

testOnEachDevice("RobeArray.growArray() takes the optimiser's state along", async (device) => {
  for (const kind of ["momentum", "adagrad", "segment-adagrad", "adam"] as const) {
    using robe = await makeArray(device, { optimizer: { kind, lr: 0.1 } });
    addTables(robe);
    const random = new TestRandom(2);
    for (let step = 0; step < 2; step++) await trainNarrow(robe, random);
    const before = decodeRobeFile(await robe.save());
    await robe.growArray(2);
    const after = decodeRobeFile(await robe.save());
    assertEquals([after.step, after.layout.size], [2, 1280]);
    for (const name of Object.keys(before.states)) {
      const half = before.states[name]!;
      assert(half.some((value) => value !== 0), name);
      assertSameBits(name, after.states[name]!, Float32Array.of(...half, ...half));
    }
  }
}, { devices: QUICK_DEVICES });

testOnEachDevice("RobeArray.growArray() between forward and backward is growth before both", async (device) => {
  const weights: Float32Array[] = [];
  for (const between of [false, true]) {
    using robe = await makeArray(device, { optimizer: { kind: "adagrad", lr: 0.1 } });
    addTables(robe);
    const random = new TestRandom(3);
    await trainNarrow(robe, random);
    if (!between) await robe.growArray(3);
    await trainNarrow(robe, random, () => between ? robe.growArray(3) : undefined);
    weights.push(await robe.weight.read() as Float32Array);
  }
  assertSameBits("weight", weights[1]!, weights[0]!);
}, { devices: QUICK_DEVICES });

async function trainNarrow(robe: RobeArray, random: TestRandom, between?: () => unknown): Promise<void> {
  using out = robe.forward({ narrow: { indices: random.ids(10, 70) } });
  await between?.();
  await robe.update(out, random.f32(10 * 8));
}

Deno.test("RobeArray.growArray() refuses what it cannot do without loss", async () => {
  using device = openCpuDevice({ threads: 1 });
  const grow = async (options: Parameters<typeof makeArray>[1], factor = 2) => {
    using robe = await makeArray(device, { size: { floats: 1000 }, ...options });
    robe.addTable({ name: "a", numEmbeddings: 100, dim: 8 });
    await robe.growArray(factor);
  };
  for (const factor of [0, -1, 1.5, NaN]) await assertRejects(() => grow({}, factor), ConfigError, `factor ${factor}`);
  for (const hash of ["ref1", "ref2"] as const) await assertRejects(() => grow({ hash }), ConfigError, hash);
  await assertRejects(() => grow({ optimizer: { kind: "segment-adagrad" } }), ConfigError, "a multiple of 32");
  const odd = { dtype: "f16", optimizer: null, size: { floats: 1001 }, align: 1, blockSize: 7 } as const;
  await assertRejects(() => grow(odd), ConfigError, "an even number");
  await grow({}, 1);
});

Deno.test("RobeArray.growArray() of f16 leaves look-ups the same bits", async () => {
  using device = openCpuDevice({ threads: 1 });
  using robe = await makeArray(device, { dtype: "f16", optimizer: null });
  addTables(robe);
  const before = await outputs(robe);
  await robe.growArray(3);
  assertEquals(await outputs(robe), before);
});
