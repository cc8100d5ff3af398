/**
 * Is the bound kept for every float32 there is?
 *
 * ```sh
 * deno run -A bench/codec/exhaustive.ts
 * deno run -A bench/codec/exhaustive.ts --share 1/256     a try of some seconds; prints only
 * ```
 *
 * All 2^32 bit patterns are compressed and restored, in arrays of 2^22, through `compress` and `decompress` as anyone calls
 * them, for each of seven absolute bounds from 1e-30 to 1e30, two relative to each value, and lossless; then a 16th of them
 * once more in an order that mixes all exponents in each chunk (`exhaustive/patterns.ts`). Every value is compared with the
 * bound asked for, as the double that it is, without rounding (`judge()` in the package's `_test_bound.ts`); NaN have to keep
 * their bits. Of each array 2^16 values go through both kernels, WebAssembly and TypeScript, whose bytes have to be equal.
 *
 * `--bounds 0.1,pwRel:1e-2,lossless` for these alone; `--share 1/64`, one pattern at random of every 64 neighbours; `--workers
 * 1`. A run that was interrupted goes on where it was, unless the codec has changed since. Exits with 1 where anything was
 * found. Writes `results/exhaustive.json` unless `--bounds` or `--share` is given.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import type { ErrorBound } from "@pocketrec/lossy-codec";
import { describeMachine, renderMachine } from "../harness.ts";
import { addTally, emptyTally, type Tally } from "./exhaustive/check.ts";
import { BLOCK, blockCount, ORDERS, type Selection } from "./exhaustive/patterns.ts";
import type { Answer, Part } from "./exhaustive/worker.ts";
import { KeptParts } from "./kept_parts.ts";

const BOUNDS = "1e-30,1e-10,1e-3,0.1,1,1e3,1e30,pwRel:1e-2,pwRel:1e-4,lossless";
/** Blocks after which the state is kept. */
const PART_BLOCKS = 16;
/** Wide order takes a share of 2^-4 of what narrow order does, and whole blocks of at most 2^-10 of all patterns. */
const WIDE_BITS = 4, MOST_BITS = 10;

/** What one bound came to in one order. */
interface Row extends Tally {
  readonly bound: string;
  readonly order: string;
}

const flags = parseArgs(Deno.args, { string: ["bounds", "share", "workers"], unknown: usage });
const names = String(flags.bounds ?? BOUNDS).split(","), shareBits = shareBitsOf(String(flags.share ?? "1"));
const workers = Number(flags.workers ?? 1);
if (!(Number.isInteger(workers) && workers >= 1)) usage(`--workers ${flags.workers}`);
const bounds = new Map(names.map((name) => [name, boundOf(name)]));

const machine = describeMachine(), state = await KeptParts.open<Tally>("codec_exhaustive"), rows: Row[] = [];
const open: { readonly name: string; readonly row: Row; readonly part: Part }[] = [];
for (const [bound, value] of bounds) {
  for (const order of ORDERS) {
    const bits = Math.min(MOST_BITS, shareBits + (order === "wide" ? WIDE_BITS : 0));
    const selection: Selection = { order, shareBits: bits }, row = { bound, order, ...emptyTally() };
    rows.push(row);
    for (let first = 0; first < blockCount(selection); first += PART_BLOCKS) {
      const end = Math.min(first + PART_BLOCKS, blockCount(selection)), name = `${bound} ${order} ${bits} ${first}`;
      const known = state.parts.get(name);
      if (known) addTally(row, known);
      else open.push({ name, row, part: { bound: value, selection, first, end } });
    }
  }
}
if (state.parts.size > 0) console.error(`${state.parts.size} parts are known from before`);
await check();
report();
if (rows.some(({ violations, kernelsDiffer }) => violations > 0 || kernelsDiffer > 0)) Deno.exit(1);

