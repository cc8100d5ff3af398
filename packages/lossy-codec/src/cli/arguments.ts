/**
 * Command lines to values.
 *
 * @module
 */
import { UsageError } from "./errors.ts";
import { suggestion } from "./nearest_name.ts";

/** Flags of a command by name; the text is a placeholder of the value, and a switch has none. */
export type Flags = Readonly<Record<string, string | undefined>>;

/** What was typed behind the name of a command. */
export interface Arguments {
  /** Values of each flag, in order; a switch has `[""]`. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** The rest. */
  readonly positionals: readonly string[];
}

const SHORT: Readonly<Record<string, string>> = { h: "help", o: "out", f: "force", q: "quiet" };

/**
 * Sorts arguments by the flags of a command.
 *
 * @throws {UsageError} for a flag that is not known, naming the nearest one that is, or one without its value
 */
export function parseArguments(args: readonly string[], command: string, flags: Flags): Arguments {
  const values = new Map<string, string[]>(), positionals: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "--") {
      positionals.push(...args.slice(i + 1));
      break;
    }
    if (arg === "-" || !arg.startsWith("-")) {
      positionals.push(arg);
      continue;
    }
    const [, typed = "", given] = /^--?([^=]*)(?:=(.*))?$/s.exec(arg)!;
    const name = arg.startsWith("--") ? typed : SHORT[typed] ?? typed;
    if (!Object.hasOwn(flags, name)) {
      const near = suggestion(name, Object.keys(flags), "--");
      throw new UsageError(
        `Cannot use ${arg.startsWith("--") ? "--" : "-"}${typed} with ${command} as no such flag is known${
          near || "; --help lists them"
        }`,
      );
    }
    const placeholder = flags[name];
    if (placeholder === undefined) {
      if (given !== undefined) throw new UsageError(`Cannot use --${name} with the value "${given}": want none`);
      values.set(name, [""]);
      continue;
    }
    // A value may begin with one dash: "-" itself, or a negative number, which is refused by what reads it.
    const next = given ?? (args[i + 1]?.startsWith("--") ? undefined : args[++i]);
    if (next === undefined || next === "") {
      throw new UsageError(`Cannot read --${name} as its value is missing: want --${name} ${placeholder}`);
    }
    values.set(name, [...values.get(name) ?? [], next]);
  }
  return { values, positionals };
}

/** The value of a flag that counts once: the last. */
export function lastOf({ values }: Arguments, name: string): string | undefined {
  return values.get(name)?.at(-1);
}

/** The one file that a command is about. */
export function fileOf({ positionals: [file, extra] }: Arguments, command: string): string {
  if (file === undefined) {
    throw new UsageError(`Cannot ${command} nothing: want ${command} <file>, or - for the standard input`);
  }
  if (extra !== undefined) throw new UsageError(`Cannot ${command} "${extra}" too: want one file, have "${file}"`);
  return file;
}

/**
 * A number.
 *
 * @param accept Whether it can be used.
 * @param want What can.
 */
export function numberOf(text: string, name: string, accept: (value: number) => boolean, want: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  if (!accept(value)) throw new UsageError(`Cannot use --${name} ${text}: want ${want}`);
  return value;
}
