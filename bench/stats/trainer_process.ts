/**
 * The trainer as a process of its own, and what it leaves.
 *
 * @module
 */
import { fileURLToPath } from "node:url";

const TRAINER = fileURLToPath(new URL("../../apps/trainer/main.ts", import.meta.url));

/** Runs the trainer. @throws {Error} with the last line that it said, when it fails */
export async function runTrainer(args: readonly string[]): Promise<void> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", TRAINER, ...args],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr).trimEnd().split("\n").at(-1));
}

/** Probabilities and labels of the test rows, interleaved, of a `--dump-scores` file; `undefined` when it is not there. */
export async function readScores(path: string): Promise<Float32Array | undefined> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return npyFloats(bytes);
}

/** The elements of a float32 `.npy` file of version 1. */
export function npyFloats(bytes: Uint8Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  return new Float32Array(bytes.slice(10 + bytes[8]! + 256 * bytes[9]!).buffer);
}

/** `kind:path` with the file's name only, for results that do not tell where anything lies. */
export function sourceName(source: string): string {
  const [kind, path = ""] = source.split(/:(.*)/s);
  return path ? `${kind}:${path.split("/").at(-1)}` : kind!;
}
