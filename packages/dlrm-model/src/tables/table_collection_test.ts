import { assert, assertEquals, assertThrows } from "@std/assert";
import type { AnyDevice } from "@pocketrec/compute";
import { assertAllClose, assertSameBits, testOnEachDevice, TestRandom } from "@pocketrec/compute/testing";
import { type QrOperation, storedRows, type TableScheme } from "../compression/index_split.ts";
import { CONFORMANCE_DIM, CONFORMANCE_TABLES, testEmbeddingCollection } from "../testing/embedding_conformance.ts";
import { TableCollection, type TableCollectionOptions } from "./table_collection.ts";

const FULL: TableScheme = { kind: "full" };
const HASH: readonly TableScheme[] = [{ kind: "hash", rows: 100 }, FULL, { kind: "hash", rows: 7 }];
const QR: readonly TableScheme[] = [{ kind: "qr", divisor: 40 }, FULL, { kind: "qr", divisor: 11 }];
const MIXED: readonly TableScheme[] = [{ kind: "qr", divisor: 3 }, FULL, { kind: "hash", rows: 60 }];

const KINDS: [name: string, options: Partial<TableCollectionOptions>][] = [
  ["full", {}],
  ["hash", { schemes: HASH }],
  ["QR by products", { schemes: QR }],
  ["QR by sums", { schemes: QR, qrOperation: "add" }],
  ["QR side by side", { schemes: QR, qrOperation: "concat" }],
  ["QR, hash and full", { schemes: MIXED }],
  // 1,280 rows of 8 floats: two arenas, the large table across both.
  ["full, cut", { maxTensorBytes: 1280 * 8 * 4 }],
  ["QR and hash, cut", { schemes: MIXED, maxTensorBytes: 640 * 8 * 4 }],
];

for (const [name, options] of KINDS) {
  testEmbeddingCollection(`TableCollection, ${name}`, {
    make: (device, { seed, optimizer }) => make(device, { ...options, seed, optimizer: { kind: optimizer } }),
    additiveBags: !options.schemes?.some(({ kind }) => kind === "qr") || options.qrOperation !== undefined,
  });
}

function make(device: AnyDevice, options: Partial<TableCollectionOptions>): TableCollection {
  const common = { tables: CONFORMANCE_TABLES, dim: CONFORMANCE_DIM, optimizer: { kind: "sgd" }, seed: 3 } as const;
  return new TableCollection(device, { ...common, ...options });
}

async function lookup(device: AnyDevice, collection: TableCollection, ids: Uint32Array): Promise<Float32Array> {
  const tables = collection.tables.length, batch = ids.length / tables;
  using idTensor = device.tensor("u32", [batch, tables], { data: ids });
  using out = device.tensor("f32", [batch, tables, CONFORMANCE_DIM]);
  collection.lookup({ batch, tables, ids: idTensor }, out);
  return await out.read() as Float32Array;
}

async function readState(collection: TableCollection): Promise<Record<string, Float32Array>> {
  const entries = Object.entries(collection.state()).filter(([name]) => name !== "emb_l@step");
  const read: Record<string, Float32Array> = {};
  for (const [name, tensor] of entries) read[name] = await tensor.read() as Float32Array;
  return read;
}

