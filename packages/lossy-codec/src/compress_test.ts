import { assert, assertEquals, assertThrows } from "@std/assert";
import { lookups, normals, random, roundTrip } from "./_test_round_trip.ts";
import { compress, compressInto, maxCompressedLength } from "./compress.ts";
import { decompress } from "./decompress.ts";
import type { FloatArray } from "./dtype.ts";
import { CodecError } from "./errors.ts";
import { inspect } from "./inspect.ts";
import type { Mode } from "./chunk/mode.ts";
import type { ErrorBound } from "./options.ts";

const BOUNDS: ErrorBound[] = ["lossless", { abs: 0.01 }, { rel: 0.01 }, { pwRel: 0.01 }];
const CODED: Mode[] = ["pack", "huff", "ans", "dict", "dict+pack", "dict+huff", "dict+ans", "lorenzo", "vlz"];

function code(make: () => unknown): string {
  return assertThrows(make, CodecError).code;
}

Deno.test("compress: an empty array", () => {
  for (const bound of BOUNDS) {
    const { chunks, shape } = roundTrip(new Float32Array(0), { bound });
    assertEquals([chunks.length, shape.length, shape[0]], [0, 1, 0]);
  }
  assertEquals(roundTrip(new Float64Array(0), { bound: { abs: 1 }, shape: [3, 0, 7] }).shape, [3, 0, 7]);
});

Deno.test("compress: one element", () => {
  for (const value of [0, -0, 1.5, NaN, -Infinity, 1e-45, 3.4028235e38]) {
    for (const bound of BOUNDS) {
      roundTrip(new Float32Array([value]), { bound });
      roundTrip(new Float64Array([value]), { bound });
      roundTrip(new Uint16Array([0x3c01]), { bound });
    }
  }
});

Deno.test("compress: a last row that is short, in every mode", () => {
  const modes: Mode[] = ["auto", "raw", ...CODED];
  for (const n of [65, 127, 1000, 4097]) {
    const x = normals(n, n);
    for (const mode of modes) for (const bound of BOUNDS) roundTrip(x, { bound, mode, rowLength: 64, chunkRows: 32 });
    // It escapes, it equals an earlier row where it is there, and both.
    x.set([NaN], n - 1);
    roundTrip(x, { bound: { abs: 0.01 }, rowLength: 64 });
    const last = n % 64;
    for (const end of [NaN, 0.5]) {
      x[n - 1] = end;
      x.fill(end, 0, 64);
      x.copyWithin(0, n - last, n);
      for (const bound of BOUNDS) roundTrip(x, { bound, mode: "dict", rowLength: 64 });
    }
  }
});

Deno.test("compress: rows of one element, and rows longer than 65,535", () => {
  const x = normals(3, 140_003);
  for (const mode of ["auto", ...CODED] as const) {
    roundTrip(x.subarray(0, 5000), { bound: { abs: 0.02 }, rowLength: 1, mode });
    assertEquals(roundTrip(x, { bound: { abs: 0.02 }, rowLength: 70_000, mode }).rowLength, 70_000);
  }
  assertEquals(roundTrip(x, { bound: { abs: 0.02 }, rowLength: 2 ** 24 }).rowLength, 140_003);
});

Deno.test("compress: all equal takes one element, whatever it is", () => {
  for (const value of [0, -0, 1.1, NaN, Infinity]) {
    for (const bound of BOUNDS) {
      const { chunks, restored } = roundTrip(new Float32Array(10_000).fill(value), { bound, rowLength: 8 });
      assertEquals(chunks.map(({ mode, bytes }) => [mode, bytes]), [["const", 20]]);
      assert(Object.is(restored[9999], Math.fround(value)) || bound !== "lossless");
      assertEquals(roundTrip(new Float32Array(1000).fill(value), { bound }).chunks[0]!.mode, "const");
    }
  }
});

Deno.test("compress: all NaN, with payloads", () => {
  const bits = Uint32Array.from({ length: 999 }, (_, i) => (i % 2 ? 0xff800001 : 0x7fc00000) + i);
  for (const bound of BOUNDS) roundTrip(new Float32Array(bits.buffer), { bound, rowLength: 10 });
  const half = Uint16Array.from({ length: 999 }, (_, i) => 0x7c01 + i % 1000);
  for (const bound of BOUNDS) roundTrip(half, { bound, rowLength: 10 });
});

