/**
 * Command-line arguments to settings.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "../errors.ts";
import { nearestName } from "./did_you_mean.ts";
import type { Option } from "./option.ts";
import { flagName, OPTIONS } from "./options.ts";
import type { Settings } from "./settings.ts";

/** What a command line says. */
export interface CommandLine {
  readonly settings: Settings;
  /** The configuration file, when one is named. */
  readonly configPath?: string;
  readonly help: boolean;
}

/** Options by key, of whatever type. */
export type AnyOptions = Readonly<Record<string, Option<unknown>>>;

/** Flags and the rest of a command line. */
export interface ParsedFlags {
  /** Typed values by option key. */
  readonly values: Record<string, unknown>;
  readonly positionals: readonly string[];
  readonly help: boolean;
}

/**
 * Parses the arguments of `deno task train`.
 *
 * @throws {UsageError} for an unknown flag (naming the nearest known one), a missing or impossible value, or more than
 * one positional argument.
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values: settings, positionals: [configPath, extra], help } = parseFlags(args, OPTIONS);
  if (extra !== undefined) {
    throw new UsageError(
      `Cannot use "${extra}" as only one configuration file is possible: already have "${configPath}"`,
    );
  }
  return { settings, ...(configPath === undefined ? {} : { configPath }), help };
}

/**
 * Parses arguments by a table of options; besides them `--help` is known.
 *
 * @throws {UsageError} for an unknown flag, or a missing or impossible value.
 */
export function parseFlags(args: readonly string[], options: AnyOptions): ParsedFlags {
  const spellings = new Map(
    Object.keys(options).flatMap((key) =>
      [flagName(key), ...(options[key]!.aliases ?? [])].map((name) => [name, key] as const)
    ),
  );
  const switches = [...spellings].filter(([, key]) => options[key]!.isSwitch).map(([name]) => name);
  const negations = switches.map((name) => `no-${name}`);
  const known = [...spellings.keys(), ...negations, "help"];
  const parsed = parseArgs(joinNegativeValues(args), {
    string: [...spellings.keys()].filter((name) => !switches.includes(name)),
    boolean: [...switches, ...negations, "help"],
    alias: { help: "h", verbose: "v" },
    unknown: (arg, key) => {
      if (key !== undefined) throw new UsageError(unknownFlag(arg, known));
      return true;
    },
  });
  const values: Record<string, unknown> = {};
  for (const [name, key] of spellings) {
    const option = options[key]!;
    const what = `--${name}`;
    if (option.isSwitch) {
      if (parsed[name] === true) values[key] = true;
      if (parsed[`no-${name}`] === true) values[key] = false;
    } else if (parsed[name] !== undefined) {
      const given = Array.isArray(parsed[name]) ? parsed[name].at(-1) : parsed[name];
      if (given === "") {
        throw new UsageError(`Cannot read ${what} as its value is missing: want ${what} ${option.placeholder}`);
      }
      values[key] = option.parse(name === "raw-data-file" ? `criteo:${given}` : given, what);
    }
  }
  return { values, positionals: parsed._.map(String), help: parsed["help"] === true };
}

/** `--lr -1` would read as a flag `-1`; join the two so that the complaint is about the value. */
function joinNegativeValues(args: readonly string[]): string[] {
  const out: string[] = [];
  for (const arg of args) {
    const last = out.at(-1);
    if (/^-[\d.]/.test(arg) && last?.startsWith("--") && !last.includes("=")) out[out.length - 1] = `${last}=${arg}`;
    else out.push(arg);
  }
  return out;
}

function unknownFlag(arg: string, known: readonly string[]): string {
  const name = arg.replace(/^-+/, "").replace(/=.*$/s, "");
  const near = nearestName(name, known);
  return `Cannot use --${name} as no such flag is known` + (near ? `: did you mean --${near}?` : "; --help lists them");
}
