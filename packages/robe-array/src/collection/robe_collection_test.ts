import { assertEquals, assertThrows } from "@std/assert";
import { type AnyDevice, openCpuDevice, type Tensor, type TensorData } from "@pocketrec/compute";
import { assertSameBits, testOnEachDevice, TestRandom } from "@pocketrec/compute/testing";
import { ConfigError, LimitError } from "../errors.ts";
import { RobeCollection, type RobeCollectionOptions } from "./robe_collection.ts";

const devices = ["cpu", "webgpu", "dawn"] as const;
const tables = [{ name: "user", rows: 300 }, { name: "item", rows: 7 }, { name: "city", rows: 40 }];
const dim = 8, batch = 6;

function make(device: AnyDevice, options: Partial<RobeCollectionOptions> = {}): RobeCollection {
  const layout = { size: 320, blockSize: 8 };
  return new RobeCollection(device, { tables, dim, layout, optimizer: { kind: "adagrad" }, seed: 1, ...options });
}

/** Runs steps on batches of a seed and returns the last look-up. */
async function train(device: AnyDevice, robe: RobeCollection, seed: number, steps: number): Promise<TensorData> {
  const random = new TestRandom(seed);
  using out = device.tensor("f32", [batch, tables.length, dim]);
  using ids = device.tensor("u32", [batch, tables.length]);
  using gradient = device.tensor("f32", [batch, tables.length, dim]);
  for (let step = 0; step < steps; step++) {
    ids.write(Uint32Array.from({ length: ids.size }, (_, i) => random.below(tables[i % tables.length]!.rows)));
    gradient.write(random.f32(gradient.size));
    robe.lookup({ batch, tables: tables.length, ids }, out);
    robe.backward(gradient);
    robe.step(0.1);
  }
  return await out.read();
}

async function read(state: Record<string, Tensor>): Promise<Record<string, TensorData>> {
  const values: Record<string, TensorData> = {};
  for (const [name, tensor] of Object.entries(state)) values[name] = await tensor.read();
  return values;
}

testOnEachDevice("RobeCollection.grow() leaves look-ups the same bits and trains on", async (device) => {
  using robe = make(device), twin = make(device);
  await train(device, robe, 1, 2);
  await train(device, twin, 1, 2);
  twin.grow(3);
  assertEquals([twin.layout.size, twin.parameterBytes], [960, 3840]);
  assertSameBits("look-up", await train(device, twin, 2, 1), await train(device, robe, 2, 1));
  assertEquals(Object.keys(twin.state()), ["robe.weight", "robe.weight@sum", "robe.weight@step"]);
  assertEquals((await twin.state()["robe.weight@step"]!.read())[0], 3);
}, { devices });

testOnEachDevice("RobeCollection.load() takes arrays from before and after growth", async (device) => {
  using robe = make(device), other = make(device, { seed: 2 });
  await train(device, robe, 1, 2);
  const small = await read(robe.state());
  robe.grow(2);
  await train(device, robe, 2, 2);
  const large = await read(robe.state());
  other.load(large);
  assertEquals(other.layout.size, 640);
  assertSameBits("grown", await train(device, other, 3, 2), await train(device, robe, 3, 2));
  other.load(small);
  assertEquals(other.layout.size, 320);
  assertSameBits("weight", (await read(other.state()))["robe.weight"]!, small["robe.weight"]!);
  assertSameBits("sum", (await read(other.state()))["robe.weight@sum"]!, small["robe.weight@sum"]!);
}, { devices });

Deno.test("RobeCollection.load() refuses what does not fit, untouched", async () => {
  using device = openCpuDevice({ threads: 1 });
  using robe = make(device);
  await train(device, robe, 1, 1);
  const state = await read(robe.state());
  const grown = Float32Array.of(...state["robe.weight"]!, ...state["robe.weight"]!);
  const refused: [typeof TypeError | typeof RangeError, Record<string, TensorData>, string][] = [
    [TypeError, {}, "robe.weight"],
    [TypeError, { ...state, "robe.weight": new Uint32Array(320) }, "want float32"],
    [RangeError, { ...state, "robe.weight": new Float32Array(321) }, "multiple"],
    [RangeError, { ...state, "robe.weight": new Float32Array(0) }, "multiple"],
    [RangeError, { ...state, "robe.weight": grown }, 'tensor "robe.weight@sum" of 320 elements: want 640'],
  ];
  for (const [type, values, text] of refused) {
    assertThrows(() => robe.load(values), type, text);
    assertEquals(await read(robe.state()), state);
  }
});

testOnEachDevice("RobeCollection maps rowwise-adagrad to segments", async (device) => {
  using robe = make(device, { optimizer: { kind: "rowwise-adagrad" } });
  await train(device, robe, 1, 2);
  assertEquals(robe.state()["robe.weight@segment_sum"]!.size, 10);
  robe.grow(2);
  assertEquals(robe.state()["robe.weight@segment_sum"]!.size, 20);
}, { devices });

Deno.test("RobeCollection trains to the same bits on one and two threads", async () => {
  for (const accumulation of ["sorted", "fixed-point"] as const) {
    const states: Record<string, TensorData>[] = [];
    for (const threads of [1, 2]) {
      using device = openCpuDevice({ threads });
      using robe = make(device, { optimizer: { kind: "adam" }, accumulation });
      await train(device, robe, 1, 5);
      states.push(await read(robe.state()));
    }
    assertEquals(states[0], states[1]);
  }
});

Deno.test("RobeCollection refuses tables and arrays that cannot work", () => {
  using device = openCpuDevice({ threads: 1, maxBytes: 2 ** 26 });
  assertThrows(() => make(device, { tables: [] }), ConfigError, "no tables");
  assertThrows(() => make(device, { tables: [{ name: "user", rows: 0 }] }), ConfigError, '"user" of 0 rows');
  assertThrows(() => make(device, { layout: { size: 2 ** 26 } }), LimitError, `${2 ** 28} bytes`);
  using robe = make(device);
  assertThrows(() => robe.backward(undefined as unknown as Tensor), TypeError, "before a lookup");
  assertThrows(() => robe.step(1), TypeError, "before a lookup");
});
