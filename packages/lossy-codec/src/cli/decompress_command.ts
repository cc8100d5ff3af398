/**
 * `decompress`: a file to an array, chunk by chunk.
 *
 * @module
 */
import { DEFAULT_MAX_BYTES, withChunk } from "../decompress.ts";
import { dtypeName, elementBytes } from "../dtype.ts";
import { CodecError } from "../errors.ts";
import { type FileLayout, readLayout } from "../format/layout.ts";
import { Workspace } from "../kernels/workspace.ts";
import { type Arguments, fileOf, type Flags, lastOf, numberOf, parseArguments } from "./arguments.ts";
import { openSource } from "./byte_source.ts";
import { EXTENSION } from "./compress_command.ts";
import { errorLine, RunError, UsageError } from "./errors.ts";
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
  const maxBytes = lastOf(parsed, "max-bytes");
  const limit = maxBytes && numberOf(maxBytes, "max-bytes", (value) => value >= 0, "a number, 0 or more");
  const { out, format } = destination(parsed, path), quiet = parsed.values.has("quiet");
  const { name, bytes } = readFile(path);
  const most = limit || Math.max(DEFAULT_MAX_BYTES, DEFAULT_RATIO * bytes.length);
  const layout = named(name, () => readLayout(bytes, most)), { dtype } = layout.header;
  const [, extension = dtypeName(dtype)] = /\.(f16|f32|f64)$/i.exec(out) ?? [];
  if (extension.toLowerCase() !== dtypeName(dtype)) {
    throw new RunError(`Cannot write ${out} as the elements are ${dtypeName(dtype)}: want --out with another ending`);
  }
  const { length, seconds } = await guarded(
    () => openOutput(out, parsed.values.has("force")),
    (output) => decompressFile(name, bytes, layout, format, output, quiet),
  );
  if (!quiet) {
    const { shape } = layout.header;
    say(
      `${out === "-" ? "standard output" : out}: ${whole(bytes.length)} bytes to ${whole(length)}, ${
        dtypeName(dtype)
      } [${shape.join(", ")}], ${seconds.toFixed(2)} s\n`,
    );
  }
  return 0;
}

/** All of a compressed file. */
export function readFile(path: string): { readonly name: string; readonly bytes: Uint8Array } {
  using source = openSource(path);
  return { name: source.name, bytes: source.read(0, source.length) };
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
    const format = given ?? told(out) ?? (out === "-" ? told(stem(path)) : undefined) ?? "npy";
    return { out, format };
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

/** Tells in which file a stream is at fault. */
export function named<R>(name: string, work: () => R): R {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    const hint = error.code === "LIMIT" ? "; --max-bytes allows more" : "";
    throw new RunError(`${name}: ${errorLine(error)}${hint}`, { cause: error });
  }
}

/**
 * Decodes all chunks in turn.
 *
 * @param use Gets the bytes of a chunk's elements, and where they begin among those of all; they are lost afterwards.
 */
export async function decodeChunks(
  name: string,
  bytes: Uint8Array,
  { header, chunks }: FileLayout,
  progress: Progress,
  use: (elements: Uint8Array, at: number) => void,
): Promise<void> {
  const { dtype, rowLength } = header, workspace = new Workspace("auto"), size = elementBytes(dtype);
  for (const place of chunks) {
    const begin = place.firstRow * rowLength * size, length = place.elements * size;
    named(name, () =>
      withChunk(workspace, bytes, place, header, true, (chunk) => {
        const at = chunk.decode();
        use(workspace.kernels.memory.u8.subarray(at, at + length), begin);
      }));
    await progress.step(begin + length);
  }
}

async function decompressFile(
  name: string,
  bytes: Uint8Array,
  layout: FileLayout,
  format: Format,
  output: Output,
  quiet: boolean,
): Promise<{ length: number; seconds: number }> {
  const { header: { dtype, shape }, elements } = layout,
    head = format === "npy" ? writeNpyHead(dtype, shape) : undefined;
  const offset = head?.length ?? 0, total = elements * elementBytes(dtype);
  using progress = new Progress(name, total, quiet);
  if (head) output.write(head, 0);
  await decodeChunks(name, bytes, layout, progress, (part, at) => output.write(part, offset + at));
  output.commit();
  return { length: offset + total, seconds: progress.seconds };
}
