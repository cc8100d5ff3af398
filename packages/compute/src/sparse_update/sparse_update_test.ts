import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { openCpuDevice } from "../cpu/cpu_device.ts";
import type { AnyDevice } from "../device.ts";
import { type Bags, embeddingLookupReference, type HostBags } from "../../mod.ts";
import { assertAllClose, assertSameBits, testOnEachDevice, TestRandom } from "../testing/mod.ts";
import { planBags } from "../embedding_lookup/bag_plan.ts";
import { type SparseOptimizer, sparseStateShapes, stepScalars } from "./sparse_optimizer.ts";
import { sparseUpdate } from "./sparse_update.ts";
import { sparseGradientReference, sparseUpdateReference } from "./sparse_update_reference.ts";
import { sparseUpdateWebGpu } from "./sparse_update_webgpu.ts";

const OPTIMIZERS: readonly SparseOptimizer[] = [
  { kind: "sgd" },
  { kind: "adagrad", epsilon: 1e-10 },
  { kind: "rowwise-adagrad", epsilon: 1e-8 },
  { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 3 },
];

interface Problem {
  readonly dim: number;
  readonly table: Float32Array;
  readonly bags: HostBags;
  readonly gradOut: Float32Array;
  readonly optimizer: SparseOptimizer;
  readonly states: readonly Float32Array[];
  readonly lr: number;
}

interface Shape {
  readonly seed: number;
  readonly batch: number;
  readonly rows: readonly number[];
  readonly dim: number;
  /** Longest bag; undefined: one-hot. */
  readonly longest?: number | undefined;
  readonly weighted?: boolean;
  readonly mode?: "sum" | "mean";
  readonly shared?: boolean;
  readonly optimizer: SparseOptimizer;
}

function makeProblem(shape: Shape): Problem {
  const { seed, batch, rows, dim, longest, weighted, mode = "sum", shared, optimizer } = shape;
  const random = new TestRandom(seed);
  const tables = rows.length, bagCount = batch * tables;
  const rowBase = rows.map((_, t) => shared ? 0 : rows.slice(0, t).reduce((a, b) => a + b, 0));
  const total = Math.max(...rows.map((count, t) => rowBase[t]! + count));
  const offsets = new Uint32Array(bagCount + 1);
  for (let bag = 0; bag < bagCount; bag++) {
    offsets[bag + 1] = offsets[bag]! + (longest === undefined ? 1 : random.below(longest + 1));
  }
  const ids = new Uint32Array(offsets[bagCount]!);
  for (let bag = 0; bag < bagCount; bag++) {
    // Squares crowd at zero: many duplicates, and rows that occur once.
    const count = rows[bag % tables]!;
    for (let i = offsets[bag]!; i < offsets[bag + 1]!; i++) ids[i] = Math.floor(random.below(count) ** 2 / count);
  }
  return {
    dim,
    table: random.f32(total * dim),
    gradOut: random.f32(bagCount * dim),
    states: sparseStateShapes(optimizer.kind, total, dim).map(([n, d = 1]) => random.f32(n! * d, 0.1, 1)),
    lr: 0.05,
    optimizer,
    bags: {
      batch,
      tables,
      rowBase,
      ids,
      mode,
      ...(longest === undefined ? {} : { offsets }),
      ...(weighted ? { weights: random.f32(ids.length) } : {}),
    },
  };
}

/** Runs the update on a device; returns weights and states. `software`: forces the kernels of software adapters or not. */
async function update(device: AnyDevice, p: Problem, software?: boolean): Promise<Float32Array[]> {
  const { batch, tables, rowBase, ids, offsets, weights, mode = "sum" } = p.bags;
  using stack = new DisposableStack();
  const f32 = (data: ArrayLike<number>, shape = [data.length]) =>
    stack.use(device.tensor("f32", shape, { data: Float32Array.from(data) }));
  const u32 = (data: ArrayLike<number>) =>
    stack.use(device.tensor("u32", [data.length], { data: Uint32Array.from(data) }));
  const table = f32(p.table, [p.table.length / p.dim, p.dim]);
  const states = p.states.map((state) => f32(state));
  const bags: Bags = {
    batch,
    tables,
    ids: u32(ids),
    mode,
    ...(offsets ? { offsets: u32(offsets) } : {}),
    ...(weights ? { weights: f32(weights) } : {}),
  };
  const bases = u32(rowBase), gradOut = f32(p.gradOut);
  if (device.kind === "cpu" || software === undefined) {
    sparseUpdate(table, bases, bags, gradOut, p.optimizer, states, p.lr);
  } else {
    const plan = planBags("test", table, bases, bags), step = stepScalars(p.optimizer, p.lr);
    sparseUpdateWebGpu(device, table, plan, gradOut, step, states, software);
  }
  return await Promise.all([table, ...states].map((tensor) => tensor.read() as Promise<Float32Array>));
}

function expected(p: Problem): Float64Array[] {
  const table = Float64Array.from(p.table), states = p.states.map((state) => Float64Array.from(state));
  sparseUpdateReference(table, p.dim, p.bags, p.gradOut, p.optimizer, states, p.lr);
  return [table, ...states];
}

