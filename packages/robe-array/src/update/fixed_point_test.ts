import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { openCpuDevice } from "@pocketrec/compute";
import { assertSameBits, testOnEachDevice, TestRandom } from "@pocketrec/compute/testing";
import { rowSigns, rowSlots } from "../layout.ts";
import { countBits, fixedPointUnit } from "./fixed_point.ts";
import type { RobeOptimizer } from "./robe_optimizer.ts";
import { robeGradientReference, visitOccurrences } from "./robe_update_reference.ts";
import { makeProblem, type Problem, type Shape, update } from "./testdata/problem.ts";

const DEVICES = { devices: ["cpu", "webgpu", "dawn"] } as const;
const SGD: RobeOptimizer = { kind: "sgd" };

function bitsOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0]!;
}

/** The float nearest to `value / unit`, ties to even, by integers. */
function nearestFloat(value: bigint, unit: number): number {
  const magnitude = value < 0n ? -value : value, excess = magnitude.toString(2).length - 24;
  if (excess <= 0) return Number(value) / unit;
  const low = magnitude & ((1n << BigInt(excess)) - 1n), half = 1n << BigInt(excess - 1);
  let kept = magnitude >> BigInt(excess);
  if (low > half || (low === half && (kept & 1n) === 1n)) kept++;
  return (value < 0n ? -1 : 1) * Number(kept) * 2 ** excess / unit;
}

/** Sums of an unweighted problem in units, as the definition of the mode has them. */
function exactSums(p: Problem): Float32Array {
  const addends = p.parts.reduce((sum, { ids, dim }) => sum + ids.length * Math.ceil(dim / p.layout.blockSize), 0);
  const unit = fixedPointUnit(
    addends,
    p.parts.map(({ gradOut }) => ({
      gradients: Array.from(gradOut).reduce((most, x) => Math.max(most, bitsOf(Math.abs(x))), 0),
      weights: undefined,
      scale: undefined,
    })),
  );
  const sums = new Array<bigint>(p.layout.size).fill(0n);
  for (const part of p.parts) {
    visitOccurrences(part, (bag, t, id) => {
      const { hash } = part.tables[t]!, signs = rowSigns(p.layout, hash, part.dim, id);
      rowSlots(p.layout, hash, part.dim, id).forEach((slot, i) => {
        const x = signs[i]! * part.gradOut[bag * part.dim + i]! * unit, down = Math.floor(x);
        const up = x - down > 0.5 || (x - down === 0.5 && down % 2 !== 0);
        sums[slot]! += BigInt(down + Number(up));
      });
    });
  }
  return Float32Array.from(sums, (sum) => nearestFloat(sum, unit));
}

/** Values over many magnitudes, zeros and subnormal ones among them. */
function spreadValues(random: TestRandom, length: number, decades: number): Float32Array {
  return Float32Array.from({ length }, () => {
    const x = (random.u32() / 2 ** 31 - 1) * 2 ** -random.below(decades);
    return random.below(20) === 0 ? 0 : random.below(50) === 0 ? x * 2 ** -140 : x;
  });
}

const ONE_HOT: Omit<Shape, "optimizer" | "seed"> = {
  batch: 120,
  layout: { size: 3000, blockSize: 8, align: 1 },
  parts: [{ dim: 20, tables: [{ rows: 2 }, { rows: 600, paddingIdx: 0 }] }, { dim: 4, tables: [{ rows: 50 }] }],
};

testOnEachDevice("robeUpdate() by fixed point has exactly the sums of integers", async (device) => {
  for (const [seed, decades, by] of [[1, 1, 1], [2, 60, 1], [3, 40, 2 ** 90], [4, 30, 2 ** -80]] as const) {
    const p = makeProblem({ ...ONE_HOT, seed, optimizer: SGD, lr: -1 });
    const random = new TestRandom(seed);
    const parts = p.parts.map((part) => ({
      ...part,
      gradOut: spreadValues(random, part.gradOut.length, decades).map((x) => x * by),
    }));
    const problem = { ...p, parts, array: new Float32Array(p.layout.size) };
    assertSameBits(`seed ${seed}`, (await update(device, problem, "fixed-point"))[0]!, exactSums(problem));
  }
}, DEVICES);

