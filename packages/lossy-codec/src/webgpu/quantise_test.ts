import { assert, assertEquals } from "@std/assert";
import type { WebGpuDevice } from "@pocketrec/compute";
import { testOnEachDevice } from "@pocketrec/compute/testing";
import { chooseUnit } from "../chunk/unit.ts";
import { bytesOf } from "../dtype.ts";
import { F32 } from "../kernels/kernels.ts";
import { f16BitsOf } from "../kernels/plain_range.ts";
import { random, readBytes, tensorOf } from "./_test_chunks.ts";
import { createCodec } from "./codec.ts";
import { compressChunk } from "./host_chunks.ts";

const view = new DataView(new ArrayBuffer(4));

function singleOf(bits: number): number {
  view.setUint32(0, bits);
  return view.getFloat32(0);
}

const BOUNDS = [1e-30, 1e-10, 1e-3, 0.1, 1, 1e3, 1e30, 2 ** 120, 3e38, 2 ** -101, 0.00390625];

/** Values around ties of `bound`, and of all kinds. One of them is `greatest`, so that the step is known. */
function values(bound: number, greatest: number, count: number, seed: number): Float32Array<ArrayBuffer> {
  const next = random(seed), x = new Float32Array(count);
  const unit = chooseUnit(F32, { kind: "abs", error: bound }, greatest);
  const step = unit?.kind === "step" ? unit.step : 1, maxCode = unit?.kind === "step" ? unit.maxCode : 1;
  for (let i = 0; i < count; i++) {
    const kind = next(), sign = next() < 0.5 ? -1 : 1;
    const q = Math.floor(kind < 0.3 ? 8 * next() : kind < 0.6 ? 2 ** (20 * next()) : maxCode + 2 - 4 * next());
    view.setFloat32(0, Math.min(greatest, (q + 0.5) * step));
    const bits = kind < 0.85
      ? Math.min(0x7f800000, Math.max(0, view.getUint32(0) + Math.floor(7 * next()) - 3))
      : Math.floor(next() * 2 ** 31);
    const value = sign * singleOf(bits);
    x[i] = Math.abs(value) <= greatest || kind > 0.95 ? value : 0;
  }
  x[0] = greatest;
  return x;
}

for (const dtype of ["f32", "f16"] as const) {
  testOnEachDevice(
    `values at ties, at the limits of codes and at random are coded as by the CPU, ${dtype}`,
    async (device) => {
      const gpu = device as WebGpuDevice, rows = 600;
      const greatests = dtype === "f32" ? [1, 60, 1e5, 3e38] : [1, 60, 2000, 65504];
      const bounds = dtype === "f32" ? BOUNDS : BOUNDS.map((bound) => Math.min(4e4, Math.max(bound, 1e-8)));
      const arrays = bounds.flatMap((bound, b) =>
        greatests.map((greatest, g) => {
          const x = values(bound, greatest, rows, 16 * b + g);
          return { bound, x: dtype === "f32" ? x : Uint16Array.from(x, (value) => f16BitsOf(value)) };
        })
      );
      // Rows of one element, so that an escape takes no others along.
      const options = arrays.map(({ bound }) => ({ d: 1, bound, mode: "pack" as const, checksum: false }));
      const expected = arrays.map(({ x }, i) => compressChunk(x, options[i]!));
      const size = dtype === "f32" ? 4 : 2, bytes = new Uint8Array(arrays.length * rows * size);
      arrays.forEach(({ x }, i) => bytes.set(bytesOf(x), i * rows * size));
      using codec = createCodec(gpu, {
        dtype,
        chunks: arrays.length,
        rows: arrays.length * rows,
        elements: arrays.length * rows,
      });
      using source = tensorOf(gpu, bytes), sent = gpu.tensor("u32", [arrays.length * (4 + rows)]);
      codec.encode(source, options.map((chunk, i) => ({ ...chunk, rows, srcOff: i * rows })), sent);
      const sizes = await codec.sizes(), written = await readBytes(sent);
      let at = 0, packed = 0;
      expected.forEach((chunk, i) => {
        const what = `bound ${options[i]!.bound}, greatest magnitude ${greatests[i % greatests.length]}`;
        assertEquals(sizes[i], chunk.length, what);
        assertEquals(written.subarray(at, at + chunk.length), chunk, what);
        at += chunk.length;
        if (chunk[0] === 2) packed++;
      });
      assert(packed > arrays.length / 4, `${packed} of ${arrays.length} chunks have codes`);
    },
    { devices: ["webgpu", "dawn"] },
  );
}
