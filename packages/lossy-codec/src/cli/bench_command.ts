/**
 * `bench`: ratio, speed and error of an array under several bounds.
 *
 * @module
 */
import { compress } from "../compress.ts";
import { decompress } from "../decompress.ts";
import { bytesOf, dtypeName, elementBytes, type FloatArray } from "../dtype.ts";
import type { ErrorBound } from "../options.ts";
import { fileOf, type Flags, lastOf, numberOf, parseArguments } from "./arguments.ts";
import { boundsOf, boundText, type Coding, CODING_FLAGS, codingOf } from "./coding_flags.ts";
import { compareValues } from "./compare_values.ts";
import { usable, UsageError } from "./errors.ts";
import { arrayFlags, arrayOf, type InputArray, openArray } from "./input.ts";
import { count, ratioText, significant, table, whole } from "./numbers.ts";
import { print } from "./output.ts";
import { guarded, Progress } from "./terminal.ts";

const FLAGS: Flags = {
  ...CODING_FLAGS,
  seconds: "<per bound>",
  json: undefined,
  quiet: undefined,
  verbose: undefined,
};

/** More is measured on the beginning. */
const MAX_BYTES = 2 ** 28;
/** Least number of runs whose median counts. */
const MIN_RUNS = 3;

const DEFAULT_BOUNDS: readonly ErrorBound[] = [
  { rel: 0.05 },
  { rel: 0.01 },
  { rel: 0.001 },
  { rel: 0.0001 },
  { pwRel: 2 ** -8 },
  "lossless",
];

/** Figures of a bound. */
interface BenchRow {
  readonly bound: string;
  readonly ratio: number;
  /** Gigabytes of elements per second. */
  readonly encode: number;
  readonly decode: number;
  /** Greatest error, of the kind of the bound. */
  readonly maxError: number;
  /** What it may be. */
  readonly allowed: number;
  readonly violations: number;
}

/** Runs the command; the exit code is 1 if a bound did not hold. */
export async function benchCommand(args: readonly string[]): Promise<number> {
  const parsed = parseArguments(args, "bench", FLAGS), given = boundsOf(parsed);
  const bounds = given.length > 0 ? given : DEFAULT_BOUNDS;
  const path = fileOf(parsed, "bench");
  const seconds = numberOf(
    lastOf(parsed, "seconds") ?? "1",
    "seconds",
    (value) => value > 0 && value < 3600,
    "a number above 0",
  );
  using input = openArray(path, arrayFlags(parsed));
  const x = beginning(input),
    coding = codingOf(parsed, input),
    shape = x.length === input.elements ? input.shape : [x.length];
  const rows: BenchRow[] = [];
  await guarded(() => new Progress(input.name, bounds.length, parsed.values.has("quiet")), async (progress) => {
    for (const bound of bounds) {
      rows.push(measure(x, { ...coding, shape }, bound, seconds * 1000));
      await progress.step(rows.length);
    }
  });
  const violations = rows.reduce((sum, row) => sum + row.violations, 0);
  if (parsed.values.has("json")) {
    const machine = { cores: navigator.hardwareConcurrency, host: navigator.userAgent };
    print(JSON.stringify({ file: input.name, dtype: dtypeName(input.dtype), shape, machine, rows }, null, 2) + "\n");
  } else print(text(input, x, rows));
  return violations > 0 ? 1 : 0;
}

/** The elements, or as many as are measured. */
function beginning(input: InputArray): FloatArray {
  const size = elementBytes(input.dtype), elements = Math.min(input.elements, MAX_BYTES / size);
  if (elements === 0) throw new UsageError(`Cannot measure ${input.name} as it has no elements`);
  return arrayOf(input.dtype, input.read(0, elements).slice().buffer, elements);
}

function measure(x: FloatArray, coding: Coding, bound: ErrorBound, milliseconds: number): BenchRow {
  const options = { ...coding, bound }, gigabytes = x.byteLength / 1e9, back = x.slice();
  let stream = new Uint8Array(0);
  const encode = medianSeconds(milliseconds / 2, () => {
    stream = usable(() => compress(x, options));
  });
  bytesOf(back).fill(0);
  const decode = medianSeconds(milliseconds / 2, () => decompress(stream, { out: back, maxBytes: Infinity }));
  return {
    bound: boundText(bound),
    ratio: x.byteLength / stream.length,
    encode: gigabytes / encode,
    decode: gigabytes / decode,
    ...compareValues(x, back, bound),
  };
}

/** Median over as many runs as fit, the first of which does not count. */
function medianSeconds(milliseconds: number, work: () => void): number {
  work();
  const times: number[] = [], end = performance.now() + milliseconds;
  do {
    const start = performance.now();
    work();
    times.push(performance.now() - start);
  } while (times.length < MIN_RUNS || performance.now() < end);
  return times.sort((a, b) => a - b)[times.length >> 1]! / 1000;
}

function text({ name, elements, dtype }: InputArray, x: FloatArray, rows: readonly BenchRow[]): string {
  const part = x.length < elements ? `, the first ${whole(x.length)} of ${whole(elements)} elements` : "";
  const head = ["bound", "ratio", "encode GB/s", "decode GB/s", "greatest error", "allowed", "violations"];
  const body = rows.map((row) => [
    row.bound,
    ratioText(row.ratio),
    row.encode.toFixed(3),
    row.decode.toFixed(3),
    significant(row.maxError),
    significant(row.allowed),
    whole(row.violations),
  ]);
  return `${name}, ${dtypeName(dtype)}, ${count(x.byteLength, "byte")}${part}\n\n${table([head, ...body], 1)}`;
}
