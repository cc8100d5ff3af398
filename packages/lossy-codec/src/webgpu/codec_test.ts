import { assert, assertEquals } from "@std/assert";
import type { WebGpuDevice } from "@pocketrec/compute";
import { testOnEachDevice } from "@pocketrec/compute/testing";
import { bytesOf, type FloatArray } from "../dtype.ts";
import { explicitGiven, familyGiven, sharedGiven } from "../entropy/given_table.ts";
import { asDtype, joined, readBytes, tensorOf, vectors } from "./_test_chunks.ts";
import { createCodec } from "./codec.ts";
import type { ChunkOptions, DeviceDtype } from "./descriptors.ts";
import { compressChunk, decompressChunk } from "./host_chunks.ts";

const GPUS = { devices: ["webgpu", "dawn"] } as const;

/** A chunk of a test: elements, and how to encode them. */
interface Case extends ChunkOptions {
  readonly x: FloatArray;
}

/** Encodes and decodes all at once, and compares bytes and elements with those of the CPU. Returns the coders met. */
async function compare(
  device: WebGpuDevice,
  dtype: DeviceDtype,
  cases: readonly Case[],
  packed: boolean,
): Promise<number[]> {
  const { bytes, offsets } = joined(cases.map(({ x }) => x));
  const rows = cases.map(({ x, d }) => x.length / d), expected = cases.map((chunk) => compressChunk(chunk.x, chunk));
  const most = cases.map(({ x }) => 16 + Math.ceil(x.byteLength / 4) * 4);
  const places = most.map((_, i) => most.slice(0, i).reduce((sum, n) => sum + n + 8, 4));
  using codec = createCodec(device, {
    dtype,
    chunks: cases.length,
    rows: rows.reduce((sum, n) => sum + n),
    elements: cases.reduce((sum, { x }) => sum + x.length, 0),
  });
  using source = tensorOf(device, bytes), sent = device.tensor("u32", [places.at(-1)! / 4 + most.at(-1)! / 4 + 1]);
  const guard = new Uint32Array(sent.size).fill(0xabababab);
  sent.write(guard);
  const encode = cases.map(({ x: _, ...options }, i) => ({
    ...options,
    rows: rows[i]!,
    srcOff: offsets[i]!,
    ...(packed ? {} : { dstOff: places[i]! }),
  }));
  codec.encode(source, encode, sent);
  const sizes = [...await codec.sizes()], written = await readBytes(sent);
  assertEquals(sizes, expected.map(({ length }) => length));
  const starts = packed ? sizes.map((_, i) => sizes.slice(0, i).reduce((sum, n) => sum + n, 0)) : places;
  const untouched = bytesOf(guard as unknown as Float32Array).slice();
  expected.forEach((chunk, i) => untouched.set(chunk, starts[i]!));
  expected.forEach((chunk, i) => {
    const met = written.subarray(starts[i]!, starts[i]! + chunk.length);
    const differs = chunk.findIndex((byte, at) => byte !== met[at]);
    assert(differs < 0, `chunk ${i} (coder ${chunk[0]}, met ${met[0]}) differs at byte ${differs} of ${chunk.length}`);
  });
  assert(untouched.every((byte, at) => byte === written[at]), "bytes beside chunks were written to");

  using elements = device.tensor("u32", [Math.ceil(bytes.length / 4)]);
  const decode = cases.map(({ d, table, checksum }, i) => ({
    d,
    table,
    checksum,
    rows: rows[i]!,
    srcOff: starts[i]!,
    bytes: sizes[i]!,
    dstOff: offsets[i]!,
  }));
  codec.decode(sent, decode, elements);
  assertEquals(await codec.errors(), cases.map(() => ""));
  const restored = await readBytes(elements);
  cases.forEach((chunk, i) => {
    const want = bytesOf(decompressChunk(expected[i]!, dtype, { rows: rows[i]!, ...chunk }));
    const at = offsets[i]! * chunk.x.BYTES_PER_ELEMENT, met = restored.subarray(at, at + want.length);
    const differs = want.findIndex((byte, k) => byte !== met[k]);
    assert(differs < 0, `elements of chunk ${i} (coder ${expected[i]![0]}) differ at byte ${differs}`);
  });
  return expected.map(([coder]) => coder!);
}

/** A row with a value that cannot be coded. */
function spoiled(x: Float32Array, at: number, value: number): Float32Array {
  const copy = x.slice();
  copy[at] = value;
  return copy;
}

