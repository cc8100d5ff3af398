import { parseArgs } from "@std/cli/parse-args";
import { describeMachine, type Machine, renderMachine } from "./machine.ts";
import { interleave, type Measure, milliseconds, type Sampling, type Subject, summarize } from "./measure.ts";
import { type BenchRow, formatNumber, renderTable } from "./table.ts";

/** A case with its peers. */
export interface Comparison {
  /** All that the figure depends on: size, distribution, threads, `blas` or `wasm`. */
  readonly case: string;
  /** Our side. */
  readonly ours: Subject;
  /** Peers; each gives a row with a ratio. None: one row without. */
  readonly baselines?: readonly Subject[];
  /** Default: {@linkcode milliseconds}. */
  readonly measure?: Measure;
  /** Overrides of the bench's sampling. */
  readonly sampling?: Partial<Sampling>;
}

/** Options of every bench command. */
export interface BenchOptions {
  /** File for the JSON result. */
  readonly json?: string;
  /** Fewer and shorter samples: shows that the bench runs, not what it is worth. */
  readonly quick: boolean;
  /** Only cases whose text contains this. */
  readonly only?: string;
}

const FULL: Sampling = { rounds: 15, sampleMs: 60, budgetMs: 20_000, settleMs: 20 };
const QUICK: Sampling = { rounds: 3, sampleMs: 5, budgetMs: 2_000, settleMs: 5 };

/** Reads the command line of a bench; refuses what it does not know. */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const parsed = parseArgs(args, {
    string: ["json", "only"],
    boolean: ["quick"],
    unknown: (arg) => {
      throw new TypeError(
        `Cannot run the bench as it has no option ${arg}: want --json <file>, --quick or --only <text>`,
      );
    },
  });
  return {
    quick: parsed["quick"] === true,
    ...(typeof parsed["json"] === "string" ? { json: parsed["json"] } : {}),
    ...(typeof parsed["only"] === "string" ? { only: parsed["only"] } : {}),
  };
}

/** What a bench writes with `--json`. */
export interface BenchResult {
  /** Name of the bench. */
  readonly name: string;
  /** The command that repeats it. */
  readonly command: string;
  /** Where it ran. */
  readonly machine: Machine;
  /** The figures. */
  readonly rows: readonly BenchRow[];
}

/** Collects the rows of one bench command, then prints and writes them. */
export class Bench {
  /** Name, as in `deno task bench:<name>`. */
  readonly name: string;
  /** The command line. */
  readonly options: BenchOptions;
  /** Where it runs; benches add versions of what they use. */
  readonly machine: Machine = describeMachine();
  readonly #rows: BenchRow[] = [];
  readonly #log: (text: string) => void;

  /** Starts a bench; `log` gets progress lines. */
  constructor(name: string, options: BenchOptions, log: (text: string) => void = writeError) {
    this.name = name;
    this.options = options;
    this.#log = log;
  }

  /** The rows so far. */
  get rows(): readonly BenchRow[] {
    return this.#rows;
  }

  /** Whether `--only` lets this case run; ask before building expensive inputs. */
  wants(text: string): boolean {
    return this.options.only === undefined || text.includes(this.options.only);
  }

  /** Measures ours and its peers in one interleaved run, and adds a row per peer. */
  async compare(comparison: Comparison): Promise<void> {
    if (!this.wants(comparison.case)) return;
    const { ours, baselines = [], measure = milliseconds } = comparison;
    const sampling = { ...(this.options.quick ? QUICK : FULL), ...comparison.sampling };
    const [own, ...others] = (await interleave([ours, ...baselines], sampling))
      .map((seconds) => summarize(seconds.map(measure.value)));
    const row = {
      case: comparison.case,
      metric: measure.metric,
      value: own!.median,
      unit: measure.unit,
      iqr: own!.iqr,
    };
    if (others.length === 0) this.add(row);
    others.forEach(({ median }, i) => {
      const ratio = measure.better === "lower" ? median / own!.median : own!.median / median;
      this.add({ ...row, baseline: baselines[i]!.name, baselineValue: median, ratio });
    });
  }

  /** Adds a figure that was not timed here: an error bound, bytes, an AUC. */
  add(row: BenchRow): void {
    this.#rows.push(row);
    const against = row.ratio === undefined ? "" : `, ${row.ratio.toFixed(2)}x ${row.baseline}`;
    this.#log(`${row.case}: ${row.metric} ${formatNumber(row.value)} ${row.unit}${against}\n`);
  }

  /** Prints the table, machine and versions to stdout and writes the JSON file where one was asked for. */
  async finish(): Promise<BenchResult> {
    const command = `deno task bench:${this.name}${this.options.quick ? " --quick" : ""}`;
    const result: BenchResult = { name: this.name, command, machine: this.machine, rows: this.#rows };
    const note = this.options.quick ? "quick run: figures only show that the bench works\n" : "";
    await writeAll(`${renderTable(this.#rows)}\n${note}${renderMachine(this.machine)}`);
    if (this.options.json !== undefined) {
      const temporary = `${this.options.json}.tmp`;
      await Deno.writeTextFile(temporary, JSON.stringify(result, undefined, 2) + "\n");
      await Deno.rename(temporary, this.options.json);
    }
    return result;
  }
}

/** Runs a bench's body with the options of its command line; a wrong option ends with exit code 2. */
export async function runBench(name: string, body: (bench: Bench) => Promise<void>): Promise<void> {
  let options: BenchOptions;
  try {
    options = parseBenchOptions(Deno.args);
  } catch (error) {
    writeError(`${(error as Error).message}\n`);
    Deno.exit(2);
  }
  const bench = new Bench(name, options);
  await body(bench);
  await bench.finish();
}

function writeError(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}

async function writeAll(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await Deno.stdout.write(bytes.subarray(at));
}
