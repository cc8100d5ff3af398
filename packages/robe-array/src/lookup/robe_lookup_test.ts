import { assert, assertThrows } from "@std/assert";
import { type AnyDevice, type Bags, embeddingLookup, openCpuDevice, type Tensor } from "@pocketrec/compute";
import { assertAllClose, assertSameBits, testOnEachDevice, TestRandom } from "@pocketrec/compute/testing";
import fc from "fast-check";
import { robeLayout, type RobeLayoutOptions, rowShape, rowSlots, tableHash } from "../layout.ts";
import { robeTableSet, type RobeTableSpec } from "../table_set.ts";
import { robeLookup } from "./robe_lookup.ts";
import { type RobeHostBags, robeLookupReference } from "./robe_lookup_reference.ts";

interface Case {
  readonly layout: RobeLayoutOptions;
  readonly dim: number;
  readonly tables: readonly RobeTableSpec[];
  readonly array: Float32Array;
  readonly bags: RobeHostBags;
}

/** f16 bits of whole numbers / 64 up to 32 and of subnormal numbers, and their values. */
function halves(random: TestRandom, length: number): { bits: Uint16Array; values: Float32Array } {
  const bits = Uint16Array.from({ length }, () => {
    const exponent = random.below(8) === 0 ? 0 : 9 + random.below(12);
    return random.below(2) << 15 | exponent << 10 | random.below(1024);
  });
  const values = Float32Array.from(bits, (word) => {
    const exponent = word >> 10 & 31, fraction = (word & 1023) / 1024;
    return (word >> 15 ? -1 : 1) * (exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14);
  });
  return { bits, values };
}

async function lookUp(device: AnyDevice, c: Case, halfBits?: Uint16Array): Promise<Float32Array> {
  const layout = robeLayout(c.layout), { batch, ids, offsets, weights, mode } = c.bags, tables = c.tables.length;
  const set = robeTableSet(device, layout, c.dim, c.tables);
  const tensors: Tensor[] = [set.records];
  const put = (label: string, data: Float32Array | Uint32Array) => {
    const tensor = device.tensor(data instanceof Float32Array ? "f32" : "u32", [data.length], { data, label });
    tensors.push(tensor);
    return tensor;
  };
  const words = halfBits &&
    new Uint32Array(Uint16Array.from({ length: halfBits.length + 1 & ~1 }, (_, i) => halfBits[i] ?? 0).buffer);
  const array = put("array", words ?? c.array);
  const bags: Bags = {
    batch,
    tables,
    ids: put("ids", Uint32Array.from(ids)),
    ...(offsets ? { offsets: put("offsets", Uint32Array.from(offsets)) } : {}),
    ...(weights ? { weights: put("weights", Float32Array.from(weights)) } : {}),
    ...(mode ? { mode } : {}),
  };
  using out = device.tensor("f32", [batch, tables, c.dim], { label: "out" });
  // Stale values must not survive, in empty bags least of all.
  out.write(new Float32Array(out.size).fill(NaN));
  robeLookup(array, set, bags, out);
  const values = await out.read() as Float32Array;
  for (const tensor of tensors) tensor[Symbol.dispose]();
  return values;
}

function reference({ array, layout, dim, tables, bags }: Case, round?: (value: number) => number): Float64Array {
  return robeLookupReference(array, robeLayout(layout), dim, tables, bags, round);
}

/** Zeros have one sign: that of a sum's zero is not promised. */
function normalised(values: ArrayLike<number>): Float32Array {
  return Float32Array.from(values, (value) => value + 0);
}

const layouts: fc.Arbitrary<RobeLayoutOptions> = fc.record({
  hash: fc.constantFrom("mix32" as const, "mix32" as const, "m31" as const, "ref1" as const, "ref2" as const),
  align: fc.constantFrom(1 as const, 4 as const, 8 as const),
  units: fc.constantFrom(1, 2, 3, 4, 8, 12, 16, 32, 64, 150),
  spare: fc.constantFrom(1, 2, 3, 7, 40, 900),
  sign: fc.boolean(),
  seed: fc.nat(),
}).map(({ hash, align, units, spare, sign, seed }) => {
  const authors = hash === "ref1" || hash === "ref2", unit = authors ? 1 : align;
  const blockSize = units * unit, size = blockSize + spare * unit;
  return authors ? { hash, blockSize, size, seed } : { hash, blockSize, size, align, sign, seed };
});

