import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { decodeSafetensors, encodeSafetensors, type SafeTensor } from "@pocketrec/compute/safetensors";
import { CorruptModelError } from "../errors.ts";
import { murmur3 } from "./murmur3.ts";
import { decodeRobeFile, encodeRobeFile, type RobeModelData } from "./robe_file.ts";

/** What the fixture `v1_f32.safetensors` holds. */
const F32: RobeModelData = {
  layout: { size: 96, blockSize: 8, align: 4, sign: true, hash: "mix32", seed: 1024 },
  dtype: "f32",
  tables: [
    { name: "user", index: 0, numEmbeddings: 40_000_000, dim: 16, scale: 1, mode: "sum", bounds: "strict" },
    { name: "wide", index: 5, numEmbeddings: 9, dim: 20, scale: 0.5, mode: "mean", bounds: "open", paddingIdx: 0 },
    { name: 'a "narrow" one', index: 2, numEmbeddings: 2 ** 40, dim: 3, scale: -2, mode: "sum" },
  ],
  weight: Float32Array.from({ length: 96 }, (_, i) => (i - 48) / 7),
  states: {
    "robe.state.exp_avg": Float32Array.from({ length: 96 }, (_, i) => i / 3),
    "robe.state.exp_avg_sq": Float32Array.from({ length: 96 }, (_, i) => i * i),
  },
  optimizer: { kind: "adam", lr: 0.01, beta1: 0.9 },
  step: 12345,
};

/** What the fixture `v1_f16.safetensors` holds: an odd number of halves. */
const F16: RobeModelData = {
  layout: { size: 75, blockSize: 32, align: 1, sign: true, hash: "m31", seed: 7 },
  dtype: "f16",
  tables: [{ name: "only", index: 0, numEmbeddings: 4, dim: 8, scale: 1, mode: "sum" }],
  weight: Uint16Array.from({ length: 75 }, (_, i) => 0x3000 + 37 * i),
  states: {},
  step: 0,
};

const fixture = (name: string) => Deno.readFileSync(new URL(`./testdata/${name}.safetensors`, import.meta.url));

Deno.test("files of version 1 stay readable, and are what is written", () => {
  for (const [name, model] of [["v1_f32", F32], ["v1_f16", F16]] as const) {
    const bytes = fixture(name);
    assertEquals(decodeRobeFile(bytes), model);
    assertEquals(encodeRobeFile(model), bytes);
  }
});

Deno.test("a file without tables or optimizer, of any hash, comes back", () => {
  for (const hash of ["mix32", "m31", "ref1", "ref2"] as const) {
    const authors = hash.startsWith("ref");
    const model: RobeModelData = {
      layout: { size: 64, blockSize: 16, align: authors ? 1 : 8, sign: !authors, hash, seed: 0xffffffff },
      dtype: "f32",
      tables: [],
      weight: new Float32Array(64).fill(-0),
      states: {},
      step: 0,
    };
    assertEquals(decodeRobeFile(encodeRobeFile(model)), model);
  }
});

Deno.test("decodeRobeFile() reads from an odd place in a buffer", () => {
  for (const model of [F32, F16]) {
    const bytes = encodeRobeFile(model), shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    assertEquals(decodeRobeFile(shifted.subarray(3)), model);
  }
});

/** The checksum by the format's text. */
function checksum(metadata: Record<string, string>, data: Uint8Array): string {
  const { checksum: _, ...others } = metadata;
  const text = Object.entries(others).sort(([a], [b]) => a < b ? -1 : 1).flat().map((part) => `${part}\0`).join("");
  return murmur3(data, murmur3(new TextEncoder().encode(text), 0)).toString(16).padStart(8, "0");
}

