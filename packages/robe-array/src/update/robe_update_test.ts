import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type AnyDevice, openCpuDevice } from "@pocketrec/compute";
import { assertAllClose, assertSameBits, testOnEachDevice } from "@pocketrec/compute/testing";
import { type RobeHash, type RobeLayoutOptions, rowSigns, rowSlots } from "../layout.ts";
import { robeTableSet, type RobeTableSpec } from "../table_set.ts";
import { robeLayout } from "../layout.ts";
import { type RobeOptimizer, robeStateNames, robeStateShapes } from "./robe_optimizer.ts";
import { robeUpdate } from "./robe_update.ts";
import { robeGradientReference, visitOccurrences } from "./robe_update_reference.ts";
import {
  type Accumulation,
  expected,
  makeProblem,
  OPTIMIZERS,
  type PartShape,
  type Problem,
  type Shape,
  update,
} from "./testdata/problem.ts";

const DEVICES = { devices: ["cpu", "webgpu", "dawn"] } as const;
const ACCUMULATIONS: readonly Accumulation[] = ["sorted", "fixed-point"];
const SGD: RobeOptimizer = { kind: "sgd" };

async function assertUpdates(device: AnyDevice, shape: Shape, accumulation?: Accumulation): Promise<void> {
  const p = makeProblem(shape);
  const actual = await update(device, p, accumulation), want = expected(p);
  // A slot sums up so many values below 1 on average; squares of the sums go into the states.
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
  spread: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 100, max: 3000 })),
  sign: fc.boolean(),
  seed: fc.nat(),
}).map(({ hash, align, blocks, spread, sign, seed }) => {
  const authors = hash === "ref1" || hash === "ref2", a = authors ? 1 : align;
  const blockSize = a * blocks, size = blockSize + a * (1 + spread);
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

const parts: fc.Arbitrary<PartShape[]> = fc.array(
  fc.record({
    dim: fc.constantFrom(1, 3, 4, 8, 16, 20, 36),
    tables,
    longest: fc.constantFrom(undefined, undefined, 1, 5),
    weighted: fc.boolean(),
    mode: fc.constantFrom<"sum" | "mean">("sum", "mean"),
  }),
  { minLength: 1, maxLength: 2 },
);

const shapes: fc.Arbitrary<Shape> = fc.record({
  seed: fc.nat(),
  batch: fc.integer({ min: 0, max: 40 }),
  layout: layouts,
  parts,
  optimizer: fc.constantFrom(...OPTIMIZERS),
});

for (const accumulation of ACCUMULATIONS) {
  testOnEachDevice(
    `robeUpdate() equals the reference over layouts, bags and rules (${accumulation})`,
    async (device) => {
      await fc.assert(fc.asyncProperty(shapes, (shape) => assertUpdates(device, shape, accumulation)), {
        numRuns: device.kind === "cpu" ? 300 : 30,
        seed: 1,
      });
    },
    DEVICES,
  );
}

/** Two widths, several blocks per row and several rows per block, padding, a scale, out-of-range ids. */
const MIXED: Omit<Shape, "optimizer" | "seed"> = {
  batch: 200,
  layout: { size: 6000, blockSize: 16 },
  parts: [
    { dim: 48, tables: [{ rows: 3 }, { rows: 5000, paddingIdx: 1 }, { rows: 40, scale: 0.5 }] },
    { dim: 8, tables: [{ rows: 700, index: 9 }], longest: 4, mode: "mean" },
  ],
};

testOnEachDevice("robeUpdate() adds gradients up to 1e-6 of the dense scatter", async (device) => {
  for (const layout of [MIXED.layout, { size: 6001, blockSize: 5, align: 1 }, { size: 9000, hash: "m31" }] as const) {
    const p = makeProblem({ ...MIXED, layout, seed: 3, optimizer: SGD, lr: 1 });
    p.array.fill(0);
    const want = robeGradientReference(p.layout, p.parts);
    for (const accumulation of ACCUMULATIONS) {
      const actual = (await update(device, p, accumulation))[0]!.map((x) => -x);
      const norm = Math.hypot(...want), error = Math.hypot(...want.map((x, i) => x - actual[i]!));
      assert(error <= 1e-6 * norm, `${accumulation}: relative error ${error / norm}`);
    }
  }
}, DEVICES);

testOnEachDevice("robeUpdate() has the gradient of a loss, by finite differences on 1000 floats", async (device) => {
  for (const weighted of [false, true]) {
    for (const layout of [{ size: 1000, blockSize: 8 }, { size: 1000, blockSize: 48, align: 1 }] as const) {
      const table = { dim: 16, weighted, longest: 3, mode: weighted ? "sum" : "mean" } as const;
      const p = makeProblem({
        seed: 5,
        batch: 6,
        layout,
        parts: [{ ...table, tables: [{ rows: 30, paddingIdx: 2 }, { rows: 900, scale: 1.5 }] }],
        optimizer: SGD,
        lr: 1,
      });
      const part = p.parts[0]!, { dim } = part;
      // loss = sum of (row - target)^2 / 2 over the pooled rows, in float64; targets are what was drawn as gradients.
      const target = Float64Array.from(part.gradOut);
      const lookup = (array: ArrayLike<number>) => {
        const out = new Float64Array(target.length);
        visitOccurrences(part, (bag, t, id, factor) => {
          const slots = rowSlots(p.layout, part.tables[t]!.hash, dim, id);
          const signs = rowSigns(p.layout, part.tables[t]!.hash, dim, id);
          slots.forEach((slot, i) => out[bag * dim + i]! += factor * signs[i]! * array[slot]!);
        });
        return out;
      };
      const loss = (array: ArrayLike<number>) =>
        lookup(array).reduce((sum, x, i) => sum + (x - target[i]!) ** 2 / 2, 0);
      const gradOut = lookup(p.array).map((x, i) => x - target[i]!);
      const step = { ...p, parts: [{ ...part, gradOut }] };
      // The loss is quadratic, so central differences are exact up to rounding.
      const want = Float64Array.from(p.array, (_, i) => {
        const high = Float64Array.from(p.array), low = Float64Array.from(p.array);
        high[i]! += 0.5;
        low[i]! -= 0.5;
        return loss(high) - loss(low);
      });
      for (const accumulation of ACCUMULATIONS) {
        const after = (await update(device, step, accumulation))[0]!;
        assertAllClose("gradient", after.map((x, i) => p.array[i]! - x), want, { atol: 4e-6, rtol: 1e-5 });
      }
    }
  }
}, DEVICES);

for (const optimizer of OPTIMIZERS) {
  testOnEachDevice(`robeUpdate() sums rows that occur thousands of times (${optimizer.kind})`, async (device) => {
    const table = (rows: number) => ({ rows });
    for (const accumulation of ACCUMULATIONS) {
      // Lists of 1 to 700 occurrences, on, before and behind the ends of chunks.
      const parts = [{ dim: 8, tables: [1, 3, 2, 700].map(table) }];
      await assertUpdates(device, { seed: 4, batch: 700, layout: { size: 4000 }, parts, optimizer }, accumulation);
    }
  }, DEVICES);
}

testOnEachDevice("robeUpdate() handles lists whose lengths are around the chunk", async (device) => {
  for (const length of [1, 2, 3].flatMap((chunks) => [-1, 0, 1].map((more) => chunks * 64 + more))) {
    for (const before of [0, 50]) {
      const batch = before + length + 2;
      const p = makeProblem({
        seed: 1,
        batch,
        layout: { size: 10_000, blockSize: 4, sign: false },
        parts: [{ dim: 4, tables: [{ rows: 302 }] }],
        optimizer: SGD,
        lr: 1,
      });
      const ids = Uint32Array.from(
        { length: batch },
        (_, i) => i < before ? i : i < before + length ? 300 : 301,
      );
      const part = { ...p.parts[0]!, ids, gradOut: new Float32Array(batch * 4).fill(1) };
      const ones: Problem = { ...p, parts: [part], array: new Float32Array(10_000) };
      // Sums of ones are exact.
      assertSameBits(
        `${before} + ${length}`,
        (await update(device, ones))[0]!,
        Float32Array.from(robeGradientReference(ones.layout, ones.parts), (x) => 0 - x),
      );
    }
  }
}, DEVICES);

testOnEachDevice("robeUpdate() gives the same bits twice, and sums those of one CPU thread", async (device) => {
  using single = openCpuDevice({ threads: 1, maxBytes: 1 << 26 });
  for (const weighted of [false, true]) {
    const mixed = { ...MIXED, parts: MIXED.parts.map((part) => ({ ...part, weighted, mode: "sum" as const })) };
    for (const accumulation of ACCUMULATIONS) {
      for (const optimizer of OPTIMIZERS) {
        const p = makeProblem({ ...mixed, seed: 9, optimizer });
        const [one, two] = [await update(device, p, accumulation), await update(device, p, accumulation)];
        one.forEach((values, i) => assertSameBits(`${optimizer.kind} ${i}`, values, two[i]!));
      }
      // Sums of floats have an order of their own on each kind of device.
      if (accumulation === "sorted" && device.kind !== "cpu") continue;
      const p = makeProblem({ ...mixed, seed: 9, optimizer: SGD, lr: 1 });
      p.array.fill(0);
      assertSameBits("sums", (await update(device, p, accumulation))[0]!, (await update(single, p, accumulation))[0]!);
    }
  }
}, DEVICES);

Deno.test("robeUpdate() equals the reference where blocks lie across the CPU's tiles", async () => {
  using device = openCpuDevice({ threads: 2, maxBytes: 1 << 27 });
  for (const optimizer of OPTIMIZERS) {
    for (const accumulation of ACCUMULATIONS) {
      const layout = { size: 70_004, blockSize: 48 }, tables = [{ rows: 9000 }, { rows: 400, paddingIdx: 3 }];
      // Few blocks per tile, many, and blocks longer than a tile.
      await assertUpdates(
        device,
        { seed: 1, batch: 60, layout, parts: [{ dim: 48, tables }], optimizer },
        accumulation,
      );
      await assertUpdates(
        device,
        { seed: 2, batch: 700, layout, parts: [{ dim: 96, tables }], optimizer },
        accumulation,
      );
      const long = { ...layout, blockSize: 40_000 }, parts = [{ dim: 40_000, tables: [{ rows: 50 }] }];
      await assertUpdates(device, { seed: 3, batch: 2, layout: long, parts, optimizer }, accumulation);
    }
  }
});

Deno.test("robeUpdate() gives the same bits on 1, 2 and 3 threads", async () => {
  const big: Omit<Shape, "optimizer" | "seed"> = {
    batch: 300,
    layout: { size: 100_000, blockSize: 16 },
    parts: [
      { dim: 16, tables: [{ rows: 3 }, { rows: 500 }, { rows: 2 ** 32 }] },
      { dim: 32, tables: [{ rows: 700 }], longest: 3, mode: "mean" },
    ],
  };
  for (const accumulation of ACCUMULATIONS) {
    for (const optimizer of OPTIMIZERS) {
      const p = makeProblem({ ...big, seed: 10, optimizer });
      const results: Float32Array[][] = [];
      for (const threads of [1, 2, 3]) {
        using device = openCpuDevice({ threads, maxBytes: 1 << 27 });
        results.push(await update(device, p, accumulation));
      }
      for (const other of results.slice(1)) other.forEach((x, i) => assertSameBits(optimizer.kind, x, results[0]![i]!));
    }
  }
});

testOnEachDevice(
  "robeUpdate() moves only slots with a gradient, or all where the rule has momentum",
  async (device) => {
    for (const accumulation of ACCUMULATIONS) {
      for (const optimizer of OPTIMIZERS) {
        const parts = [{ dim: 4, tables: [{ rows: 100 }] }];
        const p = makeProblem({ seed: 7, batch: 5, layout: { size: 4000, blockSize: 4 }, parts, optimizer });
        const touched = robeGradientReference(p.layout, p.parts);
        const [array, state] = await update(device, p, accumulation);
        const dense = optimizer.kind === "momentum" || optimizer.kind === "adam";
        for (let i = 0; i < 4000; i++) assertEquals(array![i] !== p.array[i], dense || touched[i] !== 0, `slot ${i}`);
        if (optimizer.kind !== "adagrad") continue;
        for (let i = 0; i < 4000; i++) assertEquals(state![i] !== p.states[0]![i], touched[i] !== 0, `state ${i}`);
      }
    }
  },
  DEVICES,
);

testOnEachDevice("robeUpdate() moves nothing without gradient where epsilon is 0", async (device) => {
  for (const kind of ["adagrad", "segment-adagrad", "adam"] as const) {
    const optimizer = { kind, epsilon: 0, beta1: 0.9, beta2: 0.99, step: 1 } as RobeOptimizer;
    for (const accumulation of ACCUMULATIONS) {
      const parts = [{ dim: 4, tables: [{ rows: 9 }] }];
      const p = makeProblem({ seed: 8, batch: 30, layout: { size: 100, blockSize: 4 }, parts, optimizer });
      p.states.forEach((state) => state.fill(0));
      for (const values of await update(device, p, accumulation)) assert(values.every(Number.isFinite), kind);
    }
  }
}, DEVICES);

testOnEachDevice("robeUpdate() refuses operands and settings that do not fit", (device) => {
  const layout = robeLayout({ size: 64, blockSize: 4 });
  const tables = robeTableSet(device, layout, 4, [{ rows: 10 }, { rows: 10 }]);
  const other = robeTableSet(device, robeLayout({ size: 64, blockSize: 4, seed: 2 }), 4, [{ rows: 10 }, { rows: 10 }]);
  using array = device.tensor("f32", [64], { label: "array" });
  using ids = device.tensor("u32", [3, 2], { label: "ids" });
  using gradOut = device.tensor("f32", [3, 2, 4], { label: "grad" });
  using state = device.tensor("f32", [64], { label: "state" });
  const part = { tables, bags: { batch: 3, tables: 2, ids }, gradOut };
  const run = (optimizer: RobeOptimizer, states: (typeof state)[], lr = 0.1, all = [part], w = array) => () =>
    robeUpdate(w, all, optimizer, states, lr);
  const adam = { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 1 } as const;
  assertThrows(run(SGD, [state]), TypeError, "sgd has 0 states: got 1");
  assertThrows(run(adam, [state]), TypeError, "adam has 2 states: got 1");
  assertThrows(run({ kind: "segment-adagrad", epsilon: 0 }, [state]), TypeError, "want f32 of 2 elements");
  assertThrows(run(SGD, [], 0.1, [part], gradOut), TypeError, `array "grad" is f32 [3,2,4]: want f32 of 64 elements`);
  assertThrows(run(SGD, [], 0.1, []), TypeError, "without gradients");
  assertThrows(run(SGD, [], 0.1, [part, { ...part, tables: other }]), TypeError, "different arrays");
  assertThrows(run(SGD, [], 0.1, [{ ...part, gradOut: state }]), TypeError, `gradOut "state"`);
  assertThrows(
    run(SGD, [], 0.1, [{ ...part, bags: { ...part.bags, batch: 2 } }]),
    TypeError,
    `ids "ids" is u32 [3,2]: want u32 of 4 elements`,
  );
  assertThrows(run(SGD, [], NaN), RangeError, "lr NaN");
  assertThrows(run({ kind: "momentum", momentum: 1 }, [state]), RangeError, "momentum 1");
  assertThrows(run({ kind: "adagrad", epsilon: -1 }, [state]), RangeError, "epsilon -1");
  assertThrows(run({ ...adam, beta2: 1 }, [state, state]), RangeError, "beta2 1");
  assertThrows(run({ ...adam, step: 0 }, [state, state]), RangeError, "step 0");
  assertThrows(run({ kind: "lamb" } as unknown as RobeOptimizer, []), TypeError, `"lamb"`);
  const options = { accumulation: "fast" } as unknown as { accumulation: "sorted" };
  assertThrows(() => robeUpdate(array, [part], SGD, [], 0.1, options), TypeError, `accumulation "fast"`);
  for (const set of [tables, other]) set.records[Symbol.dispose]();
}, DEVICES);

Deno.test("robeStateNames() names as many states as there are shapes", () => {
  for (const optimizer of OPTIMIZERS) {
    assertEquals(robeStateNames(optimizer.kind).length, robeStateShapes(optimizer, 100).length, optimizer.kind);
  }
  assertEquals(robeStateShapes({ kind: "segment-adagrad", epsilon: 0 }, 33), [[2]]);
});