interface Shape {
  readonly layout: RobeLayoutOptions;
  readonly seed: number;
  readonly batch: number;
  readonly rows: readonly number[];
  readonly dim: number;
  readonly bagged: boolean;
  readonly weighted: boolean;
  readonly padded: boolean;
  readonly scaled: boolean;
  readonly half: boolean;
  readonly mode: "sum" | "mean";
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  layout: layouts,
  seed: fc.nat(),
  batch: fc.integer({ min: 0, max: 30 }),
  rows: fc.array(fc.constantFrom(1, 3, 50, 1e6, 2 ** 32), { minLength: 1, maxLength: 4 }),
  dim: fc.constantFrom(1, 2, 3, 4, 7, 8, 16, 20, 32, 36, 48, 64, 128),
  bagged: fc.boolean(),
  weighted: fc.boolean(),
  padded: fc.boolean(),
  scaled: fc.boolean(),
  half: fc.boolean(),
  mode: fc.constantFrom("sum", "mean"),
});

/** Array, tables and bags of a shape; bags have 0 to 4 ids, some of them padding, some beyond their table. */
function makeCase({ layout, seed, batch, rows, dim, bagged, weighted, padded, scaled, half, mode }: Shape) {
  const random = new TestRandom(seed);
  const size = robeLayout(layout).size;
  const { bits, values } = halves(random, half ? size : 0);
  const tables = rows.map((count, t) => ({
    rows: count,
    index: 3 * t,
    paddingIdx: padded ? random.below(Math.min(count, 3)) : undefined,
    scale: scaled ? 0.5 + t / 7 : 1,
  }));
  const lengths = Array.from({ length: batch * rows.length }, () => bagged ? random.below(5) : 1);
  const offsets = [0, ...lengths];
  for (let i = 1; i < offsets.length; i++) offsets[i]! += offsets[i - 1]!;
  const ids = lengths.flatMap((length, bag) => {
    const { rows, paddingIdx } = tables[bag % tables.length]!;
    return Array.from({ length }, () => {
      const choice = random.below(8);
      return choice === 0 ? paddingIdx ?? 0 : choice === 1 ? random.u32() : random.below(rows);
    });
  });
  const bags: RobeHostBags = {
    batch,
    ids,
    mode,
    ...(bagged ? { offsets } : {}),
    ...(weighted ? { weights: random.f32(ids.length) } : {}),
  };
  const scales = tables.map((table) => ({ ...table, scale: Math.fround(table.scale) }));
  return {
    case: { layout, dim, tables: scales, array: half ? values : random.f32(size), bags },
    bits: half ? bits : undefined,
  };
}

testOnEachDevice("robeLookup() equals the reference over layouts, shapes, bags and storage", async (device) => {
  const property = fc.asyncProperty(shapes, async (shape) => {
    const { case: c, bits } = makeCase(shape);
    const found = await lookUp(device, c, bits);
    // WGSL rounds quotients loosely and may fuse products with sums; all else is exact.
    const exact = device.kind === "cpu" || !(shape.mode === "mean" && shape.bagged) && !shape.weighted;
    if (exact) assertSameBits("out", normalised(found), normalised(reference(c, Math.fround)));
    else assertAllClose("out", found, reference(c), { atol: 3e-6 * (bits ? 64 : 1), rtol: 1e-6 });
  });
  await fc.assert(property, { numRuns: device.kind === "cpu" ? 400 : 40, seed: 1 });
});

const FAST: readonly (readonly [dim: number, blockSize: number, align: 1 | 4 | 8, sign: boolean])[] = [
  [128, 128, 4, true],
  [128, 32, 4, true],
  [128, 32, 1, false],
  [128, 16, 8, true],
  [16, 16, 4, true],
  [16, 16, 1, false],
  [16, 128, 4, true],
  [12, 128, 4, true],
  [48, 256, 1, true],
  [64, 1, 1, true],
];

