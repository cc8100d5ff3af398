/**
 * All gates that a change must pass: `deno task ok`. One line each; the output of those that fail. `--quick` leaves out
 * the tests.
 *
 * @module
 */
import { repositoryRoot } from "./paths.ts";

const gates: readonly (readonly [name: string, ...args: string[]])[] = [
  ["format", "fmt", "--check"],
  ["lint", "lint"],
  ["types", "check", "-q"],
  ["layers", "task", "lint:layers"],
  ["docs", "task", "lint:docs"],
  ["package.json is current", "task", "gen:package-json", "--check"],
  ["WASM is current", "task", "wasm", "--check"],
  ["publish dry run", "publish", "--dry-run", "--allow-dirty"],
  ["tests", "task", "test"],
];

const encoder = new TextEncoder();
let failed = 0;
for (const [name, ...args] of gates) {
  if (name === "tests" && Deno.args.includes("--quick")) continue;
  const start = performance.now();
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: repositoryRoot,
    stdin: "null",
  }).output();
  const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(6);
  console.log(`${success ? "ok    " : "FAILED"} ${seconds} s  ${name}`);
  if (!success) {
    failed++;
    await Deno.stdout.write(stdout);
    await Deno.stdout.write(stderr);
  } else if (name === "tests") {
    const lines = new TextDecoder().decode(stdout).trimEnd().split("\n");
    const tail = lines.slice(lines.findLastIndex((line) => !/^(skipped|failed|\d+ passed)/.test(line)) + 1);
    await Deno.stdout.write(encoder.encode(tail.join("\n") + "\n"));
  }
}
if (failed > 0) {
  console.log(`${failed} of ${gates.length} gates failed`);
  Deno.exit(1);
}
