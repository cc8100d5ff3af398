/**
 * `compress`: an array to a file, chunk by chunk.
 *
 * @module
 */
import { compressionStream } from "../compression_stream.ts";
import { encodeRows, Head, headerOf, rangeOf } from "../compress.ts";
import { dtypeName, elementBytes, type FloatArray } from "../dtype.ts";
import { chunkCount, chunkExtent } from "../format/layout.ts";
import type { DtypeId } from "../kernels/kernels.ts";
import { Workspace } from "../kernels/workspace.ts";
import { chunkBound, type Plan, planOf, shapeOf } from "../options.ts";
import { fileOf, type Flags, lastOf, parseArguments } from "./arguments.ts";
import { boundsOf, boundText, CODING_FLAGS, codingOf, storingOf } from "./coding_flags.ts";
import { usable, UsageError } from "./errors.ts";
import { openPieces } from "./byte_source.ts";
import { concatenated } from "./decoding.ts";
import { arrayFlags, arrayOf, bareDtype, type InputArray, oddLength, openArray } from "./input.ts";
import { isNpy } from "./npy.ts";
import { ratioText, significant, whole } from "./numbers.ts";
import { openOutput, type Output } from "./output.ts";
import { guarded, Progress, say } from "./terminal.ts";

/** End of the names of compressed files. */
export const EXTENSION = ".prlc";

const FLAGS: Flags = {
  ...CODING_FLAGS,
  stream: undefined,
  out: "<file>",
  force: undefined,
  quiet: undefined,
  verbose: undefined,
};

/** Runs the command. */
export async function compressCommand(args: readonly string[]): Promise<number> {
  const parsed = parseArguments(args, "compress", FLAGS), path = fileOf(parsed, "compress");
  const [bound, another] = boundsOf(parsed);
  if (bound === undefined || another !== undefined) {
    throw new UsageError(
      `Cannot compress with ${
        bound === undefined ? "no bound" : "two bounds"
      }: want one of --abs, --rel, --pw-rel and --lossless`,
    );
  }
  const out = lastOf(parsed, "out") ?? (path === "-" ? "-" : path + EXTENSION);
  const force = parsed.values.has("force"), quiet = parsed.values.has("quiet"), flags = arrayFlags(parsed);
  const open = () => openOutput(out, force);
  let result: Result;
  if (parsed.values.has("stream")) {
    if (flags.shape !== undefined) throw new UsageError("Cannot use --shape with --stream as a stream has no axes");
    const options = { ...storingOf(parsed), bound },
      dtype = bareDtype(path, flags),
      { name, pieces } = openPieces(path);
    const stream = usable(() => compressionStream({ ...options, dtype: dtypeName(dtype) }));
    result = await guarded(open, (output) => compressPieces(name, pieces, dtype, stream, output, quiet));
  } else {
    using input = openArray(path, flags);
    const options = { ...codingOf(parsed, input), bound }, plan = usable(() => planOf(options, input.elements));
    usable(() => shapeOf(options, input.elements, input.dtype));
    result = await guarded(open, (output) => compressArray(input, plan, output, quiet));
  }
  if (!quiet) {
    const { before, after, maxError, seconds } = result, to = out === "-" ? "standard output" : out;
    const error = maxError === undefined ? "" : `greatest error ${significant(maxError)}, `;
    say(
      `${to}: ${whole(before)} bytes to ${whole(after)}, ratio ${ratioText(before / after)}, ${
        boundText(bound)
      }, ${error}` +
        `${seconds.toFixed(2)} s\n`,
    );
  }
  return 0;
}

/** What was done. */
interface Result {
  /** Bytes of elements. */
  readonly before: number;
  /** Bytes of the file. */
  readonly after: number;
  /** The greatest error; a streamed file keeps it to itself. */
  readonly maxError?: number;
  readonly seconds: number;
}

/** Writes the bytes that `compress` returns, with no more than a chunk in memory. */
async function compressArray(
  input: InputArray,
  plan: Plan,
  output: Output,
  quiet: boolean,
): Promise<Result> {
  const { dtype, shape, elements } = input, { rowLength, chunkRows } = plan, size = elementBytes(dtype);
  const chunks = chunkCount(elements, rowLength, chunkRows), head = new Head(shape.length, chunks);
  const passes = plan.boundKind === "rel" ? 2 : 1, workspace = new Workspace(plan.kernels);
  using progress = new Progress(input.name, passes * elements * size, quiet);
  const read = (chunk: number) => {
    const begin = chunk * chunkRows * rowLength;
    return input.read(begin, begin + chunkExtent(elements, rowLength, chunkRows, chunk).elements);
  };
  let done = 0, least = Infinity, greatest = -Infinity;
  for (let chunk = 0; passes === 2 && chunk < chunks; chunk++) {
    const bytes = read(chunk), range = workspace.scoped(() => rangeOf(workspace, dtype, bytes));
    least = Math.min(least, range.least);
    greatest = Math.max(greatest, range.greatest);
    await progress.step(done += bytes.length);
  }
  const bound = chunkBound(plan, least, greatest);
  const limits = passes === 2 ? { bound, magnitude: Math.max(Math.abs(least), Math.abs(greatest)) } : { bound };
  let at = head.bytes.length, maxError = 0;
  for (let chunk = 0; chunk < chunks; chunk++) {
    const source = read(chunk);
    encodeRows(workspace, plan, dtype, limits, source, (bytes, encoded) => {
      output.write(bytes, at);
      head.size(chunk, bytes.length);
      at += bytes.length;
      maxError = Math.max(maxError, encoded.maxError);
    });
    await progress.step(done += source.length);
  }
  head.close(headerOf(plan, dtype, bound, shape, maxError));
  output.write(head.bytes, 0);
  output.commit();
  return { before: elements * size, after: at, maxError, seconds: progress.seconds };
}

/** Writes a streamed file as elements come. */
async function compressPieces(
  name: string,
  pieces: AsyncIterable<Uint8Array>,
  dtype: DtypeId,
  stream: TransformStream<FloatArray, Uint8Array<ArrayBuffer>>,
  output: Output,
  quiet: boolean,
): Promise<Result> {
  using progress = new Progress(name, Infinity, quiet);
  const size = elementBytes(dtype);
  let before = 0, after = 0;
  async function* arrays(): AsyncGenerator<FloatArray> {
    let rest: Uint8Array = new Uint8Array(0);
    for await (const piece of pieces) {
      if (before + rest.length === 0 && isNpy(piece)) {
        throw new UsageError(`Cannot stream ${name} as it is a NumPy file: want bare elements, or no --stream`);
      }
      const bytes = concatenated(rest, piece), whole = bytes.length - bytes.length % size;
      rest = bytes.slice(whole);
      before += whole;
      yield arrayOf(dtype, bytes.buffer, whole / size);
    }
    if (rest.length > 0) throw oddLength(name, dtype, before + rest.length);
  }
  for await (const bytes of ReadableStream.from(arrays()).pipeThrough(stream)) {
    output.write(bytes, after);
    after += bytes.length;
    await progress.step(before);
  }
  output.commit();
  return { before, after, seconds: progress.seconds };
}
