/**
 * What is wrong with a stream or an array:
 *
 * | code | meaning |
 * | --- | --- |
 * | `BAD_MAGIC` | the bytes are no stream of this codec |
 * | `VERSION` | a major version that this build does not read |
 * | `TRUNCATED` | the bytes end before the stream does |
 * | `CHECKSUM` | a stored checksum differs from the one of the bytes |
 * | `LIMIT` | the stream asks for more than the caller allows, found before anything is allocated for it |
 * | `CORRUPT` | the bytes contradict themselves |
 * | `BOUND` | the error bound cannot be used: negative, NaN, infinite, or more than one kind |
 * | `DTYPE` | the elements are of a type that does not fit |
 */
export type CodecErrorCode =
  | "BAD_MAGIC"
  | "VERSION"
  | "TRUNCATED"
  | "CHECKSUM"
  | "LIMIT"
  | "CORRUPT"
  | "BOUND"
  | "DTYPE";

/** A stream that cannot be decoded, or an array or bound that cannot be encoded; `code` says why. */
export class CodecError extends Error {
  /** The class, for messages and for callers across realms. */
  override readonly name = "CodecError";
  /** The kind of fault. */
  readonly code: CodecErrorCode;

  /**
   * An error of a kind.
   *
   * @param code The kind of fault.
   * @param message One line: what failed, the value met and the value wanted.
   */
  constructor(code: CodecErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The error of bytes that contradict themselves: `what` is `met`, which cannot be. */
export function corrupt(what: string, met: number | string, want: number | string): CodecError {
  return new CodecError("CORRUPT", `Cannot decode as ${what} is ${met}: want ${want}`);
}

/** The error of bytes that end before or within `what`. */
export function truncated(what: string): CodecError {
  return new CodecError("TRUNCATED", `Cannot decode as the bytes end within ${what}`);
}