async function check(): Promise<void> {
  const begin = performance.now(), total = sum(open), took = () => (performance.now() - begin) / 1000;
  let done = 0, shown = 0;
  const work = async () => {
    using thread = openThread();
    for (let next = open.shift(); next; next = open.shift()) {
      const { name, row, part } = next, answer = await thread.ask(part);
      if ("error" in answer) throw new Error(answer.error);
      addTally(row, answer.tally);
      state.keep(name, answer.tally);
      done += part.end - part.first;
      if (took() < shown + 10 && done < total) continue;
      shown = took();
      const found = rows.reduce((sum, { violations, kernelsDiffer }) => sum + violations + kernelsDiffer, 0);
      const left = shown / done * (total - done) / 60, values = (done * BLOCK / 1e6).toFixed(0);
      console.error(
        `${shown.toFixed(0)} s, ${left.toFixed(1)} min left  ${values} M values, ${name}: ${found} findings`,
      );
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
}

function sum(parts: typeof open): number {
  return parts.reduce((sum, { part }) => sum + part.end - part.first, 0);
}

function openThread(): { ask(part: Part): Promise<Answer> } & Disposable {
  const worker = new Worker(new URL("./exhaustive/worker.ts", import.meta.url), { type: "module" });
  return {
    ask: (part) =>
      new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = reject;
        worker.postMessage(part);
      }),
    [Symbol.dispose]: () => worker.terminate(),
  };
}

function report(): void {
  console.log(
    "bound       order        values       coded    constant         raw  greatest error / bound  violations",
  );
  for (const { bound, order, values, coded, constant, raw, greatestError, violations, first } of rows) {
    const counts = [values, coded, constant, raw].map((n) => String(n).padStart(11)).join(" ");
    const { abs } = bounds.get(bound) as { abs?: number }, worst = abs ? (greatestError / abs).toPrecision(8) : "";
    console.log(`${bound.padEnd(11)} ${order} ${counts}  ${worst.padStart(22)}  ${String(violations).padStart(10)}`);
    if (first) console.log(`  pattern ${first[0].toString(16)} is restored as ${first[1].toString(16)}`);
  }
  const all = emptyTally();
  for (const row of rows) addTally(all, row);
  console.log(`${all.violations} violations in ${all.values} values, ${all.coded + all.constant} of them from codes`);
  console.log(`${all.kernelsDiffer} differences of kernels in ${all.compared} values`);
  console.log(`${all.seconds.toFixed(0)} s of a thread\n${renderMachine(machine)}`);
  if (flags.bounds === undefined && shareBits === 0) write(all);
}

function write({ values, coded, constant, violations, compared, kernelsDiffer, seconds }: Tally): void {
  const json = {
    name: "codec, exhaustive",
    command: "deno run -A bench/codec/exhaustive.ts",
    machine,
    source: state.source,
    seconds: Math.round(seconds),
    values,
    fromCodes: coded + constant,
    violations,
    compared,
    kernelsDiffer,
    rows: rows.map((row) => ({ ...row, seconds: Math.round(row.seconds) })),
  };
  const file = new URL("results/exhaustive.json", import.meta.url);
  Deno.mkdirSync(new URL(".", file), { recursive: true });
  Deno.writeTextFileSync(file, JSON.stringify(json, undefined, 1) + "\n");
}

function boundOf(name: string): ErrorBound {
  if (name === "lossless") return name;
  const [, kind = "abs", number = ""] = /^(?:(abs|pwRel):)?(.+)$/.exec(name) ?? [], value = Number(number);
  if (!(value > 0 && value < Infinity)) usage(`--bounds ${name}`);
  return kind === "abs" ? { abs: value } : { pwRel: value };
}

function shareBitsOf(share: string): number {
  const bits = Math.log2(Number(/^1(?:\/(\d+))?$/.exec(share)?.[1] ?? (share === "1" ? 1 : NaN)));
  if (!(Number.isInteger(bits) && bits >= 0 && bits <= MOST_BITS)) usage(`--share ${share}`);
  return bits;
}

function usage(met: string): never {
  console.error(
    `Cannot run with ${met}: want --bounds 0.1,pwRel:1e-2,lossless, --share 1/n (a power of two up to 1024), --workers n`,
  );
  Deno.exit(2);
}