for (
  const [kind, schemes, operation] of [
    ["full", [FULL, FULL, FULL], "mult"],
    ["hash", HASH, "mult"],
    ["QR mult", QR, "mult"],
    ["QR add", QR, "add"],
    ["QR concat", QR, "concat"],
  ] satisfies [string, readonly TableScheme[], QrOperation][]
) {
  testOnEachDevice(`TableCollection looks up what its state says: ${kind}`, async (device) => {
    using collection = make(device, { schemes, qrOperation: operation });
    const state = await readState(collection);
    const ids = new TestRandom(8).ids(30 * 3, 2000).map((id, i) => id % CONFORMANCE_TABLES[i % 3]!.rows);
    const want = new Float32Array(ids.length * CONFORMANCE_DIM);
    const halves = operation === "concat" && kind.startsWith("QR");
    ids.forEach((id, i) => {
      const t = i % 3, scheme = schemes[t]!;
      for (let k = 0; k < CONFORMANCE_DIM; k++) {
        const at = i * CONFORMANCE_DIM + k, width = halves ? CONFORMANCE_DIM / 2 : CONFORMANCE_DIM;
        const row = scheme.kind === "hash" ? id % scheme.rows : id;
        const [q, r] = scheme.kind === "qr" ? [Math.floor(id / scheme.divisor), id % scheme.divisor] : [row, row];
        const first = state[`emb_l.${t}.weight_q`], second = state[`emb_l.${t}.weight_r`];
        if (halves) want[at] = k < width ? first![q * width + k]! : second![r * width + k - width]!;
        else if (scheme.kind !== "qr") want[at] = state[`emb_l.${t}.weight`]![row * width + k]!;
        else {
          const [a, b] = [first![q * width + k]!, second![r * width + k]!];
          want[at] = operation === "mult" ? a * b : a + b;
        }
      }
    });
    assertEquals(await lookup(device, collection, ids), want);
    const elements = schemes.flatMap((scheme, t) =>
      storedRows(CONFORMANCE_TABLES[t]!.rows, scheme)
        .map((rows) => rows * (halves && scheme.kind === "qr" ? CONFORMANCE_DIM / 2 : CONFORMANCE_DIM))
    );
    assertEquals(collection.parameterBytes, 4 * elements.reduce((sum, count) => sum + count, 0));
    assertEquals(
      Object.values(state).reduce((sum, values) => sum + values.length, 0),
      collection.parameterBytes / 4,
    );
  });
}

testOnEachDevice("TableCollection cut into arenas equals the whole one, and takes its state", async (device) => {
  for (const kind of ["sgd", "adagrad", "rowwise-adagrad", "adam"] as const) {
    using whole = make(device, { optimizer: { kind } });
    using cut = make(device, { optimizer: { kind }, maxTensorBytes: 512 * CONFORMANCE_DIM * 4 });
    const random = new TestRandom(6);
    const draw = () => random.ids(20 * 3, 2000).map((id, i) => id % CONFORMANCE_TABLES[i % 3]!.rows);
    for (let step = 0; step < 2; step++) {
      const ids = draw(), gradient = random.f32(20 * 3 * CONFORMANCE_DIM);
      for (const collection of [whole, cut]) {
        using idTensor = device.tensor("u32", [20, 3], { data: ids });
        using out = device.tensor("f32", [20, 3, CONFORMANCE_DIM]);
        using gradOut = device.tensor("f32", [20, 3, CONFORMANCE_DIM], { data: gradient });
        collection.lookup({ batch: 20, tables: 3, ids: idTensor }, out);
        collection.backward(gradOut);
        collection.step(0.1);
        await device.finish();
      }
    }
    const ids = draw();
    const want = await lookup(device, whole, ids);
    assertEquals(await lookup(device, cut, ids), want, kind);
    assert("emb_l.0.weight.part3" in cut.state());
    using other = make(device, { optimizer: { kind }, seed: 99 });
    other.load({ ...await readState(cut), "emb_l@step": Uint32Array.of(2) });
    const [a, b] = [await readState(whole), await readState(other)];
    for (const name of Object.keys(a)) assertSameBits(`${kind} ${name}`, b[name]!, a[name]!);
  }
});

testOnEachDevice("TableCollection starts with the variance of a full table, whatever the scheme", async (device) => {
  const tables = [{ name: "t", rows: 2000 }];
  const ids = Uint32Array.from({ length: 2000 }, (_, i) => i);
  for (
    const [schemes, qrOperation] of [
      [[FULL], "mult"],
      [[{ kind: "hash", rows: 500 }], "mult"],
      [[{ kind: "qr", divisor: 40 }], "mult"],
      [[{ kind: "qr", divisor: 40 }], "add"],
      [[{ kind: "qr", divisor: 40 }], "concat"],
    ] satisfies [readonly TableScheme[], QrOperation][]
  ) {
    using collection = make(device, { tables, schemes, qrOperation });
    const vectors = await lookup(device, collection, ids);
    const variance = vectors.reduce((sum, value) => sum + value * value, 0) / vectors.length;
    // 90 factor rows of 8 elements: a relative deviation of some 10 %.
    assertAllClose(`${schemes[0]!.kind} ${qrOperation}`, [variance * 3 * 2000], [1], { atol: 0.25, rtol: 0 });
  }
  using upstream = make(device, { tables, schemes: [{ kind: "qr", divisor: 40 }], qrInit: "upstream" });
  for (const values of Object.values(await readState(upstream))) {
    assert(values.every((value) => value >= Math.fround(Math.sqrt(1 / 2000)) && value <= 1));
    assert(values.some((value) => value > 0.9));
  }
});

