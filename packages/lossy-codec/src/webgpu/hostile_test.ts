import { assert, assertEquals } from "@std/assert";
import type { WebGpuDevice } from "@pocketrec/compute";
import { testOnEachDevice } from "@pocketrec/compute/testing";
import { bytesOf } from "../dtype.ts";
import { familyGiven, type GivenTable } from "../entropy/given_table.ts";
import { CodecError } from "../errors.ts";
import { asDtype, random, readBytes, tensorOf, vectors } from "./_test_chunks.ts";
import { createCodec } from "./codec.ts";
import type { ChunkOptions, DeviceDtype } from "./descriptors.ts";
import { compressChunk, decompressChunk } from "./host_chunks.ts";

const ROWS = 40, D = 6, DAMAGED = 24;

/** A chunk, damaged or not, and what the CPU makes of it. */
interface Sample {
  readonly bytes: Uint8Array;
  readonly table: GivenTable | undefined;
  readonly checksum: boolean;
  readonly elements: Uint8Array | undefined;
}

function sampleOf(dtype: DeviceDtype, bytes: Uint8Array, table: GivenTable | undefined, checksum: boolean): Sample {
  let elements: Uint8Array | undefined;
  try {
    elements = bytesOf(decompressChunk(bytes, dtype, { rows: ROWS, d: D, table, checksum }));
  } catch (error) {
    assert(error instanceof CodecError, `${error}`);
  }
  return { bytes, table, checksum, elements };
}

function damaged(bytes: Uint8Array, next: () => number): Uint8Array {
  const below = (n: number) => Math.floor(next() * n);
  const copy = bytes.slice(0, next() < 0.2 ? 16 + 4 * below(bytes.length / 4 - 3) : bytes.length);
  // Mostly heads, where damage leads farther.
  for (let left = below(3); left >= 0; left--) {
    const at = below(next() < 0.6 ? Math.min(48, copy.length) : copy.length);
    copy[at] = next() < 0.5 ? copy[at]! ^ 1 << below(8) : [0, 1, 127, 128, 255][below(5)]!;
  }
  if (next() < 0.1) { for (let i = 0; i < copy.length; i++) copy[i] = below(256); }
  return copy;
}

for (const dtype of ["f32", "f16"] as const) {
  testOnEachDevice(`damaged chunks end in an error or in what the CPU decodes, ${dtype}`, async (device) => {
    const gpu = device as WebGpuDevice, next = random(dtype === "f32" ? 11 : 12), x = vectors(ROWS, D, 13, 15);
    const spoiled = x.slice();
    spoiled[3 * D] = NaN;
    const ans = familyGiven("ans", 88), huffman = familyGiven("huffman", 88), wide = familyGiven("huffman", 100, false);
    const kinds: (Omit<ChunkOptions, "d"> & { readonly x?: Float32Array })[] = [
      { bound: 0, mode: "raw" },
      { bound: 0.01, mode: "dict+pack" },
      { bound: 0.01, mode: "dict+pack", x: spoiled },
      { bound: 0.01, mode: "ans", table: ans },
      { bound: 0.01, mode: "dict+huff", table: huffman, x: spoiled },
      { bound: 0.001, mode: "huff", table: wide },
      { bound: 0.001, mode: "dict+ans", table: familyGiven("ans", 100, false) },
      { bound: 10, mode: "pack" },
    ];
    const samples: Sample[] = [], coders = new Set<number>();
    for (const { x: values = x, ...options } of kinds) {
      for (const checksum of [false, true]) {
        const bytes = compressChunk(asDtype(dtype, values), { ...options, d: D, checksum });
        coders.add(bytes[0]!);
        samples.push(sampleOf(dtype, bytes, options.table, checksum));
        for (let i = 0; i < (checksum ? 4 : DAMAGED); i++) {
          samples.push(sampleOf(dtype, damaged(bytes, next), options.table, checksum));
        }
      }
    }
    assertEquals([...coders].sort(), [0, 1, 2, 3, 4]);
    // One element of every chunk's region is left free behind it.
    const size = dtype === "f16" ? 2 : 4, stride = ROWS * D + 4 / size, chunks = samples.length;
    using codec = createCodec(gpu, { dtype, chunks, rows: chunks * ROWS, elements: chunks * ROWS * D });
    const starts: number[] = [];
    let at = 0;
    for (const { bytes } of samples) at = starts.push(at) && at + bytes.length;
    const stream = new Uint8Array(at);
    samples.forEach(({ bytes }, i) => stream.set(bytes, starts[i]!));
    using source = tensorOf(gpu, stream), out = gpu.tensor("u32", [chunks * stride * size / 4]);
    out.write(new Uint32Array(out.size).fill(0xabababab));
    codec.decode(
      source,
      samples.map(({ bytes, table, checksum }, i) => ({
        rows: ROWS,
        d: D,
        srcOff: starts[i]!,
        bytes: bytes.length,
        dstOff: i * stride,
        table,
        checksum,
      })),
      out,
    );
    const errors = await codec.errors(), restored = await readBytes(out);
    let refused = 0;
    samples.forEach(({ elements, bytes }, i) => {
      const from = i * stride * size, met = restored.subarray(from, from + ROWS * D * size);
      const behind = restored.subarray(from + ROWS * D * size, from + stride * size);
      assert(behind.every((byte) => byte === 0xab), `chunk ${i} wrote behind its elements`);
      if (errors[i] === "UNSUPPORTED" || errors[i] === "TABLE") return;
      const what = `chunk ${i} (coder ${bytes[0]}, ${bytes.length} bytes)`;
      assertEquals(errors[i] === "", elements !== undefined, `${what}: the GPU says "${errors[i]}"`);
      if (elements === undefined) refused++;
      else assert(elements.every((byte, k) => byte === met[k]), `elements of ${what} differ`);
    });
    assert(refused > chunks / 4, `${refused} of ${chunks} chunks were refused`);
  }, { devices: ["webgpu", "dawn"] });
}
