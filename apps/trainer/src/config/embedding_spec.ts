/**
 * The grammar of `--embedding`: `<kind>[:<number>][,<key>=<value>...]`, for all tables or per table.
 *
 * @module
 */
import { UsageError } from "../errors.ts";
import { nearestName } from "./did_you_mean.ts";
import { readGrowth } from "./robe_spec.ts";
import { type OptionRules, parseSpecOptions } from "./spec_options.ts";

/** A parsed embedding choice. `amount` is the compression ratio (hash, qr, robe). */
export interface EmbeddingSpec {
  readonly kind: EmbeddingKind;
  readonly amount?: number;
  readonly options: Readonly<Record<string, string>>;
}

/** The kinds of embedding that this build trains. */
export type EmbeddingKind = "full" | "hash" | "qr" | "robe";

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
  /** The keys after the comma. */
  readonly options: OptionRules;
}

const KINDS: Readonly<Record<EmbeddingKind, KindRules>> = {
  full: { options: {} },
  hash: { amount: "ratio", options: {} },
  qr: { amount: "ratio", options: { op: ["mult", "add", "concat"] } },
  robe: {
    amount: "ratio",
    options: {
      z: { want: "a whole number >= 1", accepts: (value) => /^[1-9]\d{0,8}$/.test(value) },
      align: ["1", "4", "8"],
      sign: ["on", "off"],
      hash: ["mix32", "m31"],
      grow: {
        want: "whole factors >= 2 at increasing shares of the steps between 0 and 1, as in 4@0.3+2@0.6",
        accepts: (value) => readGrowth(value) !== undefined,
      },
    },
  },
};

/** Kinds that the command line knows but this build does not contain. */
const ELSEWHERE: readonly string[] = ["tt"];
const WANT = "full, hash:<ratio>, qr:<ratio> or robe:<ratio>";

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
  const rules = Object.hasOwn(KINDS, kind) ? KINDS[kind as EmbeddingKind] : undefined;
  if (!rules || more.length > 0) {
    const near = rules ? undefined : nearestName(kind, [...Object.keys(KINDS)]);
    throw new UsageError(
      `Cannot read ${what} as its kind is unknown: "${text}"; want ${WANT}` + (near ? ` (did you mean ${near}?)` : ""),
    );
  }
  const amount = parseAmount(kind, rules, amountText, text, what);
  const options = parseSpecOptions(kind, rules.options, rest, { what, text });
  return { kind: kind as EmbeddingKind, ...(amount === undefined ? {} : { amount }), options };
}

/**
 * Parses the whole setting, a string or an object `{ default, tables }`.
 *
 * @throws {UsageError} also where one table of several is to be in a ROBE array, which takes all.
 */
export function parseEmbeddingSetting(setting: EmbeddingSetting, what: string): EmbeddingPlan {
  if (typeof setting === "string") return { all: parseEmbeddingSpec(setting, what), tables: {} };
  const tables = Object.entries(setting.tables).map(([name, text]) =>
    [name, parseEmbeddingSpec(text, `${what} of table ${name}`)] as const
  );
  const all = parseEmbeddingSpec(setting.default, `${what} default`);
  const robe = [...tables.map(([, spec]) => spec), all].find(({ kind }) => kind === "robe");
  if (robe && tables.length > 0) {
    throw new UsageError(
      `Cannot use ${what} as robe keeps all tables in one array: got ${formatEmbeddingSpec(all)} and others for table ${
        tables.map(([name]) => name).join(", ")
      }; want "${formatEmbeddingSpec(robe)}" alone`,
    );
  }
  return { all, tables: Object.fromEntries(tables) };
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
