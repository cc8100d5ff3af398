/**
 * Damaged streams: a million of ours, which must be refused, or restored as they were; and the same few for ours, zstd, zfp
 * and SZ3 side by side.
 *
 * ```sh
 * deno run -A bench/codec/fuzz.ts
 * deno run -A bench/codec/fuzz.ts --count 10000     prints only
 * deno run bench/codec/fuzz/worker.ts 1 123 124 1   what damage 123 of seed 1 does
 * ```
 *
 * `--seed 1`; `--count 1000000`; `--workers 1`; `--only ours` or `peers`. The decoders run in processes without
 * permissions. Each damaged stream is decoded as a whole by WebAssembly or by TypeScript kernels, and every other way by
 * turns: by the other kernels, some rows of it, in pieces. Looked for are processes that end or hang, errors other than
 * `CodecError`, other elements without an error where there are checksums, memory beyond what is allowed for, and
 * differences between the ways. Exits with 1 where anything was found. Writes `results/fuzz.json` unless `--count` or
 * `--only` is given.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { describeMachine } from "../harness.ts";
import { runJobs } from "../stats/run_jobs.ts";
import { type Expectation, EXPECTATIONS } from "./fuzz/damage.ts";
import { runLines } from "./fuzz/lines.ts";
import { FLIPS, sideBySide } from "./fuzz/side_by_side.ts";
import { allowedBytes, type Finding, MAX_BYTES, type Tally } from "./fuzz/trial.ts";

const flags = parseArgs(Deno.args, { string: ["count", "seed", "workers", "only"], unknown: usage });
const count = wholeNumber("count", 1_000_000), seed = wholeNumber("seed", 1), workers = wholeNumber("workers", 1);
if (!["undefined", "ours", "peers"].includes(String(flags.only))) usage(`--only ${flags.only}`);
/** Streams that a process takes, and after how many it says so. */
const BATCH = 20_000, EVERY = 500;
const WORKER = new URL("./fuzz/worker.ts", import.meta.url);

const outcomes: Record<Expectation, Record<string, number>> = { guarded: {}, resealed: {}, unguarded: {} };
const findings: Finding[] = [];
let slowestMs = 0, mostAllocated = 0, streams = 0;

if (flags.only !== "peers") await fuzzOurs();
const peers = flags.only === "ours" ? undefined : await sideBySide((line) => console.log(line));
if (flags.count === undefined && flags.only === undefined) await write();
if (findings.length > 0) Deno.exitCode = 1;

async function fuzzOurs(): Promise<void> {
  const batches = Array.from({ length: Math.ceil(count / BATCH) }, (_, i) => i * BATCH);
  const jobs = batches.map((first) => ({
    name: `${first} to ${Math.min(count, first + BATCH)}`,
    async run() {
      const before = findings.length;
      await range(first, Math.min(count, first + BATCH), EVERY);
      return `${findings.length - before} findings`;
    },
  }));
  const failures = await runJobs(jobs, workers, console.error);
  if (failures.length > 0) throw new Error(failures.join("\n"));
  for (const expectation of EXPECTATIONS) console.log(`${expectation}: ${JSON.stringify(outcomes[expectation])}`);
  console.log(`slowest ${slowestMs.toFixed(0)} ms, most memory asked for ${(mostAllocated / 2 ** 20).toFixed(1)} MiB`);
  for (const finding of findings.slice(0, 50)) console.log(JSON.stringify(finding));
  console.log(`${findings.length} findings in ${count} damaged streams`);
}

/** Decodes a range of damage; where the process ends, finds at which, and goes on behind it. */
async function range(first: number, end: number, every: number): Promise<void> {
  let at = first, finished = false;
  const { how, detail } = await runLines(WORKER, [], [seed, first, end, every], (line) => {
    if ("tally" in line) {
      merge(line["tally"] as Tally);
      streams = line["streams"] as number;
      finished = true;
    } else at = line["at"] as number;
  });
  if (finished && how === "done") return;
  if (every > 1) {
    if (at > first) await range(first, at, every);
    await range(at, Math.min(end, at + every), 1);
    if (at + every < end) await range(at + every, end, every);
    return;
  }
  const { stream, expectation } = await describe(at);
  findings.push({ n: at, stream, expectation, kind: "ended", detail: `${how}, ${detail}` });
  if (at > first) await range(first, at, 1);
  if (at + 1 < end) await range(at + 1, end, 1);
}

async function describe(n: number): Promise<{ stream: string; expectation: Expectation }> {
  const [{ corpus }, { damage }] = [await import("./fuzz/corpus.ts"), await import("./fuzz/damage.ts")];
  const { whole, expectation } = damage(await corpus(), seed, n);
  return { stream: whole.name, expectation };
}

function merge(tally: Tally): void {
  for (const expectation of EXPECTATIONS) {
    for (const [key, more] of Object.entries(tally.outcomes[expectation])) {
      outcomes[expectation][key] = (outcomes[expectation][key] ?? 0) + more;
    }
  }
  findings.push(...tally.findings);
  slowestMs = Math.max(slowestMs, tally.slowestMs);
  mostAllocated = Math.max(mostAllocated, tally.mostAllocated);
}

async function write(): Promise<void> {
  const kinds: Record<string, number> = {};
  for (const { kind } of findings) kinds[kind] = (kinds[kind] ?? 0) + 1;
  const json = {
    name: "codec, fuzz",
    command: `deno run -A bench/codec/fuzz.ts${flags.seed === undefined ? "" : ` --seed ${seed}`}`,
    machine: describeMachine(),
    ours: {
      count,
      seed,
      streams,
      outcomes,
      maxBytes: MAX_BYTES,
      allowedBytes: allowedBytes(0),
      mostAllocated,
      slowestMs,
      findings: { total: findings.length, kinds, first: findings.slice(0, 100) },
    },
    sideBySide: { flips: FLIPS, truncations: FLIPS, ...peers },
  };
  const file = new URL("results/fuzz.json", import.meta.url), temporary = new URL(`${file.href}.tmp`);
  await Deno.mkdir(new URL(".", file), { recursive: true });
  await Deno.writeTextFile(temporary, JSON.stringify(json, undefined, 1) + "\n");
  await Deno.rename(temporary, file);
}

function wholeNumber(name: "count" | "seed" | "workers", fallback: number): number {
  const value = Number(flags[name] ?? fallback);
  if (!(Number.isInteger(value) && value >= 1)) usage(`--${name} ${flags[name]}`);
  return value;
}

function usage(met: string): never {
  console.error(`Cannot run with ${met}: want --count, --seed, --workers (whole numbers) or --only ours or peers`);
  Deno.exit(2);
}