Deno.test("compress: infinities, -0, subnormals and the largest floats", () => {
  const odd = [Infinity, -Infinity, -0, 0, 1e-45, -1e-40, 3.4028235e38, -3.4028235e38, 1, NaN];
  const next = random(4);
  for (const rowLength of [1, 2, 7]) {
    const x = Float32Array.from({ length: 700 }, () => next() < 0.7 ? next() : odd[Math.floor(next() * odd.length)]!);
    for (const bound of [...BOUNDS, { abs: 1e38 }, { abs: 1e300 }, { rel: 1e-7 }]) roundTrip(x, { bound, rowLength });
    const y = Float64Array.from(x, (value) => value * (next() < 0.1 ? 1e260 : 1) * (next() < 0.1 ? 1e-280 : 1));
    for (const bound of [...BOUNDS, { abs: 1e308 }, { rel: 1e-12 }]) roundTrip(y, { bound, rowLength });
  }
});

Deno.test("compress: a range that overflows", () => {
  const x = new Float64Array([-1.7e308, 1.7e308, 0, 1e300]);
  for (const rel of [1e-9, 0.1, 0.5, 1, 100]) assert(roundTrip(x, { bound: { rel } }).absBound < Infinity);
  roundTrip(new Float32Array([-3.4e38, 3.4e38, 0]), { bound: { rel: 0.9 } });
});

Deno.test("compress: a bound of 0 is lossless", () => {
  const x = normals(5, 1000);
  for (const bound of [{ abs: 0 }, { rel: 0 }, { pwRel: 0 }]) {
    assertEquals(roundTrip(x, { bound }).boundKind, "lossless");
  }
});

Deno.test("compress: a bound that is negative, NaN, infinite, missing or double is refused", () => {
  const x = normals(5, 10);
  for (const bad of [-1, NaN, Infinity, -Infinity, -1e-300, "1"] as number[]) {
    for (const kind of ["abs", "rel", "pwRel"]) {
      assertEquals(code(() => compress(x, { bound: { [kind]: bad } as unknown as ErrorBound })), "BOUND");
    }
  }
  for (const bad of [undefined, null, {}, { abs: 1, rel: 1 }, "lossy", 3, { psnr: 60 }]) {
    assertEquals(code(() => compress(x, { bound: bad as unknown as ErrorBound })), "BOUND");
  }
});

Deno.test("compress: bounds that are subnormal, below an ulp, or above the range", () => {
  const x = normals(6, 3000);
  for (const abs of [5e-324, 1e-310, 1e-45, 1e-31, 1e-12, 1e-8]) {
    const { restored } = roundTrip(x, { bound: { abs } });
    if (abs < 1e-11) assertEquals(restored, x);
    roundTrip(Float64Array.from(x), { bound: { abs } });
  }
  for (const bound of [{ abs: 10 }, { rel: 1 }, { rel: 1000 }, { abs: 1e308 }, { pwRel: 5 }]) {
    const { bytes } = roundTrip(x, { bound });
    if (!("pwRel" in bound)) assertEquals(bytes, 80);
  }
});

Deno.test("compress: codes at the limits of 8, 16 and 21 bits", () => {
  for (const limit of [127, 128, 32767, 32768, 65535, 65536, 2 ** 23 - 1, 2 ** 23, 2 ** 24]) {
    for (const sign of [1, -1]) {
      const x = new Float32Array([0, 1, sign * (limit - 1), sign * limit, sign * (limit + 1), 3, 2, 1]);
      for (const mode of ["auto", ...CODED] as const) roundTrip(x, { bound: { abs: 0.5 }, rowLength: 2, mode });
      roundTrip(Float64Array.from(x, (value) => value * 256), { bound: { abs: 0.5 }, rowLength: 2 });
    }
  }
  // All rows of values up to 2^21 bounds have codes, by a step of fewer bits.
  const wide = normals(8, 6400, 4e5);
  assertEquals(roundTrip(wide, { bound: { abs: 0.3 } }).chunks.map(({ escapedRows }) => escapedRows), [0]);
});

