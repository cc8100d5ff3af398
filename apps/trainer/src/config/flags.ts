/**
 * Command-line arguments to settings.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { UsageError } from "../errors.ts";
import { nearestName } from "./did_you_mean.ts";
import { flagName, OPTIONS } from "./options.ts";
import type { SettingKey, Settings } from "./settings.ts";

/** What a command line says. */
export interface CommandLine {
  readonly settings: Settings;
  /** The configuration file, when one is named. */
  readonly configPath?: string;
  readonly help: boolean;
}

const KEYS = Object.keys(OPTIONS) as SettingKey[];
const SPELLINGS: ReadonlyMap<string, SettingKey> = new Map(
  KEYS.flatMap((key) => [flagName(key), ...(OPTIONS[key].aliases ?? [])].map((name) => [name, key] as const)),
);
const SWITCHES = [...SPELLINGS].filter(([, key]) => OPTIONS[key].isSwitch).map(([name]) => name);

/**
 * Parses the arguments of `deno task train`.
 *
 * @throws {UsageError} for an unknown flag (naming the nearest known one), a missing or impossible value, or more than
 * one positional argument.
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const values = [...SPELLINGS.keys()].filter((name) => !SWITCHES.includes(name));
  const parsed = parseArgs(joinNegativeValues(args), {
    string: values,
    boolean: [...SWITCHES, ...SWITCHES.map((name) => `no-${name}`), "help"],
    alias: { help: "h", verbose: "v" },
    unknown: (arg, key) => {
      if (key !== undefined) throw new UsageError(unknownFlag(arg));
      return true;
    },
  });
  const settings: Record<string, unknown> = {};
  for (const [name, key] of SPELLINGS) {
    const option = OPTIONS[key];
    const what = `--${name}`;
    if (option.isSwitch) {
      if (parsed[name] === true) settings[key] = true;
      if (parsed[`no-${name}`] === true) settings[key] = false;
    } else if (parsed[name] !== undefined) {
      if (parsed[name] === "") {
        throw new UsageError(`Cannot read ${what} as its value is missing: want ${what} ${option.placeholder}`);
      }
      const value = name === "raw-data-file" ? `criteo:${parsed[name]}` : parsed[name];
      settings[key] = option.parse(Array.isArray(value) ? value.at(-1) : value, what);
    }
  }
  const [configPath, extra] = parsed._.map(String);
  if (extra !== undefined) {
    throw new UsageError(
      `Cannot use "${extra}" as only one configuration file is possible: already have "${configPath}"`,
    );
  }
  return { settings, ...(configPath === undefined ? {} : { configPath }), help: parsed["help"] === true };
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

function unknownFlag(arg: string): string {
  const name = arg.replace(/^-+/, "").replace(/=.*$/s, "");
  const known = [...SPELLINGS.keys(), ...SWITCHES.map((s) => `no-${s}`), "help"];
  const near = nearestName(name, known);
  return `Cannot use --${name} as no such flag is known` + (near ? `: did you mean --${near}?` : "; --help lists them");
}
