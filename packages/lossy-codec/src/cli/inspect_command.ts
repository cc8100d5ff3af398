/**
 * `inspect`: what a file says of itself.
 *
 * @module
 */
import { type ChunkInfo, inspect, type StreamInfo } from "../inspect.ts";
import { fileOf, type Flags, parseArguments } from "./arguments.ts";
import { openSource } from "./byte_source.ts";
import { decoded, named } from "./decoding.ts";
import { count, ratioText, significant, table, whole } from "./numbers.ts";
import { print } from "./output.ts";
import { Progress } from "./terminal.ts";

const FLAGS: Flags = {
  chunks: undefined,
  json: undefined,
  verify: undefined,
  quiet: undefined,
  verbose: undefined,
};

/** Runs the command. */
export async function inspectCommand(args: readonly string[]): Promise<number> {
  const parsed = parseArguments(args, "inspect", FLAGS), { values } = parsed;
  using source = openSource(fileOf(parsed, "inspect"));
  const { name } = source, bytes = source.read(0, source.length), info = named(name, () => inspect(bytes));
  if (values.has("verify")) {
    using progress = new Progress(name, info.elements * BYTES[info.dtype], values.has("quiet"));
    let done = 0;
    for await (const part of decoded(name, [bytes], Infinity)) await progress.step(done += part.length);
  }
  if (values.has("json")) print(jsonText(name, info, values.has("chunks"), values.has("verify")));
  else print(summary(name, info, values.has("verify")) + (values.has("chunks") ? "\n" + chunkTable(info) : ""));
  return 0;
}

const BYTES = { f16: 2, f32: 4, f64: 8 } as const;

/** Chunks of each mode, the most frequent first. */
function modesOf(chunks: readonly ChunkInfo[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { mode } of chunks) counts.set(mode, (counts.get(mode) ?? 0) + 1);
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1]));
}

function total(chunks: readonly ChunkInfo[], of: "rows" | "uniqueRows" | "escapedRows"): number {
  return chunks.reduce((sum, chunk) => sum + chunk[of], 0);
}

function jsonText(name: string, info: StreamInfo, withChunks: boolean, verified: boolean): string {
  const { chunks, ...rest } = info;
  const value = {
    file: name,
    ...rest,
    chunkCount: chunks.length,
    uniqueRows: total(chunks, "uniqueRows"),
    escapedRows: total(chunks, "escapedRows"),
    modes: modesOf(chunks),
    ...(verified ? { verified } : {}),
    ...(withChunks ? { chunks } : {}),
  };
  return JSON.stringify(value, null, 2) + "\n";
}

const KIND_NAMES = { lossless: "lossless", abs: "abs", rel: "rel", pwRel: "pw-rel" } as const;

function summary(name: string, info: StreamInfo, verified: boolean): string {
  const { chunks, boundKind, requestedBound, absBound } = info, rows = total(chunks, "rows");
  const unique = total(chunks, "uniqueRows"), escaped = total(chunks, "escapedRows");
  const modes = Object.entries(modesOf(chunks)).map(([mode, chunks]) => `${mode} (${count(chunks, "chunk")})`);
  const bound = boundKind === "lossless" ? "lossless" : `${KIND_NAMES[boundKind]} ${requestedBound}`;
  const lines = [
    ["file", `${name}, ${count(info.bytes, "byte")}, format ${info.version}${info.streamed ? ", streamed" : ""}`],
    ["elements", `${info.dtype} [${info.shape.join(", ")}], ${count(info.elements, "element")}`],
    ["ratio", ratioText(info.ratio)],
    ["bound", bound + (boundKind === "rel" ? `, of this array ${absBound}` : "")],
    ["greatest error", String(info.maxError)],
    [
      "rows",
      `${whole(rows)} of ${count(info.rowLength, "element")}, ${whole(unique)} distinct, ${
        whole(escaped)
      } kept as they were`,
    ],
    ["chunks", `${whole(chunks.length)} of ${count(info.chunkRows, "row")}: ${modes.join(", ") || "none"}`],
    ["checksums", `${info.checksums ? "yes" : "no"}${verified ? "; all chunks decode" : ""}`],
  ];
  return lines.map(([label, value]) => `${label!.padEnd(16)}${value}\n`).join("");
}

function chunkTable({ chunks, ratio: _, ...info }: StreamInfo): string {
  const head = ["mode", "chunk", "offset", "bytes", "rows", "distinct", "as they were", "step", "ratio"];
  const rows = chunks.map(({ mode, offset, bytes, rows, uniqueRows, escapedRows, step }, chunk) => {
    const elements = Math.min(rows * info.rowLength, info.elements - chunk * info.chunkRows * info.rowLength);
    return [
      mode,
      whole(chunk),
      whole(offset),
      whole(bytes),
      whole(rows),
      whole(uniqueRows),
      whole(escapedRows),
      significant(step),
      ratioText(elements * BYTES[info.dtype] / bytes),
    ];
  });
  return table([head, ...rows], 1);
}
