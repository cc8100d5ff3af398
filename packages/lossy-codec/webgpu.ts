/**
 * The codec on GPUs, over `@pocketrec/compute`: many chunks per call, the bytes and floats of the CPU codec.
 *
 * ```ts
 * import { openWebGpuDevice } from "@pocketrec/compute";
 * import { createCodec, fitTable } from "@pocketrec/lossy-codec/webgpu";
 *
 * using device = await openWebGpuDevice();
 * if (device) {
 *   const rows = 64, d = 16, x = new Float32Array(2 * rows * d).map((_, i) => Math.sin(i * i));
 *   const table = fitTable("ans", x, 0.1);
 *   using codec = createCodec(device, { dtype: "f32", chunks: 2, rows: 2 * rows, elements: 2 * rows * d });
 *   using vectors = device.tensor("f32", [2 * rows, d], { data: x });
 *   using arena = device.tensor("u32", [2 * (4 + rows * d)]);
 *   const chunks = [0, 1].map((c) => ({ rows, d, srcOff: c * rows * d, bound: 0.1, mode: "dict+ans", table } as const));
 *   codec.encode(vectors, chunks, arena);
 *   const sizes = await codec.sizes(); // they lie back to back
 *
 *   using restored = device.tensor("f32", [2 * rows, d]);
 *   const starts = [0, sizes[0]!];
 *   codec.decode(
 *     arena,
 *     chunks.map((_, c) => ({ rows, d, srcOff: starts[c]!, bytes: sizes[c]!, dstOff: c * rows * d, table })),
 *     restored,
 *   );
 *   if ((await codec.errors()).some((error) => error !== "")) throw new Error("a chunk was damaged");
 * }
 * ```
 *
 * @module
 */
export {
  type ChunkError,
  type CodecCapacity,
  createCodec,
  type DeviceMemory,
  type WebGpuCodec,
} from "./src/webgpu/codec.ts";
export type {
  ChunkOptions,
  DecodeDescriptor,
  DeviceDtype,
  DeviceMode,
  EncodeDescriptor,
} from "./src/webgpu/descriptors.ts";
export { fitTable } from "./src/webgpu/fit_table.ts";
export { compressChunk, decompressChunk, type HostChunkOptions } from "./src/webgpu/host_chunks.ts";
export type { FloatArray } from "./src/dtype.ts";
export type { KernelChoice } from "./src/kernels/choose.ts";
export type { Coder, Table } from "./src/entropy/tables.ts";
export {
  explicitGiven as explicitTable,
  familyGiven as familyTable,
  type GivenTable,
  sharedGiven as sharedTable,
} from "./src/entropy/given_table.ts";
