/**
 * Runs all tests: `deno task test [folder or file ...] [--filter=...]`. Each test file that opens devices runs in a
 * process of its own: opening Dawn changes an environment variable for a moment, and a driver that crashes takes no other
 * file's tests with it. The others run in parallel in one process. Ends by naming what failed, saying what was skipped and
 * how to install it, and with the line `N passed, N failed, N skipped`.
 *
 * `POCKETREC_REQUIRE=webgpu,dawn,blas,chromium,torch` makes absent parts fail instead.
 *
 * @module
 */
import { walkFiles } from "./files.ts";
import { loadGraph, type ModuleGraph } from "./layers/graph.ts";
import { repositoryRoot } from "./paths.ts";
import { parseJunit, type TestCase } from "./testing/junit.ts";
import { summarise } from "./testing/summary.ts";

const deviceHelpers = "packages/compute/src/testing/";

function opensDevices(graph: ModuleGraph, file: string, seen: Set<string> = new Set()): boolean {
  if (file.startsWith(deviceHelpers)) return true;
  if (seen.has(file)) return false;
  seen.add(file);
  return (graph.get(file) ?? []).some(({ target, typeOnly }) => !typeOnly && opensDevices(graph, target, seen));
}

/** Files with devices that run side by side; software adapters take a core each. */
const SIDE_BY_SIDE = Math.max(1, Math.min(4, navigator.hardwareConcurrency));

/** A file that takes longer than this hangs. */
const LIMIT_MS = 10 * 60_000;

/** Runs each file in a process of its own and prints its output when it has ended. */
async function runEach(files: readonly string[], flags: readonly string[]): Promise<TestCase[]> {
  const cases: TestCase[] = [];
  const queue = [...files];
  const worker = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const first = await runTests([file], flags, "piped");
      // Software adapters at times corrupt the heap as they unload, after the last test. Once is said, twice is a failure.
      if (!first.diedAfterTests) cases.push(...first.cases);
      else {
        console.log(`${first.diedAfterTests}: ${file}; running it again`);
        cases.push(...failedIfDied(await runTests([file], flags, "piped"), file));
      }
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  return cases;
}

/** What a run of test files gave. */
interface TestRun {
  readonly cases: TestCase[];
  /** Set where the process failed although no test did. */
  readonly diedAfterTests?: string;
}

function failedIfDied({ cases, diedAfterTests }: TestRun, file: string): TestCase[] {
  return diedAfterTests ? [...cases, { name: diedAfterTests, file, outcome: "failed" }] : cases;
}

function writeAll(to: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += to.writeSync(bytes.subarray(at));
}

async function runTests(
  files: readonly string[],
  flags: readonly string[],
  output: "inherit" | "piped" = "inherit",
): Promise<TestRun> {
  if (files.length === 0) return { cases: [] };
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  try {
    const child = new Deno.Command(Deno.execPath(), {
      // Types are the business of `deno task check`.
      args: ["test", "-A", "--no-check", `--junit-path=${report}`, ...flags, ...files],
      cwd: repositoryRoot,
      stdin: "null",
      stdout: output,
      stderr: output,
    }).spawn();
    const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
    let code: number, signal: Deno.Signal | null;
    if (output === "piped") {
      const done = await child.output();
      ({ code, signal } = done);
      // Whole outputs at a time, so that those of two files do not mix.
      writeAll(Deno.stdout, done.stdout);
      writeAll(Deno.stderr, done.stderr);
    } else ({ code, signal } = await child.status);
    clearTimeout(limit);
    const cases = parseJunit(await Deno.readTextFile(report));
    if (code === 0 || cases.some(({ outcome }) => outcome === "failed")) return { cases };
    return {
      cases,
      diedAfterTests: `deno test ended ${signal ? `by ${signal}` : `with code ${code}`}, no test failed`,
    };
  } finally {
    await Deno.remove(report);
  }
}

if (import.meta.main) {
  const flags = Deno.args.filter((arg) => arg.startsWith("-"));
  const wanted = Deno.args.filter((arg) => !arg.startsWith("-")).map((arg) =>
    arg.replace(/^\.\//, "").replace(/\/$/, "")
  );
  const isWanted = (path: string) =>
    wanted.length === 0 || wanted.some((prefix) => path === prefix || path.startsWith(`${prefix}/`));
  const files = (await walkFiles(repositoryRoot, (name) => name.endsWith("_test.ts")))
    .map((path) => path.slice(repositoryRoot.length + 1)).filter(isWanted);
  const graph = await loadGraph(repositoryRoot, files);
  const withDevices = files.filter((file) => opensDevices(graph, file));
  const parallel = files.filter((file) => !withDevices.includes(file));
  const chosen = flags.some((flag) => flag.startsWith("--reporter"));
  const reporter = Deno.stdout.isTerminal() && !chosen ? ["--reporter=dot"] : [];
  const cases = [
    ...failedIfDied(await runTests(parallel, ["--parallel", ...reporter, ...flags]), "tests without devices"),
    ...await runEach(withDevices, [...reporter, ...flags]),
  ];
  const required = new Set((Deno.env.get("POCKETREC_REQUIRE") ?? "").split(",").filter(Boolean));
  const { passed, failed, skipped, notes } = summarise(cases, required);
  for (const note of notes) console.log(note);
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (failed > 0 || passed === 0) Deno.exit(1);
}
