/**
 * The codec on GPUs, over `@pocketrec/compute`: many chunks per call, the bytes and floats of the CPU codec.
 *
 * ```ts
 * const codec = createCodec(device, { dtype: "f32", chunks: 208, rows: 208 * 256, elements: 208 * 256 * 64 });
 * const table = familyTable("ans", 90);
 * codec.encode(vectors, tables.map((t) => ({ rows: 256, d: 64, srcOff: t * 256 * 64, bound: 0.01, mode: "dict+ans", table })), arena);
 * const sizes = await codec.sizes();
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
export { compressChunk, decompressChunk, type HostChunkOptions } from "./src/webgpu/host_chunks.ts";
export {
  explicitGiven as explicitTable,
  familyGiven as familyTable,
  type GivenTable,
  sharedGiven as sharedTable,
} from "./src/entropy/given_table.ts";