Deno.test("TableCollection.toOnnx() describes the same look-up", async () => {
  const { openCpuDevice } = await import("@pocketrec/compute");
  using device = openCpuDevice({ threads: 1 });
  for (const [, options] of KINDS.slice(0, 6)) {
    using collection = make(device, options);
    const state = await readState(collection);
    const ids = new TestRandom(9).ids(4 * 3, 2000).map((id, i) => id % CONFORMANCE_TABLES[i % 3]!.rows);
    const graph = new TinyOnnx(state, ids);
    const output = collection.toOnnx(graph, "ids");
    assertEquals(graph.values.get(output)!.map(Math.fround), [...await lookup(device, collection, ids)]);
  }
});

/** Evaluates the few ONNX operators that look-ups use, for a batch of 4 samples of 3 tables. */
class TinyOnnx {
  readonly values = new Map<string, number[]>();
  readonly #state: Record<string, Float32Array>;
  #count = 0;

  constructor(state: Record<string, Float32Array>, ids: Uint32Array) {
    this.#state = state;
    this.values.set("ids", [...ids]);
  }

  weight(name: string): string {
    assert(this.#state[name], `state has ${name}`);
    return name;
  }

  constant(values: readonly number[]): string {
    return this.#add([...values]);
  }

  node(operator: string, inputs: readonly string[], attributes: Readonly<Record<string, unknown>> = {}): string {
    const values = inputs.map((name) => this.values.get(name)!);
    const [a, b] = values as [number[], number[]];
    const weight = this.#state[inputs[0]!];
    switch (operator) {
      case "Gather": {
        if (!weight) return this.#add(a.filter((_, i) => i % 3 === b[0]));
        // Rows of these tests' weights have the width of the vectors, or half of it.
        const width = inputs[0]!.endsWith(".weight") || !this.#halves ? CONFORMANCE_DIM : CONFORMANCE_DIM / 2;
        return this.#add(b.flatMap((row) => [...weight.subarray(row * width, (row + 1) * width)]));
      }
      case "Mod":
        return this.#add(a.map((id) => id % b[0]!));
      case "Div":
        return this.#add(a.map((id) => Math.floor(id / b[0]!)));
      case "Mul":
        return this.#add(a.map((value, i) => value * b[i]!));
      case "Add":
        return this.#add(a.map((value, i) => value + b[i]!));
      case "Concat": {
        assert(attributes["axis"] === 1 || attributes["axis"] === 2);
        const width = a.length / 4;
        return this.#add([0, 1, 2, 3].flatMap((s) => values.flatMap((part) => part.slice(s * width, (s + 1) * width))));
      }
    }
    throw new Error(`unexpected operator ${operator}`);
  }

  get #halves(): boolean {
    return "emb_l.1.weight_q" in this.#state;
  }

  #add(values: number[]): string {
    const name = `value ${this.#count++}`;
    this.values.set(name, values);
    return name;
  }
}

testOnEachDevice("TableCollection refuses schemes that fit no table", (device) => {
  assertThrows(() => make(device, { schemes: [FULL] }), RangeError, "3 tables by 1 schemes");
  const schemes: TableScheme[] = [FULL, { kind: "hash", rows: 4 }, FULL];
  assertThrows(() => make(device, { schemes }), RangeError, "table tiny of 3 rows");
  assertThrows(() => make(device, { schemes: QR, dim: 7, qrOperation: "concat" }), RangeError, "even dim");
}, { devices: ["cpu"] });
