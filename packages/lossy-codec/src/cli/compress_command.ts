/**
 * `compress`: an array to a file, chunk by chunk.
 *
 * @module
 */
import { encodeRows, Head, headerOf, rangeOf } from "../compress.ts";
import type { Bound } from "../chunk/unit.ts";
import { elementBytes } from "../dtype.ts";
import { chunkCount, chunkExtent } from "../format/layout.ts";
import { Workspace } from "../kernels/workspace.ts";
import { chunkBound, type CompressOptions, type Plan, planOf, shapeOf } from "../options.ts";
import { fileOf, type Flags, lastOf, parseArguments } from "./arguments.ts";
import { boundsOf, boundText, CODING_FLAGS, codingOf } from "./coding_flags.ts";
import { usable, UsageError } from "./errors.ts";
import { arrayFlags, type InputArray, openArray } from "./input.ts";
import { ratioText, significant, whole } from "./numbers.ts";
import { openOutput, type Output } from "./output.ts";
import { guarded, Progress, say } from "./terminal.ts";

/** End of the names of compressed files. */
export const EXTENSION = ".prlc";

const FLAGS: Flags = { ...CODING_FLAGS, out: "<file>", force: undefined, quiet: undefined, verbose: undefined };

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
  using input = openArray(path, arrayFlags(parsed));
  const options = { ...codingOf(parsed, input), bound }, plan = usable(() => planOf(options, input.elements));
  usable(() => shapeOf(options, input.elements, input.dtype));
  const out = lastOf(parsed, "out") ?? (path === "-" ? "-" : path + EXTENSION);
  const quiet = parsed.values.has("quiet");
  const { bytes, maxError, seconds } = await guarded(
    () => openOutput(out, parsed.values.has("force")),
    (output) => compressArray(input, options, plan, output, quiet),
  );
  const before = input.elements * elementBytes(input.dtype);
  if (!quiet) {
    say(
      `${out === "-" ? "standard output" : out}: ${whole(before)} bytes to ${whole(bytes)}, ratio ${
        ratioText(before / bytes)
      }, ${boundText(bound)}, greatest error ${significant(maxError)}, ${seconds.toFixed(2)} s\n`,
    );
  }
  return 0;
}

/** Writes the bytes that `compress` returns, with no more than a chunk in memory. */
async function compressArray(
  input: InputArray,
  options: CompressOptions,
  plan: Plan,
  output: Output,
  quiet: boolean,
): Promise<{ bytes: number; maxError: number; seconds: number }> {
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
  const bound: Bound = chunkBound(plan, least, greatest);
  let at = head.bytes.length, maxError = 0;
  for (let chunk = 0; chunk < chunks; chunk++) {
    const source = read(chunk);
    encodeRows(workspace, plan, dtype, bound, source, (bytes, encoded) => {
      output.write(bytes, at);
      head.size(chunk, bytes.length);
      at += bytes.length;
      maxError = Math.max(maxError, encoded.maxError);
    });
    await progress.step(done += source.length);
  }
  head.close(headerOf(plan, dtype, bound, options.shape ?? shape, maxError));
  output.write(head.bytes, 0);
  output.commit();
  return { bytes: at, maxError, seconds: progress.seconds };
}
