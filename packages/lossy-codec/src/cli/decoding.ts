/**
 * Decoding for commands: files that are read and decoded piece by piece.
 *
 * @module
 */
import { decompressionStream } from "../decompression_stream.ts";
import { bytesOf } from "../dtype.ts";
import { CodecError } from "../errors.ts";
import { type FileHeader, readHeader } from "../format/header.ts";
import { Reader } from "../format/reader.ts";
import { errorLine, RunError } from "./errors.ts";

/** Tells in which file a stream is at fault. */
export function named<R>(name: string, work: () => R): R {
  try {
    return work();
  } catch (error) {
    throw namedError(name, error);
  }
}

function namedError(name: string, error: unknown): unknown {
  if (!(error instanceof CodecError)) return error;
  const hint = error.code === "LIMIT" ? "; --max-bytes allows more" : "";
  return new RunError(`${name}: ${errorLine(error)}${hint}`, { cause: error });
}

/**
 * Decodes pieces of a file.
 *
 * @returns Bytes of the elements, chunk by chunk.
 * @throws {RunError} The bytes are at fault
 */
export async function* decoded(
  name: string,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const x of ReadableStream.from(pieces).pipeThrough(decompressionStream({ maxBytes }))) yield bytesOf(x);
  } catch (error) {
    throw namedError(name, error);
  }
}

/**
 * Reads the header of a file.
 *
 * @param pieces The file.
 * @returns The header, and all pieces once more.
 * @throws {RunError} The bytes are at fault
 */
export async function headerFirst(
  name: string,
  pieces: AsyncIterable<Uint8Array>,
): Promise<{ readonly header: FileHeader; readonly pieces: AsyncIterable<Uint8Array> }> {
  const rest = pieces[Symbol.asyncIterator]();
  let begun = new Uint8Array(0);
  for (;;) {
    const { value, done } = await rest.next();
    if (!done) begun = concatenated(begun, value);
    try {
      const header = readHeader(new Reader(begun));
      return { header, pieces: joined(begun, rest) };
    } catch (error) {
      if (!done && error instanceof CodecError && error.code === "TRUNCATED") continue;
      await rest.return?.();
      throw namedError(name, error);
    }
  }
}

/** Bytes and more bytes. */
export function concatenated(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

async function* joined(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  yield* { [Symbol.asyncIterator]: () => rest };
}
