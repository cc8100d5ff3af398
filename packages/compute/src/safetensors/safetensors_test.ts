import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import {
  decodeSafetensors,
  encodeSafetensors,
  layoutSafetensors,
  parseHeader,
  type SafeTensor,
  SafetensorsError,
  toFloat32,
} from "./mod.ts";

const ARRAYS = {
  F64: (n: number) => Float64Array.from({ length: n }, (_, i) => i / 3),
  F32: (n: number) => Float32Array.from({ length: n }, (_, i) => i / 3),
  F16: (n: number) => Uint16Array.from({ length: n }, (_, i) => i * 977),
  BF16: (n: number) => Uint16Array.from({ length: n }, (_, i) => i * 977),
  I64: (n: number) => BigInt64Array.from({ length: n }, (_, i) => BigInt(-i)),
  U32: (n: number) => Uint32Array.from({ length: n }, (_, i) => i * 3_000_000_019),
  I32: (n: number) => Int32Array.from({ length: n }, (_, i) => -i),
  U8: (n: number) => Uint8Array.from({ length: n }, (_, i) => i * 7),
} as const;

const tensor = fc.record({
  dtype: fc.constantFrom(...Object.keys(ARRAYS) as (keyof typeof ARRAYS)[]),
  shape: fc.array(fc.nat(4), { maxLength: 3 }),
}).map(({ dtype, shape }): SafeTensor => ({
  dtype,
  shape,
  data: ARRAYS[dtype](shape.reduce((product, extent) => product * extent, 1)),
}));
const name = fc.string({ unit: "binary" }).filter((text) => text !== "__metadata__" && text.isWellFormed());
const files = fc.tuple(
  fc.uniqueArray(fc.tuple(name, tensor), { selector: ([key]) => key, maxLength: 8 }),
  fc.dictionary(name, fc.string(), { noNullPrototype: true }),
);

/** A file by hand: the JSON as given, then `dataBytes` zeros. */
function file(json: string, dataBytes = 0): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

Deno.test("safetensors: what is encoded decodes to the same, aligned, whatever the order", () => {
  fc.assert(
    fc.property(files, ([entries, metadata]) => {
      const tensors = Object.fromEntries(entries);
      const bytes = encodeSafetensors(tensors, metadata);
      assertEquals(encodeSafetensors(Object.fromEntries(entries.toReversed()), metadata), bytes);
      assertEquals(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8, 0);
      const decoded = decodeSafetensors(bytes);
      assertEquals({ ...decoded.metadata }, metadata);
      assertEquals(decoded.tensors.size, Object.keys(tensors).length);
      for (const [key, value] of decoded.tensors) assertEquals(value, tensors[key]);
      for (const [key, place] of layoutSafetensors(tensors, metadata).places) {
        assertEquals(place.begin % tensors[key]!.data.BYTES_PER_ELEMENT, 0);
      }
    }),
    { seed: 1 },
  );
});

Deno.test("safetensors: reads a misaligned file and one inside a larger buffer", () => {
  const json =
    '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}';
  const bytes = file(json, 5);
  bytes.set([7, 0, 0, 128, 63], bytes.length - 5);
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  const { tensors } = decodeSafetensors(shifted.subarray(3));
  assertEquals(tensors.get("a")!.data, Uint8Array.of(7));
  assertEquals(tensors.get("b")!.data, Float32Array.of(1));
});

Deno.test("safetensors: bytes of a small file are the format's, field by field", () => {
  const bytes = encodeSafetensors({ w: { dtype: "F32", shape: [2], data: Float32Array.of(1, -2) } }, { v: "1" });
  const json = '{"__metadata__":{"v":"1"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
  const header = json.padEnd(Math.ceil(json.length / 8) * 8);
  assertEquals([...bytes.subarray(0, 8)], [header.length, 0, 0, 0, 0, 0, 0, 0]);
  assertEquals(new TextDecoder().decode(bytes.subarray(8, 8 + header.length)), header);
  assertEquals([...bytes.subarray(8 + header.length)], [0, 0, 128, 63, 0, 0, 0, 192]);
});

Deno.test("toFloat32() widens halves and bfloats exactly", () => {
  const half = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x7c00, 0x8000, 0x0400);
  assertEquals([...toFloat32({ dtype: "F16", data: half })], [1, -2, 2 ** -24, 65504, Infinity, -0, 2 ** -14]);
  assertEquals([...toFloat32({ dtype: "BF16", data: Uint16Array.of(0x3f80, 0xc040) })], [1, -3]);
  assertThrows(() => toFloat32({ dtype: "I32", data: new Int32Array(1) }), TypeError, "I32");
});

const entry = (begin: number, end: number, extra = "") =>
  `{"dtype":"U8","shape":[${end - begin}],"data_offsets":[${begin},${end}]${extra}}`;