const shapes: fc.Arbitrary<Shape> = fc.record({
  seed: fc.nat(),
  batch: fc.integer({ min: 1, max: 60 }),
  layout: fc.constantFrom({ size: 500, blockSize: 4 }, { size: 700, blockSize: 40, align: 1, hash: "m31" } as const),
  parts: fc.array(
    fc.record({
      dim: fc.constantFrom(4, 20),
      tables: fc.constant([{ rows: 3, scale: 1.7 }, { rows: 200, paddingIdx: 0 }]),
      longest: fc.constantFrom(undefined, 7),
      weighted: fc.boolean(),
      mode: fc.constantFrom<"sum" | "mean">("sum", "mean"),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  optimizer: fc.constantFrom<RobeOptimizer>(SGD, { kind: "momentum", momentum: 0.9 }),
  lr: fc.constantFrom(2 ** -4, 0.05),
});

testOnEachDevice("robeUpdate() by fixed point has the bits of the CPU in sgd and momentum", async (device) => {
  using cpu = openCpuDevice({ threads: 1, maxBytes: 1 << 24 });
  await fc.assert(
    fc.asyncProperty(shapes, async (shape) => {
      const p = makeProblem(shape);
      const [ours, theirs] = [await update(device, p, "fixed-point"), await update(cpu, p, "fixed-point")];
      ours.forEach((values, i) => assertSameBits(`tensor ${i}`, values, theirs[i]!));
    }),
    { numRuns: 30, seed: 2 },
  );
}, DEVICES);

testOnEachDevice("robeUpdate() by fixed point makes slots NaN whose sum cannot be told", async (device) => {
  for (const bad of [NaN, Infinity, -Infinity]) {
    const p = makeProblem({
      seed: 3,
      batch: 4,
      layout: { size: 400, blockSize: 4 },
      parts: [{ dim: 4, tables: [{ rows: 5 }] }],
      optimizer: SGD,
    });
    const part = p.parts[0]!;
    const gradOut = Float32Array.from(part.gradOut);
    gradOut[5] = bad;
    const touched = new Set<number>();
    visitOccurrences(
      part,
      (_, t, id) => rowSlots(p.layout, part.tables[t]!.hash, 4, id).forEach((slot) => touched.add(slot)),
    );
    const after = (await update(device, { ...p, parts: [{ ...part, gradOut }] }, "fixed-point"))[0]!;
    after.forEach((x, i) => assertEquals(Number.isNaN(x), touched.has(i), `slot ${i}: ${x}`));
  }
}, DEVICES);

testOnEachDevice(
  "robeUpdate() by fixed point leaves subnormal weights without gradient as they are",
  async (device) => {
    const parts = [{ dim: 4, tables: [{ rows: 50 }] }];
    const p = makeProblem({ seed: 6, batch: 40, layout: { size: 403, blockSize: 4, align: 1 }, parts, optimizer: SGD });
    p.array.fill(1e-40);
    const touched = robeGradientReference(p.layout, p.parts);
    const after = (await update(device, p, "fixed-point"))[0]!;
    after.forEach((x, i) => assertEquals(x !== p.array[i], touched[i] !== 0, `slot ${i}: ${x}`));
  },
  DEVICES,
);

Deno.test("fixedPointUnit() leaves room for all addends, and none to spare from 2048 on", () => {
  const unit = (addends: number, value: number) =>
    fixedPointUnit(addends, [{ gradients: bitsOf(value), weights: undefined, scale: undefined }]);
  for (const value of [1, 0.99999994, 1.5, 3e-39, 1e-20, 3.4e38]) {
    for (const addends of [1, 2047, 2048, 100_000, 2 ** 31 - 1]) {
      const most = Math.max(value, 2 ** -126) * unit(addends, value) * addends;
      assert(most < 2 ** 62, `${addends} of ${value}`);
      if (addends >= 2048) assert(most >= 2 ** 60, `${addends} of ${value}`);
      assert(Math.max(value, 2 ** -126) * unit(addends, value) <= 2 ** 51, `${value} needs more than 52 bits`);
    }
  }
  const one = { gradients: bitsOf(1), weights: undefined, scale: undefined };
  assertEquals(unit(1, 1) / fixedPointUnit(1, [{ ...one, scale: bitsOf(3) }]), 4);
  assertEquals(fixedPointUnit(1, [one, { ...one, weights: bitsOf(Infinity) }]), NaN);
  assertEquals([0, 1, 2, 3, 4].map(countBits), [0, 1, 2, 2, 3]);
});