for (const dtype of ["f32", "f16"] as const) {
  testOnEachDevice(`packed and raw chunks are those of the CPU, ${dtype}`, async (device) => {
    const as = (x: Float32Array) => asDtype(dtype, x), same = new Float32Array(60).fill(0.3);
    const base = vectors(50, 8, 1), repeating = vectors(300, 16, 2, 40);
    const cases: Case[] = [
      { x: as(base), d: 8, bound: 0, mode: "raw" },
      { x: as(base), d: 8, bound: 0.01, mode: "pack" },
      { x: as(vectors(7, 3, 3)), d: 3, bound: 0.01, mode: "pack", checksum: false },
      { x: as(repeating), d: 16, bound: 0.01, mode: "dict+pack" },
      { x: as(vectors(1, 1, 4)), d: 1, bound: 0.01, mode: "dict+pack" },
      { x: as(vectors(700, 1, 5)), d: 1, bound: 0.02, mode: "dict+pack" },
      { x: as(same), d: 4, bound: 0.01, mode: "dict+pack" },
      { x: as(base), d: 8, bound: 10, mode: "pack" },
      { x: as(base), d: 8, bound: 0, mode: "dict+pack" },
      { x: as(spoiled(spoiled(repeating, 17, NaN), 500, Infinity)), d: 16, bound: 0.01, mode: "dict+pack" },
      { x: as(spoiled(repeating, 100, -60000)), d: 16, bound: 0.001, mode: "pack" },
      { x: as(base.map(() => NaN)), d: 8, bound: 0.01, mode: "pack" },
      { x: as(vectors(300, 4, 6).map((v) => v * 1e4)), d: 4, bound: 0.25, mode: "dict+pack" },
    ];
    const coders = await compare(device as WebGpuDevice, dtype, cases, false);
    assertEquals([...new Set(coders)].sort(), [0, 1, 2]);
    await compare(device as WebGpuDevice, dtype, cases, true);
  }, GPUS);

  testOnEachDevice(`entropy-coded chunks are those of the CPU, ${dtype}`, async (device) => {
    const as = (x: Float32Array) => asDtype(dtype, x), x = vectors(400, 8, 7), repeating = vectors(300, 16, 8, 60);
    const ans = familyGiven("ans", 80), huffman = familyGiven("huffman", 80);
    const counts = Float64Array.from({ length: 40 }, (_, token) => 1 + (4000 >> (token / 3)));
    // Codes of up to 20 bits, most of them below their token.
    const wide = Float64Array.from({ length: 128 }, (_, token) => token < 96 ? 1 : 40);
    const cases: Case[] = [
      { x: as(x), d: 8, bound: 0.02, mode: "ans", table: ans },
      { x: as(x), d: 8, bound: 0.02, mode: "huff", table: huffman },
      { x: as(repeating), d: 16, bound: 0.02, mode: "dict+ans", table: ans },
      { x: as(repeating), d: 16, bound: 0.02, mode: "dict+huff", table: huffman },
      { x: as(spoiled(repeating, 40, NaN)), d: 16, bound: 0.02, mode: "dict+ans", table: ans },
      { x: as(x), d: 8, bound: 0.0005, mode: "ans", table: familyGiven("ans", 110, false) },
      { x: as(x), d: 8, bound: 0.0005, mode: "huff", table: familyGiven("huffman", 110, false) },
      { x: as(x), d: 8, bound: 0.0005, mode: "ans", table: ans },
      { x: as(x), d: 8, bound: 0.02, mode: "ans", table: explicitGiven("ans", counts) },
      { x: as(x), d: 8, bound: 0.02, mode: "huff", table: explicitGiven("huffman", counts) },
      { x: as(x), d: 8, bound: 0.02, mode: "ans", table: sharedGiven(explicitGiven("ans", counts), 7) },
      { x: as(x), d: 8, bound: 0.02, mode: "ans", table: familyGiven("ans", 80, true, 3) },
      { x: as(x), d: 8, bound: 5e-7, mode: "ans", table: sharedGiven(explicitGiven("ans", wide, false), 1) },
      { x: as(x), d: 8, bound: 5e-7, mode: "huff", table: sharedGiven(explicitGiven("huffman", wide, false), 2) },
      { x: as(vectors(5, 3000, 9)), d: 3000, bound: 0.02, mode: "huff", table: huffman, checksum: false },
    ];
    const coders = await compare(device as WebGpuDevice, dtype, cases, true);
    assertEquals(coders, [4, 3, 4, 3, 4, 4, 3, 2, 4, 3, 4, 2, ...dtype === "f32" ? [4, 3] : [0, 0], 3]);
  }, GPUS);
}
