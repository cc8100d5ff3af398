/**
 * The part `,<key>=<value>...` of settings such as `--embedding` and `--codec`.
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import { nearestName } from "./did_you_mean.ts";

/** The values of a key: some words, or what a test accepts. A key without `=` has the value "". */
export type OptionRule = readonly string[] | { readonly want: string; accepts(value: string): boolean };

/** The keys of a kind. */
export type OptionRules = Readonly<Record<string, OptionRule>>;

/**
 * Reads the pairs behind a kind.
 *
 * @param kind how messages name whose options they are.
 * @param what how messages name the setting.
 * @param text the whole setting.
 * @throws {UsageError} for unknown keys, keys given twice and values that the rules refuse.
 */
export function parseSpecOptions(
  kind: string,
  rules: OptionRules,
  pairs: readonly string[],
  { what, text }: { readonly what: string; readonly text: string },
): Record<string, string> {
  const options: Record<string, string> = {};
  for (const pair of pairs) {
    const [key, value] = parseOption(kind, rules, pair, what);
    if (Object.hasOwn(options, key)) {
      throw new UsageError(`Cannot read ${what} as option ${key} of ${kind} is given twice: "${text}"; want it once`);
    }
    options[key] = value;
  }
  return options;
}

function parseOption(kind: string, rules: OptionRules, pair: string, what: string): [string, string] {
  const equals = pair.indexOf("=");
  const [key, value] = equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
  const known = Object.keys(rules);
  const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
  if (!rule) {
    const near = nearestName(key, known);
    throw new UsageError(
      `Cannot read ${what} as ${kind} has no option "${key}"; want ${known.length ? known.join(", ") : "no options"}` +
        (near ? ` (did you mean ${near}?)` : ""),
    );
  }
  const [accepted, want] = "accepts" in rule
    ? [rule.accepts(value), rule.want]
    : [rule.includes(value), rule.join(" or ")];
  if (!accepted) {
    throw new UsageError(
      `Cannot read ${what} as option ${key} of ${kind} has an unknown value: "${value}"; want ${want}`,
    );
  }
  return [key, value];
}