const BAD: [why: string, bytes: Uint8Array, message: string][] = [
  ["empty file", new Uint8Array(0), "0 bytes"],
  ["seven bytes", new Uint8Array(7), "7 bytes"],
  ["header longer than the file", Uint8Array.of(200, 0, 0, 0, 0, 0, 0, 0, 0x7b), "header of 200 bytes: the file has 9"],
  ["header over 100 MB", Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0), "at most 100000000"],
  ["header length of 2^64 - 1", new Uint8Array(8).fill(255), "at most 100000000"],
  ["no JSON", file("{nope"), "header"],
  ["JSON that is no object", file("[1]"), "does not start with {"],
  ["leading space", file(" {}"), "does not start with {"],
  ["bad UTF-8", file("{}").map((byte, i) => i === 8 ? 0xff : byte), "header"],
  ["duplicate tensor", file(`{"a":${entry(0, 1)},"a":${entry(0, 1)}}`, 1), 'key "a" occurs twice'],
  ["duplicate in disguise", file(`{"a":${entry(0, 1)},"\\u0061":${entry(0, 1)}}`, 1), 'key "a" occurs twice'],
  ["duplicate field", file(`{"a":${entry(0, 1, ',"dtype":"I8"')}}`, 1), 'key "dtype" occurs twice'],
  ["overlap", file(`{"a":${entry(0, 4)},"b":${entry(2, 6)}}`, 6), "want 4"],
  ["gap", file(`{"a":${entry(0, 4)},"b":${entry(5, 6)}}`, 6), "want 4"],
  ["bytes left over", file(`{"a":${entry(0, 4)}}`, 5), "tensors end"],
  ["out of bounds", file(`{"a":${entry(0, 9)}}`, 5), "at most 5"],
  ["descending offsets", file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[2,1]}}', 2), "ascending"],
  ["three offsets", file('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}}'), "two whole numbers"],
  ["unknown type", file('{"a":{"dtype":"F8","shape":[0],"data_offsets":[0,0]}}'), '"F8"'],
  ["inherited type name", file('{"a":{"dtype":"toString","shape":[0],"data_offsets":[0,0]}}'), "toString"],
  ["negative extent", file('{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}}'), "shape"],
  ["overflowing shape", file('{"a":{"dtype":"U8","shape":[1e15,1e15],"data_offsets":[0,0]}}'), "want 1e+30"],
  ["shape against bytes", file('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', 4), "want 8"],
  ["metadata that is no string", file('{"__metadata__":{"a":1}}'), "want a string"],
  ["entry that is no object", file('{"a":3}'), "no object"],
];
for (const [why, bytes, message] of BAD) {
  Deno.test(`decodeSafetensors() refuses: ${why}`, () => {
    assertThrows(() => decodeSafetensors(bytes), SafetensorsError, message);
  });
}

Deno.test("decodeSafetensors() answers mutated files with tensors or its own error, nothing else", () => {
  const good = encodeSafetensors({
    a: { dtype: "F32", shape: [2, 3], data: ARRAYS.F32(6) },
    b: { dtype: "I64", shape: [2], data: ARRAYS.I64(2) },
  }, { note: "x" });
  const edit = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), fc.nat(good.length), (edits, length) => {
      const bytes = good.slice(0, edits.length > 2 ? length : good.length);
      for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
      try {
        decodeSafetensors(bytes);
      } catch (error) {
        assertInstanceOf(error, SafetensorsError);
      }
    }),
    { numRuns: 5000, seed: 2 },
  );
});

Deno.test("encodeSafetensors() refuses data that does not fit", () => {
  const data = new Float32Array(3);
  assertThrows(() => encodeSafetensors({ w: { dtype: "F32", shape: [4], data } }), RangeError, "3 elements: want 4");
  assertThrows(() => encodeSafetensors({ w: { dtype: "F64", shape: [3], data } }), TypeError, "Float32Array");
  assertThrows(() => encodeSafetensors({ __metadata__: { dtype: "F32", shape: [3], data } }), TypeError, "reserved");
});

Deno.test("parseHeader() reads the header alone, given the file's length", () => {
  const bytes = encodeSafetensors({ w: { dtype: "F32", shape: [3], data: new Float32Array(3) } });
  const header = bytes.subarray(0, bytes.length - 12);
  assertEquals(parseHeader(header, bytes.length).places.get("w")!.end, bytes.length);
  assertThrows(() => parseHeader(header, bytes.length - 1), SafetensorsError);
});

Deno.test("safetensors: the reference implementation's bytes decode, and ours for the same tensors are equal", () => {
  // safetensors 0.8.0 (Python), numpy.save of w [2, 2] f32, h [2] f16, i [1] i64, b [3] u8, metadata {"format": "np"}.
  const base64 =
    "AAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJucCJ9LCJpIjp7ImR0eXBlIjoiSTY0Iiwic2hhcGUiOlsxXSwiZGF0YV9vZmZzZXRzIj" +
    "pbMCw4XX0sInciOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzIsMl0sImRhdGFfb2Zmc2V0cyI6WzgsMjRdfSwiaCI6eyJkdHlwZSI6IkYxNiIsInNo" +
    "YXBlIjpbMl0sImRhdGFfb2Zmc2V0cyI6WzI0LDI4XX0sImIiOnsiZHR5cGUiOiJVOCIsInNoYXBlIjpbM10sImRhdGFfb2Zmc2V0cyI6WzI4LDMxXX" +
    "19ICAgICAgBQAAAAAAAAAAAIA/AAAAQAAAQEAAAJDAADwAwAECAw==";
  const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const { tensors, metadata } = decodeSafetensors(bytes);
  assertEquals(tensors.get("w"), { dtype: "F32", shape: [2, 2], data: Float32Array.of(1, 2, 3, -4.5) });
  assertEquals([...toFloat32(tensors.get("h")!)], [1, -2]);
  assertEquals(tensors.get("i")!.data, BigInt64Array.of(5n));
  assertEquals(encodeSafetensors(Object.fromEntries(tensors), { ...metadata }), bytes);
});
