/**
 * Runs all tests: `deno task test [folder or file ...] [--filter=...]`. Test files that open devices run one after the
 * other in a process of their own, since opening Dawn changes an environment variable for a moment; the others run in
 * parallel. Ends by saying what was skipped and how to install it, and with the line `N passed, N failed, N skipped`.
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

async function runTests(files: readonly string[], flags: readonly string[]): Promise<TestCase[]> {
  if (files.length === 0) return [];
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  try {
    const { code } = await new Deno.Command(Deno.execPath(), {
      // Types are the business of `deno task check`.
      args: ["test", "-A", "--no-check", `--junit-path=${report}`, ...flags, ...files],
      cwd: repositoryRoot,
      stdin: "null",
    }).spawn().status;
    const cases = parseJunit(await Deno.readTextFile(report));
    if (code !== 0 && !cases.some(({ outcome }) => outcome === "failed")) {
      cases.push({ name: `deno test ended with code ${code}`, file: ".", outcome: "failed" });
    }
    return cases;
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
  const serial = files.filter((file) => opensDevices(graph, file));
  const parallel = files.filter((file) => !serial.includes(file));
  const chosen = flags.some((flag) => flag.startsWith("--reporter"));
  const reporter = Deno.stdout.isTerminal() && !chosen ? ["--reporter=dot"] : [];
  const cases = [
    ...await runTests(parallel, ["--parallel", ...reporter, ...flags]),
    ...await runTests(serial, [...reporter, ...flags]),
  ];
  const required = new Set((Deno.env.get("POCKETREC_REQUIRE") ?? "").split(",").filter(Boolean));
  const { passed, failed, skipped, notes } = summarise(cases, required);
  for (const note of notes) console.log(note);
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (failed > 0 || passed === 0) Deno.exit(1);
}
