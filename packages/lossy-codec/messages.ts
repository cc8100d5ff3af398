/**
 * Messages without file headers, between parties that share everything else: the slices of embedding tables that a collective
 * sends again and again. Frequency tables carry over from message to message.
 *
 * ```ts
 * import { Decoder, Encoder } from "@pocketrec/lossy-codec/messages";
 *
 * const encoder = new Encoder({ bound: { abs: 0.01 }, rowLength: 16 }), decoder = new Decoder({ rowLength: 16 });
 * const slice = new Float32Array(256 * 16).map((_, i) => Math.sin(i)), received = new Float32Array(slice.length);
 * const buffer = new Uint8Array(encoder.maxEncodedBytes(slice.length));
 * const bytes = encoder.encode(slice, buffer, { table: 3, destination: 1 });
 * decoder.decode(buffer.subarray(0, bytes), received, { table: 3, destination: 1 });
 * console.log(slice.every((value, i) => Math.abs(value - received[i]!) <= 0.01)); // true
 * ```
 *
 * @module
 */
export type { Dtype, FloatArray } from "./src/dtype.ts";
export type { Link, Mode, Throughput } from "./src/chunk/mode.ts";
export type { KernelChoice } from "./src/kernels/choose.ts";
export type { CompressOptions, ErrorBound } from "./src/options.ts";
export {
  Decoder,
  type DecoderOptions,
  type EncodeContext,
  Encoder,
  type EncoderOptions,
  type MessageContext,
} from "./src/codec.ts";
export { type MessageHeader, readMessageHeader } from "./src/format/message.ts";
