import { assert, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type AnyDevice, openCpuDevice, type Tensor } from "@pocketrec/compute";
import { assertAllClose, assertSameBits, testOnEachDevice, TestRandom } from "@pocketrec/compute/testing";
import { type RobeHash, type RobeLayout, robeLayout, type RobeLayoutOptions, rowSigns, rowSlots } from "../layout.ts";
import { type RobeTableSet, robeTableSet, type RobeTableSpec } from "../table_set.ts";
import { type RobeOptimizer, robeStateNames, robeStateShapes } from "./robe_optimizer.ts";
import { robeUpdate } from "./robe_update.ts";
import {
  type HostRobeGradient,
  robeGradientReference,
  robeUpdateReference,
  visitOccurrences,
} from "./robe_update_reference.ts";
import type { RobeGradient } from "./update_plan.ts";

type Accumulation = "sorted" | "fixed-point";

const OPTIMIZERS: readonly RobeOptimizer[] = [
  { kind: "sgd" },
  { kind: "momentum", momentum: 0.9 },
  { kind: "adagrad", epsilon: 1e-8 },
  { kind: "segment-adagrad", epsilon: 1e-8 },
  { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 3 },
];

interface PartShape {
  readonly dim: number;
  readonly tables: readonly RobeTableSpec[];
  /** Longest bag; undefined: one-hot. */
  readonly longest?: number | undefined;
  readonly weighted?: boolean;
  readonly mode?: "sum" | "mean";
}

interface Shape {
  readonly seed: number;
  readonly batch: number;
  readonly layout: RobeLayoutOptions;
  readonly parts: readonly PartShape[];
  readonly optimizer: RobeOptimizer;
  readonly lr?: number;
}

/** A part as the host has it, and what the device's part is made from. */
interface HostPart extends HostRobeGradient {
  readonly specs: readonly RobeTableSpec[];
}

interface Problem {
  readonly layout: RobeLayout;
  readonly parts: readonly HostPart[];
  readonly array: Float32Array;
  readonly states: readonly Float32Array[];
  readonly optimizer: RobeOptimizer;
  readonly lr: number;
}

function makeProblem(shape: Shape): Problem {
  const { seed, batch, optimizer, lr = 0.05 } = shape;
  const random = new TestRandom(seed), layout = robeLayout(shape.layout);
  using device = openCpuDevice({ threads: 1, maxBytes: 1 << 20 });
  const parts = shape.parts.map(({ dim, tables, longest, weighted, mode }): HostPart => {
    const bags = batch * tables.length;
    const offsets = new Uint32Array(bags + 1);
    for (let bag = 0; bag < bags; bag++) {
      offsets[bag + 1] = offsets[bag]! + (longest === undefined ? 1 : random.below(longest + 1));
    }
    const ids = new Uint32Array(offsets[bags]!);
    for (let bag = 0; bag < bags; bag++) {
      // Squares crowd at zero: many duplicates, and rows that occur once; some ids lie beyond.
      const { rows } = tables[bag % tables.length]!;
      for (let i = offsets[bag]!; i < offsets[bag + 1]!; i++) {
        ids[i] = random.below(50) === 0
          ? Math.min(rows, 2 ** 32 - 1)
          : Math.floor((random.u32() / 2 ** 32) ** 2 * rows);
      }
    }
    const { hashes } = robeTableSet(device, layout, dim, tables);
    return {
      dim,
      specs: tables,
      tables: tables.map((table, i) => ({ ...table, hash: hashes[i]! })),
      batch,
      ids,
      offsets: longest === undefined ? undefined : offsets,
      weights: weighted ? random.f32(ids.length) : undefined,
      mode,
      gradOut: random.f32(bags * dim),
    };
  });
  return {
    layout,
    parts,
    array: random.f32(layout.size),
    states: robeStateShapes(optimizer, layout.size).map(([n]) => random.f32(n!, 0.1, 1)),
    optimizer,
    lr,
  };
}