testOnEachDevice("robeLookup() gives bags of one id the bits of the array, around its end too", async (device) => {
  for (const [dim, blockSize, align, sign] of FAST) {
    for (const size of [blockSize, 264, 5000].filter((size) => size >= blockSize)) {
      const random = new TestRandom(7);
      const tables = [{ rows: 100 }, { rows: 4 }, { rows: 2 ** 32 }];
      const ids = Uint32Array.from({ length: 3 * 70 }, (_, i) => random.below(tables[i % 3]!.rows));
      const c = {
        layout: { size, blockSize, align, sign },
        dim,
        tables,
        array: random.f32(size),
        bags: { batch: 70, ids },
      };
      assertSameBits(`dim ${dim}, Z ${blockSize}, M ${size}`, await lookUp(device, c), normalised(reference(c)));
    }
  }
});

testOnEachDevice("robeLookup() adds the rows of a bag in their order, for chunks of any length", async (device) => {
  const random = new TestRandom(3);
  // The second bag is longer than what is hashed together; several large and small terms make the order visible.
  const lengths = [3, 700, 0, 41], ids = random.ids(744, 1000);
  const offsets = [0, ...lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b))];
  const array = random.f32(1000).map((value, i) => value * 10 ** (i % 5));
  const c = {
    layout: { size: 1000 },
    dim: 32,
    tables: [{ rows: 1000 }, { rows: 1000 }],
    array,
    bags: { batch: 2, ids, offsets },
  };
  const found = await lookUp(device, c);
  assertSameBits("out", normalised(found), normalised(reference(c, Math.fround)));
  const reversed = { ...c, bags: { ...c.bags, ids: ids.map((_, i) => ids[i < 3 ? i : i < 703 ? 705 - i : i]!) } };
  const other = await lookUp(device, reversed);
  assert(found.some((value, i) => value !== other[i]), "another order must show");
});

testOnEachDevice(
  "robeLookup() reads padding and ids beyond a table as zeros, and means skip padding",
  async (device) => {
    const array = new Float32Array(64).fill(1);
    const c = {
      layout: { size: 64, blockSize: 4, sign: false },
      dim: 4,
      tables: [{ rows: 10, paddingIdx: 2, scale: 3 }],
      array,
      bags: { batch: 5, ids: [2, 10, 2, 1, 3, 2, 2, 1, 10], offsets: [0, 1, 2, 5, 7, 9], mode: "mean" as const },
    };
    // Only padding; beyond the table; two of three count; only padding; one of the two that count reads as zeros.
    assertSameBits("out", await lookUp(device, c), Float32Array.from([0, 0, 3, 0, 1.5].flatMap((x) => [x, x, x, x])));
  },
);

testOnEachDevice("robeLookup() equals embeddingLookup() on the rows laid out in full", async (device) => {
  const random = new TestRandom(11), rows = 60, dim = 16, size = 320;
  const options = { size, blockSize: 8, sign: false }, layout = robeLayout(options);
  const array = random.f32(size), ids = random.ids(200, rows);
  const hash = tableHash(layout, 0, 0);
  const table = Float32Array.from({ length: rows }, (_, id) => id)
    .reduce<number[]>((all, id) => all.concat(rowSlots(layout, hash, dim, id).map((slot) => array[slot]!)), []);
  const offsets = Uint32Array.from({ length: 51 }, (_, i) => 4 * i);
  using full = device.tensor("f32", [rows, dim], { data: Float32Array.from(table), label: "full" });
  using rowBase = device.tensor("u32", [1], { label: "rowBase" });
  using onDevice = device.tensor("u32", [200], { data: ids, label: "ids" });
  using bounds = device.tensor("u32", [51], { data: offsets, label: "offsets" });
  using out = device.tensor("f32", [50, 1, dim], { label: "out" });
  embeddingLookup(full, rowBase, { batch: 50, tables: 1, ids: onDevice, offsets: bounds }, out);
  const c = { layout: options, dim, tables: [{ rows }], array, bags: { batch: 50, ids, offsets } };
  assertSameBits("out", await lookUp(device, c), await out.read());
});

