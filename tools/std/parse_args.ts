/**
 * Typed re-export of `@std/cli/parse-args` from its npm republication (see `assert.ts` beside this file). Only the
 * options that this repository uses are typed.
 *
 * @module
 */
import * as std from "deno-std/cli/parse_args.js";

/** The options of {@linkcode parseArgs} used here. */
export interface ParseOptions {
  readonly string?: readonly string[];
  readonly boolean?: readonly string[];
  readonly collect?: readonly string[];
  readonly alias?: Record<string, string | readonly string[]>;
  readonly default?: Record<string, unknown>;
  readonly "--"?: boolean;
  readonly stopEarly?: boolean;
  /** Called for every argument that no option names; return `false` to leave it out of the result. */
  readonly unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** Parses command-line arguments; positionals are in `_`. */
export const parseArgs: (
  args: readonly string[],
  options?: ParseOptions,
) => Record<string, unknown> & { _: (string | number)[] } = std.parseArgs;
