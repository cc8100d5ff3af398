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
 * @param patienceMs Without a line for so long, the process counts as hung and is ended.
 */
export async function runLines(
  module: URL,
  permissions: readonly string[],
  args: readonly (string | number)[],
  take: (line: Readonly<Record<string, unknown>>) => void,
  patienceMs = 120_000,
): Promise<Ended> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...permissions, module.href, ...args.map(String)],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let hung = false, timer: ReturnType<typeof setTimeout> | undefined;
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      hung = true;
      child.kill("SIGKILL");
    }, patienceMs);
  };
  watch();
  const complaint = new Response(child.stderr).text();
  for await (const line of child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
    watch();
    take(JSON.parse(line));
  }
  const { success, code, signal } = await child.status;
  clearTimeout(timer);
  if (success) return { how: "done", detail: "" };
  const last = (await complaint).trimEnd().split("\n").at(-1) ?? "";
  return { how: hung ? "hung" : "crashed", detail: signal ?? `exit code ${code}: ${last}` };
}
