/**
 * Speed of the codec on a GPU: `deno run -A bench/codec/webgpu.ts [--quick] [--json file]`
 *
 * The vectors of a global batch on their way from 26 tables to 8 ranks, a chunk per table and rank, encoded and decoded by one
 * call each. Every figure is in GB/s of the float32 bytes, beside a copy of as many bytes within the GPU's memory (which reads and
 * writes each). The time of a call has all of it: descriptors, dispatches, and waiting for the GPU; only lengths and errors
 * are read once beforehand, to see that all is well.
 *
 * An adapter that computes in software says nothing about speed, so without another one there are no figures; with
 * `POCKETREC_SOFTWARE_GPU=1` there are, to see that the bench runs.
 *
 * @module
 */
import { openWebGpuDevice, type WebGpuDevice } from "@pocketrec/compute";
import {
  createCodec,
  type DecodeDescriptor,
  type DeviceMode,
  type EncodeDescriptor,
  fitTable,
  type GivenTable,
} from "@pocketrec/lossy-codec/webgpu";
import { onDevice } from "../compute/case.ts";
import { type Bench, gigabytes, runBench } from "../harness.ts";
import { makeChunk } from "./kernels.ts";

const TABLES = 26, RANKS = 8, D = 64, CHUNKS = TABLES * RANKS;
/** Twice the bound is a code's width: a few codes per standard deviation, as 3 % of the range gives. */
const BOUND = 0.35;

function modes(): (readonly [DeviceMode, GivenTable | undefined])[] {
  const distinct = makeChunk(922).subarray(0, 922 * D);
  return [
    ["raw", undefined],
    ["pack", undefined],
    ["dict+pack", undefined],
    ["dict+huff", fitTable("huffman", distinct, BOUND)],
    ["dict+ans", fitTable("ans", distinct, BOUND)],
  ];
}

/** The rows of all chunks: those of `makeChunk`, each chunk from another place on. */
function batch(rows: number): Float32Array<ArrayBuffer> {
  const chunk = makeChunk(922), x = new Float32Array(CHUNKS * rows * D), whole = chunk.length / D;
  for (let row = 0; row < CHUNKS * rows; row++) {
    const from = (row + 37 * Math.floor(row / rows)) % whole * D;
    x.set(chunk.subarray(from, from + D), row * D);
  }
  return x;
}

async function benchRows(bench: Bench, device: WebGpuDevice, rows: number): Promise<void> {
  const elements = CHUNKS * rows * D, bytes = 4 * elements;
  const at = `${CHUNKS} chunks of ${rows} x ${D} float32, ${device.label}`;
  if (bytes > device.maxTensorBytes) return;
  using vectors = device.tensor("f32", [elements], { data: batch(rows), label: "vectors" });
  using restored = device.tensor("f32", [elements], { label: "restored" });
  using arena = device.tensor("u32", [elements + 4 * CHUNKS], { label: "arena" });
  using codec = createCodec(device, { dtype: "f32", chunks: CHUNKS, rows: CHUNKS * rows, elements });
  for (const [mode, table] of modes()) {
    if (!bench.wants(`${mode}, ${at}`)) continue;
    const encode = Array.from({ length: CHUNKS }, (_, c): EncodeDescriptor => ({
      rows,
      d: D,
      srcOff: c * rows * D,
      bound: mode === "raw" ? 0 : BOUND,
      mode,
      table,
    }));
    codec.encode(vectors, encode, arena);
    const sizes = await codec.sizes();
    let srcOff = 0;
    const decode = encode.map((chunk, c): DecodeDescriptor => {
      const place = { rows, d: D, srcOff, bytes: sizes[c]!, dstOff: chunk.srcOff, table };
      srcOff += sizes[c]!;
      return place;
    });
    codec.decode(arena, decode, restored);
    const error = (await codec.errors()).find((error) => error !== "");
    if (error !== undefined) throw new Error(`${mode}, ${at}: a chunk ended in ${error}`);
    bench.add({ case: `${mode}, ${at}`, metric: "ratio", value: bytes / srcOff, unit: "" });
    const copy = { ...onDevice(device, () => device.copy(vectors, 0, restored, 0, elements)), name: "copy" };
    await bench.compare({
      case: `encode ${mode}, ${at}`,
      ours: onDevice(device, () => codec.encode(vectors, encode, arena)),
      baselines: [copy],
      measure: gigabytes(bytes),
    });
    await bench.compare({
      case: `decode ${mode}, ${at}`,
      ours: onDevice(device, () => codec.decode(arena, decode, restored)),
      baselines: [copy],
      measure: gigabytes(bytes),
    });
  }
}

if (import.meta.main) {
  await runBench("codec/webgpu", async (bench) => {
    const allowFallback = Deno.env.get("POCKETREC_SOFTWARE_GPU") === "1";
    using device = await openWebGpuDevice({ allowFallback });
    Object.assign(bench.machine.versions, { gpu: device?.label ?? "none that computes in hardware: no figures" });
    if (device === undefined) return;
    for (const rows of bench.options.quick ? [16] : [256, 2048]) await benchRows(bench, device, rows);
  });
}
