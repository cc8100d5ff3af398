/**
 * Error-bounded lossy compression of float arrays, with a bound that holds for every element and a stream that is safe to
 * decode from hostile bytes.
 *
 * @module
 */
export { CodecError, type CodecErrorCode } from "./src/errors.ts";
