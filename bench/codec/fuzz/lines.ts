/**
 * Processes that write lines of JSON, and may crash or hang.
 *
 * @module
 */
import { TextLineStream } from "../../harness/text_lines.ts";

/** How a process ended. */
export interface Ended {
  readonly how: "done" | "crashed" | "hung";
  /** Exit code or signal. */
  readonly detail: string;
}

/**
 * Runs a module in a process of its own.
 *
 * @param permissions Flags of `deno run`.
 * @param take Gets each line.
 * @param patience Without a line for so many seconds, the process counts as hung and is ended. Time in which this process
 *   stood still as well does not count.
 */
export async function runLines(
  module: URL,
  permissions: readonly string[],
  args: readonly (string | number)[],
  take: (line: Readonly<Record<string, unknown>>) => void,
  patience = 120,
): Promise<Ended> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...permissions, module.href, ...args.map(String)],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let hung = false, silent = 0;
  const timer = setInterval(() => {
    if (++silent < patience) return;
    hung = true;
    child.kill("SIGKILL");
  }, 1000);
  const complaint = new Response(child.stderr).text();
  for await (const line of child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
    silent = 0;
    take(JSON.parse(line));
  }
  const { success, code, signal } = await child.status;
  clearInterval(timer);
  if (success) return { how: "done", detail: "" };
  const last = (await complaint).trimEnd().split("\n").at(-1) ?? "";
  return { how: hung ? "hung" : "crashed", detail: signal ?? `exit code ${code}: ${last}` };
}
