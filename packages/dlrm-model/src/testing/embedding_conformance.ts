/**
 * What every embedding collection must do, whatever it stores: one test body for all kinds.
 *
 * @module
 */
import type { AnyDevice, Tensor, TensorData } from "@pocketrec/compute";
import {
  assertAllClose,
  assertSameBits,
  type ConformanceOptions,
  testOnEachDevice,
  TestRandom,
} from "@pocketrec/compute/testing";
import type { EmbeddingCollection, IdBatch, StateData } from "../embedding_collection.ts";

/** The tables that {@linkcode EmbeddingConformance.make} is asked for. */
export const CONFORMANCE_TABLES: readonly { readonly name: string; readonly rows: number }[] = [
  { name: "large", rows: 2000 },
  { name: "tiny", rows: 3 },
  { name: "middle", rows: 130 },
];

/** Elements of a vector in conformance tests. */
export const CONFORMANCE_DIM = 8;

/** How a kind of collection is tested. */
export interface EmbeddingConformance {
  /** Makes a collection of {@linkcode CONFORMANCE_TABLES} by {@linkcode CONFORMANCE_DIM} in float32. */
  make(
    device: AnyDevice,
    options: { readonly seed: number; readonly optimizer: "sgd" | "adagrad" },
  ): EmbeddingCollection & Partial<Disposable>;
  /** Whether a bag's vector is the (weighted) sum of its ids' vectors. Default true. */
  readonly additiveBags?: boolean;
  /** Largest difference of an update by SGD to the measured slope, relative to the largest slope. Default 1e-4. */
  readonly gradientTolerance?: number;
  /** Devices to test on. Default: all. */
  readonly devices?: ConformanceOptions["devices"];
}

const BATCH = 5, TABLES = CONFORMANCE_TABLES.length;

