/**
 * The grammar of `--embedding`: `<kind>[:<number>][,<key>=<value>...]`, for all tables or per table.
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import { nearestName } from "./did_you_mean.ts";

/** A parsed embedding choice. `amount` is the compression ratio (hash, qr). */
export interface EmbeddingSpec {
  readonly kind: EmbeddingKind;
  readonly amount?: number;
  readonly options: Readonly<Record<string, string>>;
}

/** The kinds of embedding table that this build trains. */
export type EmbeddingKind = "full" | "hash" | "qr";

/** One choice for all tables, or a default and exceptions by table name. */
export interface EmbeddingPlan {
  readonly all: EmbeddingSpec;
  readonly tables: Readonly<Record<string, EmbeddingSpec>>;
}

/** How a configuration file may give the embedding. */
export type EmbeddingSetting = string | { readonly default: string; readonly tables: Readonly<Record<string, string>> };

interface KindRules {
  /** What the number after the colon means; absent when none may be given. */
  readonly amount?: "ratio";
  /** The keys after the comma, with their possible values. */
  readonly options: Readonly<Record<string, readonly string[]>>;
}

const KINDS: Readonly<Record<EmbeddingKind, KindRules>> = {
  full: { options: {} },
  hash: { amount: "ratio", options: {} },
  qr: { amount: "ratio", options: { op: ["mult", "add", "concat"] } },
};

/** Kinds that the command line knows but this build does not contain. */
const ELSEWHERE: readonly string[] = ["robe", "tt"];
const WANT = "full, hash:<ratio> or qr:<ratio>";

/**
 * Parses one embedding choice such as `qr:100,op=add`.
 *
 * @param what how messages name the setting, for example `--embedding`.
 * @throws {UsageError}
 */
export function parseEmbeddingSpec(text: string, what: string): EmbeddingSpec {
  const [head = "", ...rest] = text.split(",");
  const [kind = "", amountText, ...more] = head.split(":");
  if (ELSEWHERE.includes(kind)) {
    throw new UsageError(`Cannot use ${what} ${text} as ${kind} is not part of this build; want ${WANT}`);
  }
  const rules = (KINDS as Record<string, KindRules | undefined>)[kind];
  if (!rules || more.length > 0) {
    const near = rules ? undefined : nearestName(kind, [...Object.keys(KINDS)]);
    throw new UsageError(
      `Cannot read ${what} as its kind is unknown: "${text}"; want ${WANT}` + (near ? ` (did you mean ${near}?)` : ""),
    );
  }
  const amount = parseAmount(kind, rules, amountText, text, what);
  const options = Object.fromEntries(rest.map((pair) => parseOption(kind, rules, pair, what)));
  return { kind: kind as EmbeddingKind, ...(amount === undefined ? {} : { amount }), options };
}

/** Parses the whole setting, a string or an object `{ default, tables }`. */
export function parseEmbeddingSetting(setting: EmbeddingSetting, what: string): EmbeddingPlan {
  if (typeof setting === "string") return { all: parseEmbeddingSpec(setting, what), tables: {} };
  const tables = Object.entries(setting.tables).map(([name, text]) =>
    [name, parseEmbeddingSpec(text, `${what} of table ${name}`)] as const
  );
  return { all: parseEmbeddingSpec(setting.default, `${what} default`), tables: Object.fromEntries(tables) };
}

/** The text that {@linkcode parseEmbeddingSpec} reads back to the same choice. */
export function formatEmbeddingSpec(spec: EmbeddingSpec): string {
  const options = Object.entries(spec.options).map(([key, value]) => `,${key}=${value}`).join("");
  return spec.kind + (spec.amount === undefined ? "" : `:${spec.amount}`) + options;
}

function parseAmount(
  kind: string,
  rules: KindRules,
  amountText: string | undefined,
  text: string,
  what: string,
): number | undefined {
  if (!rules.amount) {
    if (amountText === undefined) return undefined;
    throw new UsageError(`Cannot read ${what} as ${kind} takes no number: "${text}"; want ${kind}`);
  }
  const amount = amountText ? Number(amountText) : NaN;
  if (!(amount >= 1 && Number.isFinite(amount))) {
    throw new UsageError(
      `Cannot read ${what} as the ratio of ${kind} must be a number >= 1: "${text}"; want ${kind}:<ratio>, as in ${kind}:10`,
    );
  }
  return amount;
}

function parseOption(kind: string, rules: KindRules, pair: string, what: string): [string, string] {
  const equals = pair.indexOf("=");
  const [key, value] = equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
  const known = Object.keys(rules.options);
  const values = rules.options[key];
  if (!values) {
    const near = nearestName(key, known);
    throw new UsageError(
      `Cannot read ${what} as ${kind} has no option "${key}"; want ${known.length ? known.join(", ") : "no options"}` +
        (near ? ` (did you mean ${near}?)` : ""),
    );
  }
  if (!values.includes(value)) {
    throw new UsageError(
      `Cannot read ${what} as option ${key} of ${kind} has an unknown value: "${value}"; want ${values.join(" or ")}`,
    );
  }
  return [key, value];
}
