/**
 * `decompress`: a file to an array, chunk by chunk.
 *
 * @module
 */
import { DEFAULT_MAX_BYTES } from "../decompress.ts";
import { dtypeName, elementBytes } from "../dtype.ts";
import type { FileHeader } from "../format/header.ts";
import { type Arguments, fileOf, type Flags, lastOf, numberOf, parseArguments } from "./arguments.ts";
import { openPieces } from "./byte_source.ts";
import { EXTENSION } from "./compress_command.ts";
import { decoded, headerFirst } from "./decoding.ts";
import { RunError, UsageError } from "./errors.ts";
import { writeNpyHead } from "./npy.ts";
import { whole } from "./numbers.ts";
import { openOutput, type Output } from "./output.ts";
import { guarded, Progress, say } from "./terminal.ts";

const FLAGS: Flags = {
  out: "<file>",
  format: "npy|raw",
  "max-bytes": "<bytes>",
  force: undefined,
  quiet: undefined,
  verbose: undefined,
};

/** A file may hold so many times its own length without `--max-bytes`, if that is more than the package's default. */
const DEFAULT_RATIO = 1024;

type Format = "npy" | "raw";

/** Runs the command. */
export async function decompressCommand(args: readonly string[]): Promise<number> {
  const parsed = parseArguments(args, "decompress", FLAGS), path = fileOf(parsed, "decompress");
  const limit = lastOf(parsed, "max-bytes"), force = parsed.values.has("force"), quiet = parsed.values.has("quiet");
  const allowed = limit === undefined
    ? undefined
    : numberOf(limit, "max-bytes", (value) => value >= 0, "a number, 0 or more");
  const { out, format } = destination(parsed, path), { name, length, pieces } = openPieces(path);
  const maxBytes = allowed ?? Math.max(DEFAULT_MAX_BYTES, DEFAULT_RATIO * (length ?? 0));
  const file = await headerFirst(name, pieces), { dtype, shape } = file.header;
  const [, extension = dtypeName(dtype)] = /\.(f16|f32|f64)$/i.exec(out) ?? [];
  if (extension.toLowerCase() !== dtypeName(dtype)) {
    throw new RunError(`Cannot write ${out} as the elements are ${dtypeName(dtype)}: want --out with another ending`);
  }
  const { axes, seconds } = await guarded(() => openOutput(out, force), async (output) => {
    const total = shape.reduce((product, axis) => product * axis, elementBytes(dtype));
    using progress = new Progress(name, total, quiet);
    const parts = decoded(name, file.pieces, maxBytes);
    return { axes: await writeArray(file.header, parts, format, output, progress), seconds: progress.seconds };
  });
  if (!quiet) {
    const bytes = axes.reduce((product, axis) => product * axis, elementBytes(dtype));
    const to = out === "-" ? "standard output" : out;
    say(`${to}: ${whole(bytes)} bytes, ${dtypeName(dtype)} [${axes.join(", ")}], ${seconds.toFixed(2)} s\n`);
  }
  return 0;
}

/** Where to, and as what: the ending of the name decides where `--format` does not. */
function destination(args: Arguments, path: string): { readonly out: string; readonly format: Format } {
  const given = lastOf(args, "format"), chosen = lastOf(args, "out");
  if (given !== undefined && given !== "npy" && given !== "raw") {
    throw new UsageError(`Cannot use --format ${given}: want npy or raw`);
  }
  const told = (name: string): Format | undefined =>
    /\.npy$/i.test(name) ? "npy" : /\.(bin|raw|f16|f32|f64)$/i.test(name) ? "raw" : undefined;
  if (chosen !== undefined || path === "-") {
    const out = chosen ?? "-";
    return { out, format: given ?? told(out) ?? (out === "-" ? told(stem(path)) : undefined) ?? "npy" };
  }
  if (!path.endsWith(EXTENSION)) {
    throw new UsageError(`Cannot name the output of ${path} as it does not end in ${EXTENSION}: want --out <file>`);
  }
  const name = stem(path), format = given ?? told(name) ?? "npy";
  return { out: told(name) === format ? name : `${name}.${format === "npy" ? "npy" : "bin"}`, format };
}

function stem(path: string): string {
  return path.endsWith(EXTENSION) ? path.slice(0, -EXTENSION.length) : path;
}

/** Writes elements as they come; returns their axes, which of a streamed file are known afterwards only. */
async function writeArray(
  { dtype, shape, streamed }: FileHeader,
  parts: AsyncIterable<Uint8Array>,
  format: Format,
  output: Output,
  progress: Progress,
): Promise<readonly number[]> {
  // Heads of arrays of one axis are equally long.
  const head = writeNpyHead(dtype, streamed ? [0] : shape), offset = format === "npy" ? head.length : 0;
  if (format === "npy" && !streamed) output.write(head, 0);
  let done = 0;
  for await (const part of parts) {
    output.write(part, offset + done);
    await progress.step(done += part.length);
  }
  const axes = streamed ? [done / elementBytes(dtype)] : shape;
  if (format === "npy" && streamed) output.write(writeNpyHead(dtype, axes), 0);
  output.commit();
  return axes;
}
