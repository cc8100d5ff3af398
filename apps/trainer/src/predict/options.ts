/**
 * The settings of `predict`.
 *
 * @module
 */
import { type AnyOptions, parseFlags } from "../config/flags.ts";
import { text } from "../config/option.ts";
import { OPTIONS } from "../config/options.ts";
import { parseDataSpec } from "../config/data_spec.ts";
import { UsageError } from "../errors.ts";
import type { DeviceConfig } from "../run/open_device.ts";

/** What `predict` is asked to do. */
export interface PredictSettings extends DeviceConfig {
  readonly model: string;
  readonly data: string;
  /** A path, or `-` for standard output. */
  readonly out: string;
  readonly batch: number;
  readonly onBadRow: "fail" | "skip";
}

const PREDICT_OPTIONS: AnyOptions = {
  model: text({ group: "Model", placeholder: "<run folder>", help: "" }),
  data: text({ group: "Data", placeholder: "criteo:<file>", help: "" }, (value, what) => {
    if (parseDataSpec(value, what).kind !== "criteo") {
      throw new UsageError(`Cannot read ${what} as it must name a file: got "${value}"; want criteo:<file>`);
    }
  }),
  out: text({ group: "Output", placeholder: "<csv>", help: "" }),
  batch: OPTIONS.testBatch,
  device: OPTIONS.device,
  gpu: OPTIONS.gpu,
  blas: OPTIONS.blas,
  threads: OPTIONS.threads,
  onBadRow: OPTIONS.onBadRow,
  verbose: OPTIONS.verbose,
};

/**
 * Parses the arguments of `deno task predict`.
 *
 * @returns `undefined` when help is wanted.
 * @throws {UsageError}
 */
export function parsePredictArgs(args: readonly string[]): PredictSettings | undefined {
  const { values, positionals, help } = parseFlags(args, PREDICT_OPTIONS);
  if (help) return undefined;
  if (positionals.length > 0) {
    throw new UsageError(`Cannot use "${positionals[0]}" as predict takes flags only: want --model, --data and --out`);
  }
  for (const name of ["model", "data", "out"]) {
    if (values[name] === undefined) {
      throw new UsageError(
        `Cannot predict as --${name} is missing: want --${name} ${PREDICT_OPTIONS[name]!.placeholder}`,
      );
    }
  }
  const fallbacks = { batch: 4096, onBadRow: "fail", device: "auto", gpu: "deno", blas: "auto", threads: 0 };
  return { ...fallbacks, ...values } as PredictSettings;
}

/** The text of `predict --help`. */
export const PREDICT_HELP = `pocketrec predict: one probability per row, by a trained model

Usage
  deno task predict --model <run folder> --data criteo:<file> --out <csv>

Flags
  --model <run folder>      A finished run, or a folder with model.json in it
  --data criteo:<file>      Rows as in training, with 40 fields or, without the label, 39
  --out <csv>               Where to write: a heading, then one probability per row; - for standard output
  --batch <n>               Rows per batch [4096]
  --on-bad-row fail|skip    What to do with rows that cannot be read [fail]
  --device auto|cpu|webgpu  --gpu deno|dawn  --blas auto|off|portable  --threads <n>   as for train
  -v, --verbose             Stack traces on errors
  -h, --help                This page

With labels in the file, AUC, log loss and accuracy are told on standard error.
Exit codes: 0 done, 1 failure, 2 wrong usage, 130 after Ctrl-C, 143 after SIGTERM; nothing is half-written.
`;
