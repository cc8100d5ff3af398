import { assert, assertEquals } from "@std/assert";
import type { WebGpuDevice } from "@pocketrec/compute";
import { testOnEachDevice } from "@pocketrec/compute/testing";
import { chooseUnit } from "../chunk/unit.ts";
import { bytesOf } from "../dtype.ts";
import { F16, F32 } from "../kernels/kernels.ts";
import { f16BitsOf } from "../kernels/plain_range.ts";
import { random, readBytes, tensorOf } from "./_test_chunks.ts";
import { createCodec } from "./codec.ts";
import { compressChunk } from "./host_chunks.ts";
import { STEP_WORDS } from "./layout.ts";
import { stepsFor } from "./steps.ts";

const view = new DataView(new ArrayBuffer(4));

function singleOf(bits: number): number {
  view.setUint32(0, bits);
  return view.getFloat32(0);
}

/** The step that a kernel takes from the words of a bound. */
function stepIn(words: readonly number[], greatest: number): number {
  view.setFloat32(0, greatest);
  let at = 2;
  for (let left = words[0]!; left > 1 && view.getUint32(0) > words[at]!; left--) at += STEP_WORDS;
  return singleOf(words[at + 1]!);
}

Deno.test("the steps of a bound are those that the CPU chooses for any greatest magnitude", () => {
  const next = random(3);
  for (let i = 0; i < 3000; i++) {
    const dtype = i % 2 === 0 ? F32 : F16;
    const bound = dtype === F32 ? singleOf(Math.floor(next() * 0x7f800000)) * next() : 2 ** (-30 + 45 * next());
    const words = stepsFor(dtype, bound);
    assertEquals(words === undefined, chooseUnit(dtype, { kind: "abs", error: bound }, 0) === undefined);
    if (words === undefined) continue;
    for (let j = 0; j < 20; j++) {
      const near = singleOf(words[2 + STEP_WORDS * Math.floor(next() * words[0]!)]!);
      const pattern = Math.floor(next() * 0x7f800000);
      view.setFloat32(0, Number.isFinite(near) ? near : 1);
      const beside = singleOf(Math.min(0x7f7fffff, Math.max(0, view.getUint32(0) + Math.floor(3 * next()) - 1)));
      const any = j % 2 === 0 ? beside : singleOf(pattern);
      const greatest = dtype === F32 ? any : Math.min(65504, Math.abs(halfValue(f16BitsOf(any))));
      const unit = chooseUnit(dtype, { kind: "abs", error: bound }, greatest);
      assert(unit?.kind === "step");
      assertEquals(stepIn(words, greatest), unit.step, `bound ${bound}, greatest magnitude ${greatest}`);
    }
  }
});

function halfValue(half: number): number {
  const exponent = half >> 10 & 31, mantissa = half & 1023;
  return exponent === 31 ? 65504 : exponent === 0 ? mantissa * 2 ** -24 : (1024 + mantissa) * 2 ** (exponent - 25);
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
