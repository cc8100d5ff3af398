/**
 * One setting: its flag, its meaning, and how a value from the command line or a file becomes a typed one.
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import { nearestName } from "./did_you_mean.ts";

/** The groups of `--help`, in order. */
export const GROUPS = ["Data", "Model", "Training", "Device", "Output", "Other"] as const;

/** A group of `--help`. */
export type Group = typeof GROUPS[number];

/** A setting that a flag or a configuration file can give. */
export interface Option<T> {
  readonly group: Group;
  /** The placeholder in `--help`; absent for switches. */
  readonly placeholder?: string;
  readonly help: string;
  /** What holds without the flag, in words. */
  readonly fallback?: string;
  /** Other names of the flag, mostly those of facebookresearch/dlrm. */
  readonly aliases?: readonly string[];
  /** A switch is given as `--name` or `--no-name`. */
  readonly isSwitch?: true;
  /** Not allowed in a configuration file, since it says what to do now and not what the run is. */
  readonly flagOnly?: true;
  /**
   * Checks and converts a value.
   *
   * @param value a string from the command line, or any JSON value from a file.
   * @param what how messages name the setting.
   * @throws {UsageError}
   */
  parse(value: unknown, what: string): T;
}

type Texts<T> = Omit<Option<T>, "parse">;

/** The start of every complaint about a value. */
function refuse(what: string, wanted: string, value: unknown): never {
  throw new UsageError(`Cannot read ${what} as it must be ${wanted}: got ${show(value)}`);
}

/** A value as a user typed it. */
export function show(value: unknown): string {
  return value === "" ? "nothing" : JSON.stringify(value);
}

function toNumber(value: unknown): number {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^[-+]?(\d[\d_]*\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(value)
    ? Number(value.replaceAll("_", ""))
    : NaN;
}

/** A whole number from `min` to `max`. */
export function wholeNumber(texts: Texts<number>, min: number = 0, max: number = 4_294_967_295): Option<number> {
  const wanted = max === 4_294_967_295 ? `a whole number >= ${min}` : `a whole number from ${min} to ${max}`;
  return {
    placeholder: "<n>",
    ...texts,
    parse(value, what) {
      const number = toNumber(value);
      return Number.isInteger(number) && number >= min && number <= max ? number : refuse(what, wanted, value);
    },
  };
}

/** A real number; `wanted` says in words what `accept` accepts. */
export function realNumber(
  texts: Texts<number>,
  wanted: string,
  accept: (x: number) => boolean,
): Option<number> {
  return {
    placeholder: "<x>",
    ...texts,
    parse(value, what) {
      const number = toNumber(value);
      return Number.isFinite(number) && accept(number) ? number : refuse(what, wanted, value);
    },
  };
}

/** One of some words; `synonyms` maps further spellings to them. */
export function choice<const T extends string>(
  texts: Texts<T>,
  words: readonly T[],
  synonyms: Readonly<Record<string, T>> = {},
): Option<T> {
  return {
    placeholder: words.join("|"),
    ...texts,
    parse(value, what) {
      const word = typeof value === "string" ? synonyms[value] ?? value : undefined;
      if (words.includes(word as T)) return word as T;
      const near = typeof value === "string" && value !== "" ? nearestName(value, words) : undefined;
      const wanted = words.length === 1 ? words[0]! : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
      throw new UsageError(
        `Cannot read ${what} as it must be ${wanted}: got ${show(value)}` + (near ? ` (did you mean ${near}?)` : ""),
      );
    },
  };
}

/** Any text but the empty one; `check` may refuse it. */
export function text(texts: Texts<string>, check?: (value: string, what: string) => void): Option<string> {
  return {
    ...texts,
    parse(value, what) {
      if (typeof value !== "string" || value === "") refuse(what, "a text", value);
      check?.(value, what);
      return value;
    },
  };
}

/** A switch. */
export function onOff(texts: Omit<Texts<boolean>, "isSwitch">): Option<boolean> {
  return {
    ...texts,
    isSwitch: true,
    parse(value, what) {
      return typeof value === "boolean" ? value : refuse(what, "true or false", value);
    },
  };
}

/** Layer widths, as `13-64-16` or as a list of numbers. */
export function widths(texts: Texts<readonly number[]>, least: number): Option<readonly number[]> {
  return {
    placeholder: "<n-n-n>",
    ...texts,
    parse(value, what) {
      const parts = typeof value === "string" ? value.split("-").map(toNumber) : Array.isArray(value) ? value : [];
      const fits = parts.length >= least && parts.every((n) => Number.isInteger(n) && n >= 1 && n <= 65_536);
      return fits
        ? parts as number[]
        : refuse(what, `at least ${least} layer widths from 1 to 65536, as in 13-64-16`, value);
    },
  };
}
