/**
 * The results as a Markdown page.
 *
 * @module
 */
import { intervalText, markdownTable } from "../../stats/markdown_text.ts";
import type { ArmResult } from "./analysis.ts";
import { INDEX_BOUNDS, type ModelIndex } from "./homogenization.ts";

const TITLES: Readonly<Record<ArmResult["group"], string>> = {
  reference: "Full and half precision",
  forward: "Look-ups within a bound",
  backward: "Gradients within a bound",
  both: "Both within a bound",
  adaptive: "Bounds by table class (0.01, 0.03, 0.05), without and with decay by steps from 2",
  decay: "Decay of one bound over the first fifth of the steps, or over all of them",
  ranks: "Ranges by parts of a batch, as sent to so many ranks",
};

const HEAD = [
  "arm",
  "seeds",
  "AUC (min to max)",
  "minus full",
  "verdict",
  "log loss, minus full",
  "ratio",
  "max error",
];

/** The page. */
export function markdown(
  title: string,
  facts: readonly string[],
  arms: readonly ArmResult[],
  index: ModelIndex | undefined,
): string {
  const lines = [`# ${title}`, "", ...facts.map((fact) => `- ${fact}`)];
  for (const [group, heading] of Object.entries(TITLES)) {
    const rows = arms.filter((arm) => arm.group === group).map(cells);
    if (rows.length > 0) lines.push("", `## ${heading}`, "", ...markdownTable(HEAD, rows));
  }
  if (index) lines.push("", "## Homogenization of the trained tables", "", ...indexLines(index, arms));
  return lines.join("\n") + "\n";
}

function cells(arm: ArmResult): string[] {
  const { auc, minusFull, ratio, maxError } = arm;
  return [
    arm.name,
    String(arm.seeds),
    `${auc.mean.toFixed(4)} (${auc.min.toFixed(4)} to ${auc.max.toFixed(4)})`,
    intervalText(minusFull?.auc, 5),
    arm.verdict ?? "",
    intervalText(minusFull?.logloss, 5),
    ratio?.toFixed(1) ?? "",
    maxError?.toPrecision(2) ?? "",
  ];
}

function indexLines({ batches, batch, tables }: ModelIndex, arms: readonly ArmResult[]): string[] {
  const settled = arms.find(({ classes }) => classes);
  const inRun = (name: string) =>
    settled?.classes?.tighten.includes(name) ? "tighten" : settled?.classes?.loosen.includes(name) ? "loosen" : "base";
  const head = ["table", "rows", "distinct in a batch", ...INDEX_BOUNDS.map((bound) => `index ${bound}`), "class"];
  return [
    `Distinct rows after quantisation over distinct rows before, in ${batches} batches of ${batch} look-ups after the first`,
    "third of the run in full precision. Class: tighten below 0.9 at bound 0.01; loosen above 0.999 where the table has",
    `fewer than 1,000 rows.${
      settled ? ` "In training": as a run of the arm "${settled.name}" settled it by itself.` : ""
    }`,
    "",
    ...markdownTable(
      settled ? [...head, "in training"] : head,
      tables.map(({ name, rows, distinct, index, class: own }) => [
        name,
        rows.toLocaleString("en-US"),
        distinct.toFixed(1),
        ...index.map((x) => x.toFixed(3)),
        own,
        ...(settled ? [inRun(name)] : []),
      ]),
    ),
  ];
}
