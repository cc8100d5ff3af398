/**
 * How many times smaller arrays become, ours beside the SC'24 paper's hybrid, zstd, LZ4, fflate, zfp and SZ3: by table and in
 * all, headers included, at equal bounds.
 *
 * ```sh
 * deno run -A bench/codec/ratio.ts
 * ```
 *
 * Takes the arrays of `data/`: those by formula, the samples of `../shared/data/arrays` and the dumps made by
 * `data/dump.ts`, where they are there. `--snapshots 6` of each dump; `--only <regular expression>` for groups by name;
 * `--quick` without the dumps. Writes `results/ratio.json` and `ratio.md`, unless it is quick or only a part.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { describeMachine } from "../harness.ts";
import type { ArrayGroup } from "./data/array.ts";
import { dumpGroups } from "./data/dumps.ts";
import { generatedGroups } from "./data/generated.ts";
import { sampleGroups } from "./data/samples.ts";
import { type Cell, CellSum, verdicts } from "./ratio/aggregate.ts";
import { markdown } from "./ratio/markdown.ts";
import {
  floatWays,
  KeptTables,
  measure,
  MESSAGE_HEAD_BYTES,
  type Method,
  methodNames,
  openPeers,
} from "./ratio/methods.ts";

const flags = parseArgs(Deno.args, { string: ["snapshots", "only"], boolean: ["quick"], unknown });
const snapshots = Number(flags.snapshots ?? 6);
if (!(Number.isInteger(snapshots) && snapshots >= 1)) usage(`--snapshots is "${flags.snapshots}": want 1 or more`);
const only = flags.only === undefined ? undefined : new RegExp(String(flags.only));

const skipped: string[] = [];
const say = (line: string) => {
  skipped.push(line);
  console.error(line);
};
const dumps = flags.quick ? [] : dumpGroups(snapshots, say);
const groups = [...sampleGroups(say), ...dumps, ...generatedGroups()].filter(({ name }) => !only || only.test(name));
await using peers = await openPeers();
for (const line of peers.missing) console.error(`missing: ${line}`);
const cells: Cell[] = [];
for (const group of groups) {
  const started = performance.now();
  cells.push(...await measureGroup(group));
  console.error(`${group.name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
}
await report();

async function measureGroup({ name, kind, sliceRows, bounds, arrays }: ArrayGroup): Promise<Cell[]> {
  const sums = new Map<string, { sliceRows: number; rel: number; sum: CellSum; link: KeptTables }>();
  for (const array of arrays()) {
    // A slice longer than the array is the array: cut it once, however many such lengths there are.
    const lengths = new Set(sliceRows.map((rows) => Math.min(rows, array.rows)));
    for (const rows of lengths) {
      // Slow, the same for all bounds, and no rival: the longest slices will do.
      const floats = rows === Math.max(...lengths) ? floatWays(array, rows, peers) : {};
      for (const rel of bounds) {
        const key = `${rows}/${rel}`,
          cell = sums.get(key) ?? { sliceRows: rows, rel, sum: new CellSum(), link: new KeptTables() };
        sums.set(key, cell);
        const { bytes, errors } = await measure(array, rows, rel, cell.link, peers);
        cell.sum.take(array.name, array.values.byteLength, { bytes: { ...bytes, ...floats }, errors });
      }
    }
  }
  return [...sums.values()].map(({ sliceRows: rows, rel, sum }) =>
    sum.finish({ group: name, kind, sliceRows: sliceRows[0] === Infinity ? "all" : rows, rel })
  );
}

async function report(): Promise<void> {
  const names = methodNames(peers), checked = verdicts(cells);
  const worst = Math.max(...cells.map(({ errors }) => errors.ours ?? 0));
  const beyond = new Set(cells.flatMap(({ errors }) => Object.entries(errors).flatMap(([k, e]) => e > 1 ? [k] : [])));
  const facts = [
    "Ratios are bytes of float32 over all bytes; of many arrays, sums of both. Bounds are shares of the range of a slice's " +
    "values, and each slice is compressed on its own.",
    `A message is a chunk, checksum included, behind a head of ${MESSAGE_HEAD_BYTES} bytes; a file is what \`compress\` ` +
    "gives. Of zstd, LZ4, fflate, zfp and SZ3 only what they give is counted, though it tells neither bound nor step and, " +
    "but for SZ3, no shape.",
    "Codes are those of our quantiser, from 0 on, in 8 or 16 bits. Hybrid: of each slice the smaller one. By model: of each " +
    "table one of the two for all slices, by the paper's constants.",
    `All of ours were decoded and compared: the largest error is ${worst.toFixed(6)} of the bound. ` +
    (beyond.size > 0
      ? `Beyond the bound: ${[...beyond].map((k) => names[k as Method] ?? k).join(", ")}.`
      : "No peer exceeds it."),
    `Snapshots of each of our trainer's dumps: ${snapshots} (of the large shape 1).`,
    ...peers.missing.map((line) => `Missing: ${line}.`),
    ...skipped,
  ];
  const page = markdown(facts, names, cells, checked);
  console.log(page);
  if (flags.quick || only) return;
  const json = {
    name: "codec, ratio",
    command: `deno run -A bench/codec/ratio.ts${flags.snapshots === undefined ? "" : ` --snapshots ${snapshots}`}`,
    machine: describeMachine(),
    methods: names,
    missing: [...peers.missing, ...skipped],
    verdicts: checked,
    cells,
  };
  const file = (name: string) => new URL(`results/${name}`, import.meta.url);
  await Deno.mkdir(file("."), { recursive: true });
  await Deno.writeTextFile(file("ratio.json.tmp"), compact(json));
  await Deno.rename(file("ratio.json.tmp"), file("ratio.json"));
  await Deno.writeTextFile(file("ratio.md"), page);
}

/** JSON with a line for each entry of the lists. */
function compact(value: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(value).map(([key, field]) => {
    const lines = Array.isArray(field) ? `[\n${field.map((x) => ` ${JSON.stringify(x)}`).join(",\n")}\n]` : undefined;
    return `${JSON.stringify(key)}: ${lines ?? JSON.stringify(field)}`;
  });
  return `{\n${fields.join(",\n")}\n}\n`;
}

function unknown(arg: string): boolean {
  usage(`it has no option ${arg}`);
}

function usage(why: string): never {
  console.error(`Cannot run as ${why}: want --snapshots <number>, --only <regular expression> or --quick`);
  Deno.exit(2);
}