/** Adapters in tests are software; the kernels of GPUs must be right, too. */
const variants = (device: AnyDevice) => device.kind === "cpu" ? [undefined] : [false, true];

async function assertUpdates(device: AnyDevice, shape: Shape): Promise<void> {
  const p = makeProblem(shape), want = expected(p);
  // Sums of up to `occurrences` values below 1 carry that many roundings at worst; squares double it.
  const atol = 2e-6 * Math.max(1, Math.sqrt(p.bags.ids.length));
  for (const software of variants(device)) {
    const actual = await update(device, p, software);
    actual.forEach((values, i) =>
      assertAllClose(i === 0 ? "weights" : `state ${i}`, values, want[i]!, { atol, rtol: 2e-6 })
    );
  }
}

testOnEachDevice("sparseUpdate() equals the reference over shapes, bags and optimisers", async (device) => {
  const shapes: fc.Arbitrary<Shape> = fc.record({
    seed: fc.nat(),
    batch: fc.integer({ min: 0, max: 60 }),
    rows: fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 4 }),
    dim: fc.constantFrom(1, 3, 4, 6, 16, 20, 36),
    longest: fc.constantFrom(undefined, undefined, 1, 5),
    weighted: fc.boolean(),
    mode: fc.constantFrom("sum", "mean"),
    shared: fc.boolean(),
    optimizer: fc.constantFrom(...OPTIMIZERS),
  });
  await fc.assert(fc.asyncProperty(shapes, (shape) => assertUpdates(device, shape)), {
    numRuns: device.kind === "cpu" ? 200 : 30,
    seed: 1,
  });
});

for (const optimizer of OPTIMIZERS) {
  testOnEachDevice(`sparseUpdate() sums rows that occur thousands of times (${optimizer.kind})`, async (device) => {
    // Lists of 1 to 1500 occurrences, on, before and behind the ends of chunks.
    await assertUpdates(device, { seed: 4, batch: 1500, rows: [1, 3, 2, 700], dim: 8, optimizer });
    await assertUpdates(device, { seed: 5, batch: 300, rows: [2, 1], dim: 5, longest: 9, mode: "mean", optimizer });
  });
}

testOnEachDevice("sparseUpdate() handles lists whose lengths are around the chunk", async (device) => {
  for (const software of variants(device)) await checkAroundChunk(device, software);
});

async function checkAroundChunk(device: AnyDevice, software?: boolean): Promise<void> {
  // Chunks have 64 positions on GPUs and 256 on CPUs and software adapters.
  const chunk = software === false ? 64 : 256;
  for (const length of [1, 2, 3].flatMap((chunks) => [-1, 0, 1].map((more) => chunks * chunk + more))) {
    for (const before of [0, 200]) {
      const ids = Uint32Array.from(
        { length: before + length + 2 },
        (_, i) => i < before ? i : i < before + length ? 300 : 301,
      );
      const batch = ids.length;
      const p: Problem = {
        dim: 4,
        table: new Float32Array(302 * 4),
        bags: { batch, tables: 1, rowBase: [0], ids },
        gradOut: new Float32Array(batch * 4).fill(1),
        optimizer: { kind: "sgd" },
        states: [],
        lr: 1,
      };
      // Sums of ones are exact.
      const after = (await update(device, p, software))[0]!;
      assertSameBits(`${before} + ${length}`, after, Float32Array.from(expected(p)[0]!));
    }
  }
}

testOnEachDevice("sparseUpdate() with rate 1 subtracts the gradient of the look-up", async (device) => {
  // Central differences of sum(lookup * gradOut) in float64: exact up to rounding, as the look-up is linear.
  for (const weighted of [false, true]) {
    for (const mode of ["sum", "mean"] as const) {
      const optimizer: SparseOptimizer = { kind: "sgd" };
      const p = {
        ...makeProblem({ seed: 6, batch: 7, rows: [4, 9], dim: 3, longest: 4, weighted, mode, optimizer }),
        lr: 1,
      };
      const loss = (table: Float64Array) =>
        embeddingLookupReference(table, p.dim, p.bags).reduce((sum, x, i) => sum + x * p.gradOut[i]!, 0);
      const gradient = Float64Array.from(p.table, (_, i) => {
        const high = Float64Array.from(p.table), low = Float64Array.from(p.table);
        high[i]! += 0.5;
        low[i]! -= 0.5;
        return loss(high) - loss(low);
      });
      const after = (await update(device, p))[0]!;
      assertAllClose("gradient", after.map((x, i) => p.table[i]! - x), gradient, { atol: 2e-6 });
    }
  }
});

