import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { zipSync } from "fflate";
import { damaged, plainRow, rowsOf, type TestRow } from "../_test_rows.ts";
import { DataFormatError } from "../errors.ts";
import { readNpy } from "./npy.ts";
import { readNpz } from "./npz.ts";
import type { ReaderOptions } from "./reader.ts";
import { crc32, readZip } from "./zip.ts";

type Numbers = Int32Array | Uint8Array | Float64Array | Float32Array | BigInt64Array;

function npy(descr: string, shape: number[], data: Numbers, fortran = false, version = 1): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': (${shape.join(", ")}${
    shape.length === 1 ? "," : ""
  }), }`;
  const prefix = version === 1 ? 10 : 12;
  const header = text.padEnd(Math.ceil((text.length + prefix + 1) / 64) * 64 - prefix - 1) + "\n";
  const bytes = new Uint8Array(prefix + header.length + data.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(bytes.buffer);
  if (version === 1) view.setUint16(8, header.length, true);
  else view.setUint32(8, header.length, true);
  bytes.set(new TextEncoder().encode(header), prefix);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), prefix + header.length);
  return bytes;
}

const ROWS = 5;
const rows: TestRow[] = Array.from({ length: ROWS }, (_, r) => {
  const { label, ints, cats } = plainRow(r + 20);
  return { label, ints: ints.map((x) => x ?? 0), cats: cats.map((x) => x ?? 0) };
});
const ints = Int32Array.from(rows.flatMap((row) => row.ints as number[]));
const cats = Int32Array.from(rows.flatMap((row) => row.cats as number[]));
const labels = Int32Array.from(rows, (row) => row.label);
const files = {
  "X_int.npy": npy("<i4", [ROWS, 13], ints),
  "X_cat.npy": npy("<i4", [ROWS, 26], cats),
  "y.npy": npy("<i4", [ROWS], labels),
};

function read(bytes: Uint8Array, options: Partial<ReaderOptions> = {}): TestRow[] {
  const data: TestRow[] = [];
  readNpz(bytes, { file: "day_0.npz", blockRows: 2, ...options }, (block) => data.push(...rowsOf(block)));
  return data;
}

Deno.test("crc32 gives the check value of its definition", () => {
  assertEquals(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
});

Deno.test("readNpz reads upstream's arrays, stored or deflated", () => {
  assertEquals(read(zipSync(files, { level: 0 })), rows);
  assertEquals(read(zipSync(files, { level: 9 })), rows);
});

Deno.test("readNpz reads float64, int64, Fortran order, X_cat_t and version 2 headers", () => {
  const transposed = Float64Array.from({ length: ROWS * 26 }, (_, i) => rows[i % ROWS]!.cats[Math.floor(i / ROWS)]!);
  const other = {
    "X_int.npy": npy("<i8", [ROWS, 13], BigInt64Array.from(ints, BigInt), false, 2),
    "X_cat_t.npy": npy("<f8", [26, ROWS], transposed),
    "y.npy": npy("|b1", [ROWS, 1], Uint8Array.from(labels)),
  };
  assertEquals(read(zipSync(other)), rows);
  const fortran = { ...files, "X_cat.npy": npy("<f8", [ROWS, 26], transposed, true) };
  assertEquals(read(zipSync(fortran)), rows);
});

Deno.test("readNpz reads int32 categories beyond 2^31 as unsigned, and NaN as missing", () => {
  const wide = Int32Array.from(cats);
  wide[0] = -1;
  const nan = Float32Array.from(ints);
  nan[0] = NaN;
  const [first] = read(
    zipSync({ ...files, "X_cat.npy": npy("<i4", [ROWS, 26], wide), "X_int.npy": npy("<f4", [ROWS, 13], nan) }),
  );
  assertEquals(first!.cats[0], 0xffffffff);
  assertEquals(first!.ints[0], undefined);
});

Deno.test("readNpz says what is wrong with arrays and cells", () => {
  const { "y.npy": _, ...unlabelled } = files;
  const half = Float64Array.from(ints);
  half[13] = 0.5;
  const cases: [Record<string, Uint8Array>, string][] = [
    [unlabelled, "day_0.npz: Cannot read the npz file as it holds no y"],
    [{ ...files, "X_cat.npy": npy("<i4", [26, ROWS], cats) }, "X_cat is (26,5); want (5,26)"],
    [{ ...files, "X_int.npy": npy(">i4", [ROWS, 13], ints) }, 'its type is ">i4"; want a little-endian number'],
    [{ ...files, "X_int.npy": npy("<i4", [ROWS + 1, 13], ints) }, "it holds 260 bytes of data; want 312 for (6,13)"],
    [
      { ...files, "X_int.npy": npy("<f8", [ROWS, 13], half) },
      "day_0.npz:2:2: Cannot read I1 as it is not a 32-bit integer",
    ],
    [
      { ...files, "y.npy": npy("<i4", [ROWS], Int32Array.from(labels, () => 3)) },
      "day_0.npz:1:1: Cannot read the label",
    ],
  ];
  for (const [archive, want] of cases) {
    assertThrows(() => read(zipSync(archive)), DataFormatError, want);
  }
  assertEquals(read(zipSync(unlabelled), { labels: "auto" }).length, ROWS);
});

Deno.test("readNpz answers damage with DataFormatError or with rows, never otherwise", () => {
  for (const level of [0, 6] as const) {
    fc.assert(
      fc.property(damaged(zipSync(files, { level })), (bytes) => {
        try {
          assertEquals(read(bytes).length, ROWS);
        } catch (error) {
          assert(error instanceof DataFormatError, (error as Error).stack);
        }
      }),
      { seed: 4, numRuns: 400 },
    );
  }
});

Deno.test("readZip does not allocate what an archive merely claims", () => {
  const bytes = zipSync({ a: new Uint8Array(100) });
  const at = bytes.lastIndexOf(0x50, bytes.length - 23); // the directory entry is the last but one signature
  new DataView(bytes.buffer).setUint32(at + 24, 0x7fffffff, true);
  assertThrows(() => readZip(bytes, "a.zip")[0]!.read(), DataFormatError, "claims to unpack");
});

Deno.test("readNpy refuses objects and three axes", () => {
  const object = npy("|O", [1], new Uint8Array(8));
  assertThrows(() => readNpy(object, { file: "a" }), DataFormatError, 'its type is "|O"');
  const cube = npy("<i4", [1, 1, 1], new Int32Array(1));
  assertThrows(() => readNpy(cube, { file: "a" }), DataFormatError, "it has 3 axes; want 1 or 2");
});
