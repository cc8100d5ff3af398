import { assertThrows } from "@std/assert";
import { type AnyDevice, dotInteraction, interactionWidth, type Tensor } from "@pocketrec/compute";
import { assertAllClose, assertSameBits, testOnEachDevice, TestRandom } from "@pocketrec/compute/testing";
import fc from "fast-check";
import { robeLayout, type RobeLayoutOptions } from "../layout.ts";
import { planLookup } from "../lookup/lookup_plan.ts";
import { robeLookup } from "../lookup/robe_lookup.ts";
import { robeTableSet } from "../table_set.ts";
import { interactInParts } from "./in_parts.ts";
import { robeInteraction } from "./robe_interaction.ts";
import { robeInteractionReference } from "./robe_interaction_reference.ts";
import { robeInteractionWebGpu } from "./robe_interaction_webgpu.ts";

interface Case {
  readonly seed: number;
  readonly layout: RobeLayoutOptions;
  readonly batch: number;
  readonly dim: number;
  readonly tables: number;
  readonly padded: boolean;
  readonly scaled: boolean;
}

const layouts: readonly RobeLayoutOptions[] = [
  { size: 400, blockSize: 8 },
  { size: 301, blockSize: 5, align: 1 },
  { size: 512, blockSize: 64, sign: false },
  { size: 512, blockSize: 16, align: 8, hash: "m31" },
  { size: 500, blockSize: 3, hash: "ref1" },
];

const cases: fc.Arbitrary<Case> = fc.record({
  seed: fc.nat(),
  layout: fc.constantFrom(...layouts),
  batch: fc.integer({ min: 0, max: 9 }),
  dim: fc.constantFrom(1, 3, 4, 6, 16, 32),
  tables: fc.integer({ min: 1, max: 8 }),
  padded: fc.boolean(),
  scaled: fc.boolean(),
});

/** Everything of a case on a device. */
function makeCase(device: AnyDevice, c: Case) {
  const random = new TestRandom(c.seed), layout = robeLayout(c.layout), { batch, dim } = c;
  const specs = Array.from({ length: c.tables }, (_, t) => ({
    rows: 20 + t,
    paddingIdx: c.padded ? t : undefined,
    scale: c.scaled ? 1 + t / 4 : 1,
  }));
  const ids = Uint32Array.from({ length: batch * c.tables }, (_, i) => random.below(22 + i % c.tables));
  const data = { array: random.f32(layout.size), dense: random.f32(batch * dim) };
  const set = robeTableSet(device, layout, dim, specs);
  const width = interactionWidth(c.tables + 1, dim);
  const tensors = {
    records: set.records,
    array: device.tensor("f32", [layout.size], { data: data.array, label: "array" }),
    ids: device.tensor("u32", [batch, c.tables], { data: ids, label: "ids" }),
    dense: device.tensor("f32", [batch, dim], { data: data.dense, label: "dense" }),
    rows: device.tensor("f32", [batch, c.tables, dim], { label: "rows" }),
    out: device.tensor("f32", [batch, width], { label: "out" }),
  };
  tensors.out.write(new Float32Array(tensors.out.size).fill(NaN));
  return {
    ...tensors,
    set,
    bags: { batch, tables: c.tables, ids: tensors.ids },
    expected: robeInteractionReference(data.array, layout, dim, specs, { batch, ids }, data.dense),
    [Symbol.dispose]: () => Object.values<Tensor>(tensors).forEach((tensor) => tensor[Symbol.dispose]()),
  };
}

const tolerance = { atol: 2e-5, rtol: 1e-5 };

testOnEachDevice("robeInteraction() equals the reference over layouts and shapes", async (device) => {
  await fc.assert(
    fc.asyncProperty(cases, async (c) => {
      using on = makeCase(device, c);
      robeInteraction(on.array, on.set, on.bags, on.dense, on.out);
      assertAllClose("out", await on.out.read(), on.expected, tolerance);
    }),
    { numRuns: device.kind === "cpu" ? 100 : 12, seed: 2 },
  );
});

testOnEachDevice("robeInteraction() equals the reference where it is fused", async (device) => {
  if (device.kind !== "webgpu") return;
  const shapes = [[1, 16], [2, 3], [7, 16], [8, 32], [26, 16], [26, 128]] as const;
  for (const [at, [tables, dim]] of shapes.entries()) {
    const layout = layouts[at % layouts.length]!;
    using on = makeCase(device, { seed: at, layout, batch: 3, dim, tables, padded: true, scaled: at % 2 === 0 });
    const { plan } = planLookup("test", on.array, on.set, on.bags, [on.out], [on.dense]);
    robeInteractionWebGpu(device, plan, on.dense, on.out, true);
    assertAllClose(`out of ${tables} tables, dim ${dim}`, await on.out.read(), on.expected, tolerance);
  }
}, { devices: ["webgpu", "dawn"] });

testOnEachDevice("robeInteraction() in parts gives the bits of look-up and interaction", async (device) => {
  using on = makeCase(device, {
    seed: 5,
    layout: layouts[0]!,
    batch: 150,
    dim: 16,
    tables: 4,
    padded: false,
    scaled: false,
  });
  robeLookup(on.array, on.set, on.bags, on.rows);
  dotInteraction(on.dense, on.rows, on.out);
  const expected = await on.out.read();
  on.out.write(new Float32Array(on.out.size).fill(NaN));
  const { plan } = planLookup("test", on.array, on.set, on.bags, [on.out], [on.dense]);
  interactInParts(device, plan, on.dense, on.out, 64);
  assertSameBits("out", await on.out.read(), expected);
});

testOnEachDevice("robeInteraction() refuses operands that do not fit", (device) => {
  using on = makeCase(device, {
    seed: 5,
    layout: layouts[0]!,
    batch: 3,
    dim: 4,
    tables: 2,
    padded: false,
    scaled: false,
  });
  const { array, set, bags, dense, out, ids } = on;
  assertThrows(() => robeInteraction(array, set, { ...bags, offsets: ids }, dense, out), TypeError, "one id per bag");
  assertThrows(() => robeInteraction(array, set, { ...bags, weights: dense }, dense, out), TypeError, "one id per bag");
  assertThrows(() => robeInteraction(array, set, bags, out, out), TypeError, `"out" is written and shares memory`);
  assertThrows(() => robeInteraction(array, set, bags, array, out), TypeError, `"array" is f32 [400]: want f32 of 12`);
  assertThrows(() => robeInteraction(array, set, bags, dense, array), TypeError, "shares memory");
  assertThrows(() => robeInteraction(array, set, bags, dense, on.rows), TypeError, "want f32 of 21 elements");
});