testOnEachDevice("sparseUpdate() leaves other rows and rows beyond the tables alone", async (device) => {
  for (const optimizer of OPTIMIZERS) {
    const p = makeProblem({ seed: 7, batch: 3, rows: [10, 10], dim: 4, optimizer });
    const bags = { ...p.bags, ids: Uint32Array.from([4, 1, 4, 10, 0xffffffff, 0xfffffff0]) };
    const before = [p.table, ...p.states];
    const after = await update(device, { ...p, bags });
    after.forEach((values, i) => {
      const width = values.length / 20;
      for (let row = 0; row < 20; row++) {
        const slice = (all: Float32Array) => all.subarray(row * width, (row + 1) * width);
        const same = slice(values).every((x, j) => x === slice(before[i]!)[j]);
        assertEquals(same, row !== 4 && row !== 11, `row ${row} of ${i === 0 ? "weights" : "state"}`);
      }
    });
  }
});

testOnEachDevice("sparseUpdate() gives a row the same bits whatever else the batch holds", async (device) => {
  const random = new TestRandom(8);
  const dim = 8, many = 700, gradOut = random.f32(many * dim);
  const run = async (ids: Uint32Array, grads: Float32Array) => {
    const bags = { batch: ids.length, tables: 1, rowBase: [0], ids };
    const table = new Float32Array(50 * dim);
    return (await update(device, { dim, table, bags, gradOut: grads, optimizer: OPTIMIZERS[0]!, states: [], lr: 1 }))[
      0
    ]!;
  };
  const alone = await run(new Uint32Array(many).fill(20), gradOut);
  const others = 1 + random.below(90);
  const mixed = await run(
    Uint32Array.from({ length: many + others }, (_, i) => i < others ? i % 20 : 20),
    Float32Array.from([...random.f32(others * dim), ...gradOut]),
  );
  assertSameBits("row 20", mixed.slice(20 * dim, 21 * dim), alone.slice(20 * dim, 21 * dim));
});

testOnEachDevice("sparseUpdate() gives the same bits twice", async (device) => {
  for (const optimizer of OPTIMIZERS) {
    const p = makeProblem({ seed: 9, batch: 400, rows: [3, 500], dim: 16, longest: 3, weighted: true, optimizer });
    const [one, two] = [await update(device, p), await update(device, p)];
    one.forEach((values, i) => assertSameBits(`${optimizer.kind} ${i}`, values, two[i]!));
  }
});

Deno.test("sparseUpdate() gives the same bits on 1, 2 and 3 threads", async () => {
  for (const longest of [undefined, 3]) {
    for (const optimizer of OPTIMIZERS) {
      const p = makeProblem({ seed: 10, batch: 3000, rows: [3, 5000, 40], dim: 16, longest, optimizer });
      const results: Float32Array[][] = [];
      for (const threads of [1, 2, 3]) {
        using device = openCpuDevice({ threads, maxBytes: 1 << 26 });
        results.push(await update(device, p));
      }
      for (const other of results.slice(1)) other.forEach((x, i) => assertSameBits(optimizer.kind, x, results[0]![i]!));
    }
  }
});

testOnEachDevice("sparseUpdate() refuses operands and settings that do not fit", (device) => {
  using weights = device.tensor("f32", [10, 4], { label: "weights" });
  using rowBase = device.tensor("u32", [2], { label: "rowBase" });
  using ids = device.tensor("u32", [3, 2], { label: "ids" });
  using grad = device.tensor("f32", [3, 2, 4], { label: "grad" });
  using state = device.tensor("f32", [10, 4], { label: "state" });
  const bags: Bags = { batch: 3, tables: 2, ids };
  const run = (optimizer: SparseOptimizer, states: (typeof state)[], lr = 0.1, g = grad) => () =>
    sparseUpdate(weights, rowBase, bags, g, optimizer, states, lr);
  const adam = { kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 1 } as const;
  assertThrows(run({ kind: "sgd" }, [state]), TypeError, "sgd has 0 states: got 1");
  assertThrows(run(adam, [state]), TypeError, "adam has 2 states: got 1");
  assertThrows(run({ kind: "rowwise-adagrad", epsilon: 0 }, [state]), TypeError, "want f32 of 10 elements");
  assertThrows(run({ kind: "sgd" }, [], 0.1, state), TypeError, `"state" is f32 [10,4]: want f32 of 24 elements`);
  assertThrows(run({ kind: "sgd" }, [], NaN), RangeError, "lr NaN");
  assertThrows(run({ kind: "adagrad", epsilon: -1 }, [state]), RangeError, "epsilon -1");
  assertThrows(run({ ...adam, beta1: 1 }, [state, state]), RangeError, "beta1 1");
  assertThrows(run({ ...adam, beta2: -0.1 }, [state, state]), RangeError, "beta2 -0.1");
  assertThrows(run({ ...adam, step: 0 }, [state, state]), RangeError, "step 0");
  assertThrows(run({ kind: "lamb" } as unknown as SparseOptimizer, []), TypeError, `"lamb"`);
});

Deno.test("sparseGradientReference() lists just the rows that occur", () => {
  const gradients = sparseGradientReference({ batch: 2, tables: 1, rowBase: [5], ids: [1, 1] }, [1, 2, 10, 20], 2);
  assertEquals([...gradients], [[6, Float64Array.of(11, 22)]]);
  assert(!gradients.has(5));
});
