/**
 * `TransformStream`s between arrays and the bytes of a file, for arrays of any size, known beforehand or not.
 *
 * ```ts
 * import { compressionStream, decompressionStream } from "@pocketrec/lossy-codec/streams";
 *
 * const parts = ReadableStream.from([new Float32Array(1000).fill(1.5), new Float32Array(500)]);
 * const file = parts.pipeThrough(compressionStream({ bound: { abs: 0.01 } }));
 * let elements = 0;
 * for await (const x of file.pipeThrough(decompressionStream())) elements += x.length;
 * console.log(elements); // 1500
 * ```
 *
 * @module
 */
export type { Dtype, FloatArray } from "./src/dtype.ts";
export type { Link, Mode, Throughput } from "./src/chunk/mode.ts";
export type { KernelChoice } from "./src/kernels/choose.ts";
export type { CompressOptions, ErrorBound } from "./src/options.ts";
export type { DecompressOptions } from "./src/decompress.ts";
export { compressionStream, type CompressionStreamOptions } from "./src/compression_stream.ts";
export { decompressionStream } from "./src/decompression_stream.ts";