/** Registers the tests of a kind of collection. */
export function testEmbeddingCollection(name: string, conformance: EmbeddingConformance): void {
  const { additiveBags = true, gradientTolerance = 1e-4 } = conformance;
  const options = conformance.devices ? { devices: conformance.devices } : {};
  const test = (what: string, body: (bench: Bench) => Promise<void>) => {
    testOnEachDevice(`${name}: ${what}`, async (device) => {
      using bench = new Bench(device, conformance);
      await body(bench);
    }, options);
  };

  test("a vector depends on table and id alone", async (bench) => {
    const collection = bench.make();
    const random = new TestRandom(1);
    const ids = someIds(random, BATCH);
    const one = await bench.lookup(collection, ids, BATCH);
    // The same samples in another order, and within a larger batch.
    const order = [3, 1, 4, 0, 2, 0, 0];
    const shuffled = Uint32Array.from(order.flatMap((s) => [...ids.subarray(s * TABLES, (s + 1) * TABLES)]));
    const other = await bench.lookup(collection, shuffled, order.length);
    const width = TABLES * CONFORMANCE_DIM;
    order.forEach((s, i) => {
      const actual = other.slice(i * width, (i + 1) * width);
      assertSameBits(`sample ${s}`, actual, one.slice(s * width, (s + 1) * width));
    });
  });

  test("bags are sums and means of their rows, empty ones zeros", async (bench) => {
    const collection = bench.make();
    const single = async (table: number, id: number) => {
      const ids = new Uint32Array(TABLES);
      ids[table] = id;
      const vectors = await bench.lookup(collection, ids, 1);
      return vectors.slice(table * CONFORMANCE_DIM, (table + 1) * CONFORMANCE_DIM);
    };
    // Two samples of three tables: bags of 3, 0, 1, 1, 2 and 0 ids.
    const bags = [[7, 1999, 7], [], [129], [0], [2, 1], []];
    const offsets = Uint32Array.of(0, 3, 3, 4, 5, 7, 7);
    const factors = Float32Array.of(0.5, -2, 1, 3, 1, 0.25, 4);
    for (const mode of ["sum", "mean"] as const) {
      for (const weights of [undefined, factors]) {
        const out = await bench.lookupBags(collection, Uint32Array.from(bags.flat()), offsets, mode, weights);
        let at = 0;
        for (const [bag, ids] of bags.entries()) {
          const want = new Float64Array(CONFORMANCE_DIM);
          for (const id of ids) {
            const factor = (weights?.[at++] ?? 1) / (mode === "mean" ? ids.length : 1);
            (await single(bag % TABLES, id)).forEach((value, k) => want[k]! += factor * value);
          }
          if (ids.length > 1 && !additiveBags || ids.length === 1 && weights && !additiveBags) continue;
          const actual = out.subarray(bag * CONFORMANCE_DIM, (bag + 1) * CONFORMANCE_DIM);
          assertAllClose(`${mode} of bag ${bag}`, actual, want, { atol: 1e-6, rtol: 1e-5 });
        }
      }
    }
  });

  test("an SGD step follows the measured slope", async (bench) => {
    const collection = bench.make("sgd");
    const random = new TestRandom(2);
    const ids = someIds(random, BATCH);
    ids.set(ids.subarray(0, TABLES), TABLES); // an id that occurs twice
    const gradient = random.f32(BATCH * TABLES * CONFORMANCE_DIM);
    const before = await parameters(collection);
    await bench.step(collection, ids, gradient, 1);
    const after = await parameters(collection);
    const objective = async (state: StateData) => {
      collection.load(state);
      const out = await bench.lookup(collection, ids, BATCH);
      return out.reduce((sum, value, i) => sum + value * gradient[i]!, 0);
    };
    // Look-ups are linear in each single parameter, so a wide central difference is exact but for rounding.
    const h = 0.5;
    let largest = 0;
    const probes: { tensor: string; index: number; moved: number }[] = [];
    for (const [tensor, values] of Object.entries(before)) {
      const moved = values.map((value, i) => value - after[tensor]![i]!);
      const touched = [...moved.keys()].filter((i) => moved[i] !== 0);
      const chosen = [touched[random.below(touched.length)], touched[random.below(touched.length)]];
      for (const index of [...chosen, random.below(values.length)]) {
        if (index !== undefined) probes.push({ tensor, index, moved: moved[index]! });
      }
    }
    const found: { name: string; slope: number; moved: number }[] = [];
    for (const { tensor, index, moved } of probes) {
      const value = before[tensor]![index]!;
      const nudged = (by: number) => ({ ...before, [tensor]: before[tensor]!.with(index, value + by) as Float32Array });
      const slope = (await objective(nudged(h)) - await objective(nudged(-h))) / (2 * h);
      largest = Math.max(largest, Math.abs(slope));
      found.push({ name: `${tensor}[${index}]`, slope, moved });
    }
    if (!(largest > 0)) throw new Error(`${name}: no parameter has a slope`);
    for (const { name, slope, moved } of found) {
      assertAllClose(name, [moved], [slope], { atol: gradientTolerance * largest, rtol: 0 });
    }
  });

  test("state() and load() carry training over, bit by bit", async (bench) => {
    const [a, b] = [bench.make("adagrad", 1), bench.make("adagrad", 2)];
    const random = new TestRandom(3);
    const batches = Array.from({ length: 4 }, () => {
      return { ids: someIds(random, BATCH), gradient: random.f32(BATCH * TABLES * CONFORMANCE_DIM) };
    });
    for (const { ids, gradient } of batches.slice(0, 2)) await bench.step(a, ids, gradient, 0.1);
    b.load(await readState(a.state()));
    for (const { ids, gradient } of batches.slice(2)) {
      await bench.step(a, ids, gradient, 0.1);
      await bench.step(b, ids, gradient, 0.1);
    }
    const [want, got] = [await readState(a.state()), await readState(b.state())];
    for (const tensor of Object.keys(want)) assertSameBits(tensor, got[tensor]!, want[tensor]!);
    const { ids } = batches[0]!;
    assertSameBits("look-up", await bench.lookup(b, ids, BATCH), await bench.lookup(a, ids, BATCH));
  });

  test("equal seeds and equal batches give equal bits", async (bench) => {
    const twins = [bench.make("adagrad", 5), bench.make("adagrad", 5)] as const;
    for (const collection of twins) {
      const random = new TestRandom(4);
      for (let step = 0; step < 3; step++) {
        const ids = someIds(random, BATCH), gradient = random.f32(BATCH * TABLES * CONFORMANCE_DIM);
        await bench.step(collection, ids, gradient, 0.1);
      }
    }
    const [want, got] = [await readState(twins[0].state()), await readState(twins[1].state())];
    for (const tensor of Object.keys(want)) assertSameBits(tensor, got[tensor]!, want[tensor]!);
  });

  test("load() refuses a missing or mis-sized parameter", async (bench) => {
    const collection = bench.make();
    const state = await parameters(collection);
    const last = Object.keys(state).at(-1)!;
    const { [last]: dropped, ...rest } = state;
    expectError(TypeError, last, () => collection.load(rest));
    expectError(RangeError, last, () => collection.load({ ...state, [last]: dropped!.subarray(1) }));
  });
}