/** The file of {@linkcode F32} with other metadata or tensors; the checksum is right unless it is among the metadata. */
function changed(
  metadata: Record<string, string | undefined>,
  tensors: Record<string, SafeTensor | undefined> = {},
): Uint8Array<ArrayBuffer> {
  const file = decodeSafetensors(encodeRobeFile(F32));
  const all = Object.entries({ ...Object.fromEntries(file.tensors), ...tensors }).filter(([, tensor]) => tensor);
  const strings = Object.entries({ ...file.metadata, ...metadata }).filter(([, text]) => text !== undefined);
  const record = Object.fromEntries(strings) as Record<string, string>;
  const parts = Object.fromEntries(all) as Record<string, SafeTensor>;
  if ("checksum" in metadata) return encodeSafetensors(parts, record);
  const bytes = encodeSafetensors(parts, record), start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  return encodeSafetensors(parts, { ...record, checksum: checksum(record, bytes.subarray(start)) });
}

const golden = JSON.parse(decodeSafetensors(encodeRobeFile(F32)).metadata["golden"]!) as Record<string, number>[];
const withGolden = (i: number, entry: unknown) => changed({ golden: JSON.stringify(golden.with(i, entry as never)) });
const withTable = (part: object) =>
  changed({ tables: JSON.stringify([{ ...F32.tables[0], ...part }, ...F32.tables.slice(1)]) });
const f32 = (length: number): SafeTensor => ({ dtype: "F32", shape: [length], data: new Float32Array(length) });
const f16: SafeTensor = { dtype: "F16", shape: [96], data: new Uint16Array(96) };
const f64: SafeTensor = { dtype: "F64", shape: [96], data: new Float64Array(96) };

