/**
 * Runs the command line as users do: a process of its own.
 *
 * @module
 */
import { assertEquals } from "@std/assert";

/** What a run left. */
export interface ProgramRun {
  readonly code: number;
  readonly stdout: string;
  /** Bytes of the standard output. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly stderr: string;
}

/** Arguments of Deno before those of the program. */
export const DENO_ARGS: readonly string[] = [
  "run",
  "--no-check",
  "--allow-read",
  "--allow-write",
  new URL("../../cli.ts", import.meta.url).pathname,
];

/** Runs the program in a folder. */
export async function runProgram(folder: string, args: readonly string[], input?: Uint8Array): Promise<ProgramRun> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...DENO_ARGS, ...args],
    cwd: folder,
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const output = child.output();
  if (input !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(input);
    await writer.close();
  }
  const { code, stdout, stderr } = await output, text = new TextDecoder();
  return { code, stdout: text.decode(stdout), bytes: stdout, stderr: text.decode(stderr) };
}

/** Runs it and expects success without output but for the summary. */
export async function succeed(folder: string, ...args: string[]): Promise<ProgramRun> {
  const run = await runProgram(folder, args);
  assertEquals([run.code, run.stderr.startsWith("error")], [0, false], run.stderr);
  return run;
}

/** Calls `work` with a folder that is removed afterwards. */
export async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Names in a folder, sorted. */
export function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** A NumPy file. */
export function npyBytes(
  { descr = "<f4", shape = "(2, 3)", version = 1, order = "False", text, data = new Uint8Array(0) }: {
    readonly descr?: string;
    readonly shape?: string;
    readonly version?: number;
    readonly order?: string;
    /** Instead of the three above. */
    readonly text?: string;
    readonly data?: ArrayBufferView;
  },
): Uint8Array<ArrayBuffer> {
  const head = text ?? `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
  const fixed = version === 1 ? 10 : 12, bytes = new Uint8Array(fixed + head.length + data.byteLength);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0, head.length & 255, head.length >> 8]);
  bytes.set(new TextEncoder().encode(head), fixed);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), fixed + head.length);
  return bytes;
}