testOnEachDevice("robeLookup() gives a grown array's rows the bits they had", async (device) => {
  const random = new TestRandom(13), array = random.f32(640), ids = random.ids(50, 1000);
  for (const hash of ["mix32", "m31"] as const) {
    const c = { layout: { size: 640, hash }, dim: 64, tables: [{ rows: 1000 }], array, bags: { batch: 50, ids } };
    const grown = new Float32Array(1920).map((_, i) => array[i % 640]!);
    const after = await lookUp(device, { ...c, layout: { size: 1920, hash }, array: grown });
    assertSameBits(hash, after, await lookUp(device, c));
  }
});

testOnEachDevice("robeLookup() refuses operands that do not fit", (device) => {
  const set = robeTableSet(device, robeLayout({ size: 100, blockSize: 4 }), 4, [{ rows: 5 }, { rows: 6 }]);
  using array = device.tensor("f32", [100], { label: "array" });
  using ids = device.tensor("u32", [3, 2], { label: "ids" });
  using out = device.tensor("f32", [3, 2, 4], { label: "out" });
  const refuse = (bags: Bags, text: string, from: Tensor = array, to: Tensor = out) =>
    assertThrows(() => robeLookup(from, set, bags, to), TypeError, text);
  refuse({ batch: 3, tables: 2, ids }, `"ids" is u32 [3,2]: want f32 of 100 elements, or f16 in u32 of 50`, ids);
  refuse({ batch: 3, tables: 2, ids }, `"out" is f32 [3,2,4]: want f32 of 100`, out);
  refuse({ batch: 3, tables: 1, ids }, `with bags of 1 tables: want 2`);
  refuse({ batch: 4, tables: 2, ids }, `"ids" is u32 [3,2]: want u32 of 8 elements`);
  refuse({ batch: 3, tables: 2, ids: out }, `"out" is f32 [3,2,4]: want u32 of 6 elements`);
  refuse({ batch: 3, tables: 2, ids, offsets: ids }, `want u32 of 7 elements`);
  refuse({ batch: 3, tables: 2, ids, weights: array }, `want f32 of 6 elements`);
  refuse({ batch: 3, tables: 2, ids, mode: "max" as "sum" }, `mode "max"`);
  refuse({ batch: 3, tables: 2, ids }, `"array" is written and shares memory with "array"`, array, array);
  set.records[Symbol.dispose]();
});

Deno.test("robeLookup() gives the same bits on 1, 2 and 3 threads", async () => {
  const layout = { size: 1000, blockSize: 8 };
  const shape: Shape = {
    layout,
    seed: 3,
    batch: 900,
    rows: [50, 3, 1000],
    dim: 20,
    bagged: true,
    weighted: true,
    padded: true,
    scaled: true,
    half: false,
    mode: "mean",
  };
  const results: Float32Array[] = [];
  for (const threads of [1, 2, 3]) {
    using device = openCpuDevice({ threads, maxBytes: 1 << 26 });
    results.push(await lookUp(device, makeCase(shape).case));
  }
  assertSameBits("2 threads", results[1]!, results[0]!);
  assertSameBits("3 threads", results[2]!, results[0]!);
});

Deno.test("robeLookup() spends no scratch memory that grows with the batch", () => {
  const { blocks } = rowShape(robeLayout({ size: 1000, blockSize: 1, align: 1 }), 100);
  using device = openCpuDevice({ threads: 1, maxBytes: 1 << 26 });
  const set = robeTableSet(device, robeLayout({ size: 1000, blockSize: 1, align: 1 }), 100, [{ rows: 1000 }]);
  using array = device.tensor("f32", [1000]);
  using ids = device.tensor("u32", [10_000]);
  using out = device.tensor("f32", [10_000, 1, 100]);
  const before = device.usedBytes;
  robeLookup(array, set, { batch: 10_000, tables: 1, ids }, out);
  assert(device.usedBytes - before < 4 * 10_000 * blocks / 8);
});