/** Runs the update on a device; returns array and states. */
async function update(device: AnyDevice, p: Problem, accumulation?: Accumulation): Promise<Float32Array[]> {
  using stack = new DisposableStack();
  const f32 = (data: ArrayLike<number>) =>
    stack.use(device.tensor("f32", [data.length], { data: Float32Array.from(data) }));
  const u32 = (data: ArrayLike<number>) =>
    stack.use(device.tensor("u32", [data.length], { data: Uint32Array.from(data) }));
  const array = f32(p.array), states = p.states.map(f32);
  const parts = p.parts.map((part): RobeGradient => {
    const tables: RobeTableSet = robeTableSet(device, p.layout, part.dim, part.specs);
    stack.use(tables.records);
    const bags = {
      batch: part.batch,
      tables: part.tables.length,
      ids: u32(part.ids),
      ...(part.offsets ? { offsets: u32(part.offsets) } : {}),
      ...(part.weights ? { weights: f32(part.weights) } : {}),
      ...(part.mode ? { mode: part.mode } : {}),
    };
    return { tables, bags, gradOut: f32(part.gradOut) };
  });
  robeUpdate(array, parts, p.optimizer, states, p.lr, accumulation ? { accumulation } : {});
  return await Promise.all([array, ...states].map((tensor) => tensor.read() as Promise<Float32Array>));
}

/** Array and states in float64, and for each slot what the sum of its gradients' magnitudes allows as error. */
function expected(p: Problem): Float64Array[] {
  const array = Float64Array.from(p.array), states = p.states.map((state) => Float64Array.from(state));
  robeUpdateReference(array, p.layout, p.parts, p.optimizer, states, p.lr);
  return [array, ...states];
}

async function assertUpdates(device: AnyDevice, shape: Shape, accumulation?: Accumulation): Promise<void> {
  const p = makeProblem(shape);
  const actual = await update(device, p, accumulation), want = expected(p);
  // Slots sum up to `addends` values below 1; squares of the sums go into the states.
  const addends = p.parts.reduce((sum, part) => sum + part.ids.length * part.dim, 0) / p.layout.size;
  const atol = 2e-6 * Math.max(1, addends);
  actual.forEach((values, i) =>
    assertAllClose(i === 0 ? "array" : `state ${i}`, values, want[i]!, { atol, rtol: 4e-6 })
  );
}

const hashes: readonly RobeHash[] = ["mix32", "mix32", "m31", "ref1", "ref2"];

/** Layouts with few slots, so that blocks overlap and wrap; Z below, at and above the width. */
const layouts: fc.Arbitrary<RobeLayoutOptions> = fc.record({
  hash: fc.constantFrom(...hashes),
  align: fc.constantFrom<1 | 4 | 8>(1, 1, 4, 8),
  blocks: fc.integer({ min: 1, max: 12 }),
  spread: fc.integer({ min: 0, max: 300 }),
  sign: fc.boolean(),
  seed: fc.nat(),
}).map(({ hash, align, blocks, spread, sign, seed }) => {
  const authors = hash === "ref1" || hash === "ref2", a = authors ? 1 : align;
  const blockSize = a * blocks, size = blockSize + a * (1 + spread * 2);
  return { hash, blockSize, align: a, size, seed, sign: sign && !authors };
});

const tables: fc.Arbitrary<RobeTableSpec[]> = fc.array(
  fc.record({
    index: fc.integer({ min: 0, max: 1000 }),
    rows: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(1, 2 ** 31, 2 ** 32)),
    paddingIdx: fc.constantFrom(undefined, undefined, 0),
    scale: fc.constantFrom(undefined, undefined, 0.5, 1.7),
  }),
  { minLength: 1, maxLength: 3 },
);

const shapes: fc.Arbitrary<Shape> = fc.record({
  seed: fc.nat(),
  batch: fc.integer({ min: 0, max: 40 }),
  layout: layouts,
  parts: fc.array(
    fc.record({
      dim: fc.constantFrom(1, 3, 4, 8, 16, 20, 36),
      tables,
      longest: fc.constantFrom(undefined, undefined, 1, 5),
      weighted: fc.boolean(),
      mode: fc.constantFrom<"sum" | "mean">("sum", "mean"),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  optimizer: fc.constantFrom(...OPTIMIZERS),
});

for (const accumulation of ["sorted", "fixed-point"] as const) {
  testOnEachDevice(
    `robeUpdate() equals the reference over layouts, bags and rules (${accumulation})`,
    async (device) => {
      await fc.assert(fc.asyncProperty(shapes, (shape) => assertUpdates(device, shape, accumulation)), {
        numRuns: device.kind === "cpu" ? 300 : 40,
        seed: 1,
      });
    },
    { devices: ["cpu", "webgpu", "dawn"] },
  );
}
