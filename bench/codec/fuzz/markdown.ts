/**
 * What became of damaged streams as a Markdown page.
 *
 * @module
 */
import { markdownTable } from "../../stats/markdown_text.ts";
import { type Expectation, EXPECTATIONS } from "./damage.ts";
import type { Outcomes, SideBySide } from "./side_by_side.ts";
import type { Finding } from "./trial.ts";

/** What there is to say. */
export interface FuzzPage {
  /** Lines about how it was done. */
  readonly facts: readonly string[];
  readonly outcomes: Readonly<Record<Expectation, Readonly<Record<string, number>>>>;
  readonly findings: readonly Finding[];
  readonly peers: readonly SideBySide[];
  readonly missing: readonly string[];
}

const MEANINGS: Readonly<Record<Expectation, string>> = {
  guarded: "checksums, as damage left them: all damage has to be noticed",
  resealed: "checksums made good after the damage: it has to be survived",
  unguarded: "no checksums of chunks: damage has to be survived",
};

/** Codes that are no errors; the others are those of `CodecError`. */
const RESTORED: Readonly<Record<string, string>> = {
  unchanged: "the damage changed no byte",
  same: "other bytes, the same elements",
  restored: "other elements",
};

/** The page. */
export function markdown({ facts, outcomes, findings, peers, missing }: FuzzPage): string {
  const codes = [...new Set(EXPECTATIONS.flatMap((expectation) => Object.keys(outcomes[expectation])))].sort();
  const rows = codes.map((code) => [
    RESTORED[code] ?? `\`${code}\``,
    ...EXPECTATIONS.map((expectation) => String(outcomes[expectation][code] ?? 0)),
  ]);
  return [
    "# Damaged streams",
    "",
    ...facts.map((fact) => `- ${fact}`),
    "",
    "## Ours",
    "",
    ...EXPECTATIONS.map((expectation) => `- ${expectation}: ${MEANINGS[expectation]}`),
    "",
    ...markdownTable(["outcome", ...EXPECTATIONS], rows),
    "",
    ...found(findings),
    "",
    "## The same damage to the streams of others",
    "",
    "A batch of embeddings by each codec; bits flipped and ends cut off at the same shares of each stream.",
    "",
    ...sideBySide(peers),
    ...missing.map((line) => `\nmissing: ${line}`),
  ].join("\n") + "\n";
}

function found(findings: readonly Finding[]): string[] {
  if (findings.length === 0) return ["Nothing was found."];
  const kinds = Map.groupBy(findings, ({ kind }) => kind);
  return [...kinds].map(([kind, { length, 0: first }]) => `- ${length} times ${kind}, first at damage ${first!.n}`);
}

function sideBySide(peers: readonly SideBySide[]): string[] {
  const keys: readonly (keyof Outcomes)[] = ["noticed", "unaffected", "silent", "crashed", "hung"];
  const heads = ["refused", "same values", "other values, no error", "process ended", "hung"];
  const rows = peers.flatMap(({ codec, flips, truncations }) =>
    ([["a bit", flips], ["end", truncations]] as const).map(([what, outcomes]) => [
      codec,
      what,
      ...keys.map((key) => String(outcomes[key])),
    ])
  );
  return markdownTable(["codec", "damage", ...heads], rows);
}