const BAD: [why: string, bytes: () => Uint8Array, message: string][] = [
  ["no bytes", () => new Uint8Array(0), "no intact safetensors file"],
  ["a truncated file", () => encodeRobeFile(F32).subarray(0, -1), "no intact safetensors file"],
  ["a file cut in its header", () => encodeRobeFile(F32).subarray(0, 100), "no intact safetensors file"],
  ["safetensors of another kind", () => encodeSafetensors({ w: f32(3) }), 'its format is missing: want "robe-array"'],
  ["another format", () => changed({ format: "tt-embedding" }), 'its format is "tt-embedding"'],
  ["a later version", () => changed({ version: "2" }), 'its version is "2": want "1"'],
  ["no version", () => changed({ version: undefined }), "its version is missing"],
  ["an unknown hash", () => changed({ hash: "mix64" }), 'hash "mix64": want mix32, m31, ref1 or ref2'],
  ["another hash", () => changed({ hash: "m31" }), "its golden vector has"],
  ["another seed", () => changed({ seed: "1025" }), "its golden vector has start"],
  ["a seed out of range", () => changed({ seed: "4294967296" }), "seed 4294967296"],
  ["a seed that is no number", () => changed({ seed: "1e3" }), 'its seed is "1e3": want a whole number'],
  ["another block size", () => changed({ blockSize: "16" }), "its golden vector has"],
  ["another alignment", () => changed({ align: "8" }), "its golden vector has start"],
  ["an alignment out of range", () => changed({ align: "3" }), "align 3: want 1, 4 or 8"],
  ["other signs", () => changed({ sign: "false" }), "its golden vector has signs"],
  ["signs that are no boolean", () => changed({ sign: "yes" }), 'its sign is "yes"'],
  ["another size", () => changed({ size: "92" }), "96 elements: want the 92 of its layout"],
  ["an unknown dtype", () => changed({ dtype: "bf16" }), 'its dtype is "bf16": want "f32" or "f16"'],
  ["a dtype that is not the tensor's", () => changed({ dtype: "f16" }), '"robe.weight" is of F32: want F16'],
  ["a tensor that is not of the dtype", () => changed({}, { "robe.weight": f16 }), '"robe.weight" is of F16: want F32'],
  ["doubles", () => changed({}, { "robe.weight": f64 }), '"robe.weight" is of F64: want F32'],
  ["no array", () => changed({}, { "robe.weight": undefined }), 'no tensor "robe.weight"'],
  ["a short array", () => changed({}, { "robe.weight": f32(92) }), "92 elements: want the 96"],
  [
    "an array of two dimensions",
    () => changed({}, { "robe.weight": { ...f32(96), shape: [2, 48] } }),
    "[2,48]: want one dimension",
  ],
  ["a foreign tensor", () => changed({}, { "robe.extra": f32(1) }), 'a tensor "robe.extra"'],
  [
    "a foreign state",
    () => changed({}, { "robe.state.sum": f32(96) }),
    'a tensor "robe.state.sum": want robe.state.exp_avg',
  ],
  [
    "a missing state",
    () => changed({}, { "robe.state.exp_avg": undefined }),
    '"robe.state.exp_avg" has 0 elements: want 96',
  ],
  ["a short state", () => changed({}, { "robe.state.exp_avg": f32(95) }), "95 elements: want 96"],
  ["a state of halves", () => changed({}, { "robe.state.exp_avg": f16 }), "of F16: want F32"],
  ["states without an optimizer", () => changed({ optimizer: undefined }), "want no state"],
  ["an unknown optimizer", () => changed({ optimizer: '{"kind":"lion"}' }), 'of kind "lion"'],
  ["an optimizer that is a list", () => changed({ optimizer: "[]" }), "its optimizer is no JSON object"],
  ["an optimizer with text", () => changed({ optimizer: '{"kind":"adam","lr":"1"}' }), 'lr "1": want a finite number'],
  ["a negative step", () => changed({ step: "-1" }), 'its step is "-1"'],
  ["tables that are no JSON", () => changed({ tables: "[" }), "its tables is no JSON"],
  ["tables that are no list", () => changed({ tables: "{}" }), "its tables are no JSON array"],
  ["a table that is none", () => changed({ tables: "[null]" }), "its tables are no JSON array of objects"],
  ["a table without name", () => withTable({ name: undefined }), "want a string that no other table has"],
  ["two tables of one name", () => withTable({ name: "wide" }), 'name "wide": want a string that no other table has'],
  ["two tables of one index", () => withTable({ index: 2 }), "index 2: want one that no other table has"],
  ["another index", () => withTable({ index: 1 }), "its golden vector has start"],
  ["a table of no ids", () => withTable({ numEmbeddings: 0 }), "numEmbeddings 0: want a whole number from 1"],
  ["a table of no width", () => withTable({ dim: "16" }), 'dim "16": want a whole number from 1'],
  ["a scale of 0", () => withTable({ scale: 0 }), "scale 0: want a finite number other than 0"],
  ["an unknown mode", () => withTable({ mode: "max" }), 'mode "max": want sum or mean'],
  ["unknown bounds", () => withTable({ bounds: "loose" }), 'bounds "loose": want strict or open'],
  ["a padding id beyond the table", () => withTable({ paddingIdx: 4e7 }), "paddingIdx 40000000"],
  ["no golden vector", () => changed({ golden: undefined }), "its golden is no JSON"],
  ["a short golden vector", () => changed({ golden: "[]" }), "its golden vector has 0 entries: want 16"],
  ["a wrong start", () => withGolden(3, { ...golden[3], start: 4 }), "its golden vector has start 4 for block"],
  ["wrong signs", () => withGolden(15, { ...golden[15], signs: 1 }), "its golden vector has signs 1 for block"],
  ["golden vectors of no row", () => withGolden(2, { ...golden[2], table: "length" }), "entry 2 of its golden vector"],
  ["golden vectors of no block", () => withGolden(0, { ...golden[0], block: 2 }), "entry 0 of its golden vector"],
  ["golden vectors of nothing", () => withGolden(1, null), "entry 1 of its golden vector is of no row: null"],
  ["no checksum", () => changed({ checksum: undefined }), "its checksum is missing"],
  ["another checksum", () => changed({ checksum: "0badc0de" }), 'its checksum is "0badc0de"'],
  ["a table whose scale was damaged", () => {
    const bytes = encodeRobeFile(F32), text = new TextDecoder("latin1").decode(bytes);
    bytes[text.indexOf("0.5")] = "9".charCodeAt(0);
    bytes[text.indexOf("0.5") + 1] = "9".charCodeAt(0);
    return bytes;
  }, "its checksum is"],
];
for (const [why, bytes, message] of BAD) {
  Deno.test(`decodeRobeFile() refuses: ${why}`, () => {
    assertThrows(() => decodeRobeFile(bytes()), CorruptModelError, message);
  });
}

