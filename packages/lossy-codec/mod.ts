/**
 * Error-bounded lossy compression of float arrays, with a bound that holds for every element and a stream that is safe to
 * decode from hostile bytes.
 *
 * @module
 */
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
export {
  Decoder,
  type DecoderOptions,
  type EncodeContext,
  Encoder,
  type EncoderOptions,
  type MessageContext,
} from "./src/codec.ts";
export { type MessageHeader, readMessageHeader } from "./src/format/message.ts";
export { compressionStream, type CompressionStreamOptions } from "./src/compression_stream.ts";
export { decompressionStream } from "./src/decompression_stream.ts";