Deno.test("compress: ties", () => {
  const x = Float32Array.from({ length: 4000 }, (_, k) => (k - 2000 + 0.5) * 0.25);
  const { restored } = roundTrip(x, { bound: { abs: 0.125 } });
  x.forEach((value, i) => assertEquals(restored[i]! / 0.25 % 2 + 0, 0, `${value} becomes ${restored[i]}`));
});

Deno.test("compress: all rows distinct, and all rows equal", () => {
  const distinct = normals(9, 64 * 300), equal = new Float32Array(64 * 300);
  for (let row = 0; row < 300; row++) equal.set(distinct.subarray(0, 64), 64 * row);
  for (const mode of ["auto", ...CODED] as const) {
    assertEquals(roundTrip(distinct, { bound: { rel: 0.01 }, mode }).chunks[0]!.uniqueRows, 300);
    const { chunks } = roundTrip(equal, { bound: { rel: 0.01 }, mode });
    if (mode === "auto" || mode.startsWith("dict")) assertEquals(chunks[0]!.uniqueRows, 1);
  }
});

Deno.test("compress: one code only, two codes, and codes as seldom as entropy coding bears", () => {
  const next = random(10);
  const one = Float32Array.from({ length: 6400 }, () => next() * 0.1);
  assertEquals(roundTrip(one, { bound: { abs: 1 }, mode: "huff" }).chunks[0]!.mode, "const");
  const rowsOfOne = Float32Array.from({ length: 6400 }, (_, i) => i === 70 ? NaN : 5 + next() * 0.1);
  const two = Float32Array.from({ length: 6400 }, () => Math.round(next()));
  // Weights as of Fibonacci numbers would make Huffman codes of 30 bits.
  const seldom = Float32Array.from({ length: 64000 }, () => Math.min(30, Math.floor(-Math.log2(next()) * 1.44)));
  for (const mode of ["huff", "ans", "dict", "lorenzo"] as const) {
    for (const x of [rowsOfOne, two, seldom]) roundTrip(x, { bound: { abs: 0.4 }, mode });
  }
  assert(roundTrip(two, { bound: { abs: 0.4 }, mode: "huff" }).ratio > 28);
});

Deno.test("compress: views of shared memory, at an offset, and of resizable buffers", () => {
  const plain = normals(11, 1000), wanted = compress(plain, { bound: { abs: 0.01 } });
  const shared = new Float32Array(new SharedArrayBuffer(4096), 12, 1000);
  const offset = new Float32Array(new ArrayBuffer(8192), 20, 1000);
  const resizable = new Float32Array(new ArrayBuffer(4000, { maxByteLength: 8000 }));
  const growable = new Float32Array(new SharedArrayBuffer(4000, { maxByteLength: 8000 }));
  for (const view of [shared, offset, resizable, growable]) {
    view.set(plain);
    assertEquals(compress(view, { bound: { abs: 0.01 } }), wanted);
    view.fill(0);
    assert(decompress(wanted, { out: view }).buffer === view.buffer);
    assertEquals(Float32Array.from(view), decompress(wanted));
  }
  const bytes = new Uint8Array(new SharedArrayBuffer(wanted.length + 3), 3);
  bytes.set(wanted);
  assertEquals(decompress(bytes), decompress(wanted));
  const odd = new Uint8Array(wanted.length + 1).subarray(1);
  odd.set(wanted);
  assertEquals(decompress(odd), decompress(wanted));
});

Deno.test("compress: detached buffers and other types are refused", () => {
  const x = new Float32Array(10);
  x.buffer.transfer();
  assertEquals(code(() => compress(x, { bound: { abs: 1 } })), "DTYPE");
  assertEquals(code(() => decompress(compress(new Float32Array(10), { bound: { abs: 1 } }), { out: x })), "LIMIT");
  for (const bad of [new Uint8Array(3), [1, 2], new DataView(new ArrayBuffer(8)), null, "x", new Int32Array(2)]) {
    assertEquals(code(() => compress(bad as unknown as FloatArray, { bound: { abs: 1 } })), "DTYPE");
  }
});