Deno.test("decodeRobeFile() refuses each damaged bit of the array", () => {
  const bytes = fixture("v1_f16"), start = bytes.length - 150;
  for (let at = start; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const damaged = bytes.slice();
      damaged[at]! ^= 1 << bit;
      assertThrows(() => decodeRobeFile(damaged), CorruptModelError, "its checksum is");
    }
  }
});

Deno.test("decodeRobeFile() answers mutated files with the array or its own error, nothing else", () => {
  const good = encodeRobeFile(F32), header = good.length - 3 * 4 * 96;
  const edit = fc.tuple(fc.oneof(fc.nat(header - 1), fc.nat(good.length - 1)), fc.nat(255));
  let refused = 0;
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), fc.nat(good.length), (edits, length) => {
      const bytes = good.slice(0, edits.length === 4 ? length : good.length);
      for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
      try {
        assertEquals(decodeRobeFile(bytes), F32);
      } catch (error) {
        assertInstanceOf(error, CorruptModelError, String(error));
        refused++;
      }
    }),
    { numRuns: 4000, seed: 6 },
  );
  assert(refused > 3500, `${refused} refused`);
});

Deno.test("decodeRobeFile() answers metadata of any form with its own error", () => {
  const keys = Object.keys(decodeSafetensors(encodeRobeFile(F32)).metadata).filter((key) => key !== "checksum");
  const texts = fc.oneof(fc.string(), fc.json({ maxDepth: 3 }), fc.nat().map(String), fc.constant("[".repeat(100_000)));
  fc.assert(
    fc.property(fc.constantFrom(...keys), texts, (key, text) => {
      try {
        decodeRobeFile(changed({ [key]: text }));
      } catch (error) {
        assertInstanceOf(error, CorruptModelError, String(error));
      }
    }),
    { numRuns: 1000, seed: 8 },
  );
  const part = fc.oneof(fc.integer(), fc.double(), fc.string(), fc.constantFrom("length", null, [], {}));
  const entries = fc.oneof(part, fc.record({ table: part, id: part, block: part, start: part }));
  fc.assert(
    fc.property(entries, (entry) => {
      assertThrows(() => decodeRobeFile(withGolden(0, entry)), CorruptModelError);
    }),
    { numRuns: 1000, seed: 9 },
  );
});

Deno.test("encodeRobeFile() refuses data that does not fit", () => {
  const refused = (part: Partial<RobeModelData>, message: string) =>
    assertThrows(() => encodeRobeFile({ ...F32, ...part }), RangeError, message);
  refused({ weight: new Float32Array(95) }, "robe.weight has 95 elements: want the 96 of its layout");
  refused({ weight: new Uint16Array(96) }, "Uint16Array, which does not fit dtype f32");
  refused({ dtype: "f16" }, "Float32Array, which does not fit dtype f16");
  refused({ step: 1.5 }, "step 1.5");
  refused({ layout: { ...F32.layout, align: 8, blockSize: 4 } }, "want blockSize a multiple of align");
  refused({ tables: [...F32.tables, F32.tables[0]!] }, 'table "user" has name "user"');
  refused({ states: {} }, 'tensor "robe.state.exp_avg" has 0 elements: want 96');
  refused({ optimizer: { kind: "adam", lr: NaN } }, "lr null: want a finite number");
});
