/**
 * Error-bounded lossy compression of float arrays, with a bound that holds for every element and a stream that is safe to
 * decode from hostile bytes.
 *
 * ```ts
 * import { compress, decompress } from "@pocketrec/lossy-codec";
 *
 * const x = Float32Array.from({ length: 1000 }, (_, i) => Math.round(i / 100));
 * const file = compress(x, { bound: { abs: 0.01 } });
 * const y = decompress(file);
 * console.log(x.every((value, i) => Math.abs(value - y[i]!) <= 0.01)); // true
 * ```
 *
 * Arrays are taken as rows of `rowLength` elements. Equal arrays and options give equal bytes on every host. `./streams` has
 * transforms for arrays of any size, `./messages` what parties send each other again and again.
 *
 * @module
 */
// First of all, so that in a bundle it does not stand between modules that gzip shortens by each other.
import "./src/kernels/kernels_wasm.ts";

export { CodecError, type CodecErrorCode } from "./src/errors.ts";
export type { Dtype, FloatArray } from "./src/dtype.ts";
export type { Link, Mode, Throughput } from "./src/chunk/mode.ts";
export type { BoundKind } from "./src/format/header.ts";
export type { KernelChoice } from "./src/kernels/choose.ts";
export type { CompressOptions, ErrorBound } from "./src/options.ts";
export { compress, compressInto, maxCompressedLength } from "./src/compress.ts";
export { decompress, type DecompressOptions } from "./src/decompress.ts";
export { decodeRows } from "./src/rows.ts";
export { type ChunkInfo, inspect, type StreamInfo } from "./src/inspect.ts";