Deno.test("compress: options that cannot be used are refused by name", () => {
  const x = normals(12, 100), bound = { abs: 1 };
  assertThrows(() => compress(x, { bound, rowLength: 0 }), RangeError, "rowLength 0");
  assertThrows(() => compress(x, { bound, rowLength: 2 ** 24 + 1 }), RangeError, "rowLength 16777217");
  assertThrows(() => compress(x, { bound, chunkRows: 65537 }), RangeError, "chunkRows 65537");
  assertThrows(() => compress(x, { bound, mode: "zip" as Mode }), RangeError, "zip");
  assertThrows(() => compress(x, { bound, shape: [10, 11] }), RangeError, "shape [10, 11]");
  assertThrows(() => compress(x, { bound, link: { gigabytesPerSecond: 0 } }), RangeError, "0 GB/s");
});

Deno.test("compress: every dtype, mode and bound", () => {
  const x = lookups(13, 500, 16, 90);
  const arrays: FloatArray[] = [
    x,
    Float64Array.from(x),
    new Float16Array(x),
    new Uint16Array(new Float16Array(x).buffer),
  ];
  for (const array of arrays) {
    for (const mode of ["auto", "raw", ...CODED, "lorenzo+huff", "lorenzo+ans"] as const) {
      for (const bound of BOUNDS) roundTrip(array, { bound, mode, rowLength: 16, chunkRows: 200 });
    }
  }
});

Deno.test("compress: equal arrays of f16 and of its bit patterns give equal bytes", () => {
  const half = new Float16Array(normals(14, 640)), options = { bound: { rel: 0.01 } };
  assertEquals(compress(new Uint16Array(half.buffer), options), compress(half, options));
});

Deno.test("compress: the bound of rel is below rel (max - min) in exact arithmetic", () => {
  const next = random(15);
  for (let i = 0; i < 200; i++) {
    const x = new Float32Array([next() - 0.5, next() - 0.5, next()]), rel = next() * 0.1;
    const { absBound } = inspect(compress(x, { bound: { rel } }));
    // Floats in [-1, 1] are whole multiples of 2^-60 here, and a double below 1 of 2^-70 at least.
    const range = BigInt(Math.max(...x) * 2 ** 60) - BigInt(Math.min(...x) * 2 ** 60);
    assert(BigInt(absBound * 2 ** 70) << 60n <= range * BigInt(Math.floor(rel * 2 ** 70)) + range);
  }
});

Deno.test("compress: smooth arrays are stored as differences, whatever the length of rows", () => {
  const x = Float32Array.from({ length: 20_000 }, (_, i) => ((i % 2000) - 1000) ** 2 / 1e5);
  for (const rowLength of [1, 7, 64, 2000, 20_000]) {
    const { chunks, ratio } = roundTrip(x.map((value, i) => value + i / 1e6), { bound: { abs: 1e-3 }, rowLength });
    assert(chunks.every(({ mode }) => mode.includes("lorenzo")), `${rowLength}: ${chunks[0]!.mode}`);
    assert(ratio > 6, `${ratio}`);
  }
  assertEquals(roundTrip(normals(18, 20_000), { bound: { abs: 1e-2 }, rowLength: 64 }).chunks[0]!.mode, "ans");
});

Deno.test("compress: with a link, raw over a fast one, packed or coded over slower ones", () => {
  const x = normals(16, 64000);
  const mode = (gigabytesPerSecond: number) =>
    inspect(compress(x, { bound: { rel: 0.05 }, link: { gigabytesPerSecond } })).chunks[0]!.mode;
  assertEquals([mode(0.001), mode(0.1), mode(50)], ["ans", "pack", "raw"]);
});

Deno.test("compressInto: as compress, and a RangeError where the destination is too short", () => {
  const x = lookups(17, 3000, 16, 200), options = { bound: { rel: 0.01 }, rowLength: 16, chunkRows: 512 };
  const wanted = compress(x, options), dst = new Uint8Array(maxCompressedLength(x.length, options));
  assertEquals(compressInto(x, options, dst), wanted.length);
  assertEquals(dst.subarray(0, wanted.length), wanted);
  for (const length of [0, 10, wanted.length - 1]) {
    assertThrows(() => compressInto(x, options, new Uint8Array(length)), RangeError, "Cannot compress into");
  }
  assertEquals(compressInto(x, options, new Uint8Array(wanted.length)), wanted.length);
});