/** A device, and collections and tensors that go when the test ends. */
class Bench implements Disposable {
  readonly #device: AnyDevice;
  readonly #conformance: EmbeddingConformance;
  readonly #resources: Partial<Disposable>[] = [];

  constructor(device: AnyDevice, conformance: EmbeddingConformance) {
    this.#device = device;
    this.#conformance = conformance;
  }

  make(optimizer: "sgd" | "adagrad" = "sgd", seed = 1): EmbeddingCollection {
    const collection = this.#conformance.make(this.#device, { seed, optimizer });
    this.#resources.push(collection);
    return collection;
  }

  async lookup(collection: EmbeddingCollection, ids: Uint32Array, batch: number): Promise<Float32Array> {
    const out = this.#out(batch);
    collection.lookup(this.#oneHot(ids, batch), out);
    return await out.read() as Float32Array;
  }

  async lookupBags(
    collection: EmbeddingCollection,
    ids: Uint32Array,
    offsets: Uint32Array,
    mode: "sum" | "mean",
    weights?: Float32Array,
  ): Promise<Float32Array> {
    const batch = (offsets.length - 1) / TABLES;
    const bags: IdBatch = {
      batch,
      tables: TABLES,
      mode,
      ids: this.#tensor("u32", [ids.length], ids),
      offsets: this.#tensor("u32", [offsets.length], offsets),
      ...(weights ? { weights: this.#tensor("f32", [weights.length], weights) } : {}),
    };
    const out = this.#out(batch);
    collection.lookup(bags, out);
    return await out.read() as Float32Array;
  }

  async step(collection: EmbeddingCollection, ids: Uint32Array, gradient: Float32Array, lr: number): Promise<void> {
    collection.lookup(this.#oneHot(ids, BATCH), this.#out(BATCH));
    collection.backward(this.#tensor("f32", [BATCH, TABLES, CONFORMANCE_DIM], gradient));
    collection.step(lr);
    await this.#device.finish();
  }

  [Symbol.dispose](): void {
    for (const resource of this.#resources) resource[Symbol.dispose]?.();
  }

  #oneHot(ids: Uint32Array, batch: number): IdBatch {
    return { batch, tables: TABLES, ids: this.#tensor("u32", [batch, TABLES], ids) };
  }

  #out(batch: number): Tensor {
    // Not zeros, so that a bag left out shows.
    const size = batch * TABLES * CONFORMANCE_DIM;
    return this.#tensor("f32", [batch, TABLES, CONFORMANCE_DIM], new Float32Array(size).fill(NaN));
  }

  #tensor(dtype: "f32" | "u32", shape: readonly number[], data: TensorData): Tensor {
    const tensor = this.#device.tensor(dtype, shape, { data });
    this.#resources.push(tensor);
    return tensor;
  }
}

function someIds(random: TestRandom, batch: number): Uint32Array {
  return Uint32Array.from({ length: batch * TABLES }, (_, i) => random.below(CONFORMANCE_TABLES[i % TABLES]!.rows));
}

async function readState(state: Record<string, Tensor>): Promise<Record<string, TensorData>> {
  const read: Record<string, TensorData> = {};
  for (const [name, tensor] of Object.entries(state)) read[name] = await tensor.read();
  return read;
}

/** State without the optimiser's: names with `@` are its. */
async function parameters(collection: EmbeddingCollection): Promise<Record<string, Float32Array>> {
  const state = await readState(collection.state());
  return Object.fromEntries(Object.entries(state).filter(([name]) => !name.includes("@"))) as Record<
    string,
    Float32Array
  >;
}

function expectError(type: typeof TypeError | typeof RangeError, text: string, body: () => void): void {
  try {
    body();
  } catch (error) {
    if (error instanceof type && error.message.includes(text)) return;
    throw error;
  }
  throw new Error(`want a ${type.name} that names "${text}"`);
}
