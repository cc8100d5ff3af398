/**
 * The results as a Markdown page.
 *
 * @module
 */
import { intervalText, markdownTable } from "../../stats/markdown_text.ts";
import type { ArmResult } from "./analysis.ts";

const TITLES: Readonly<Record<ArmResult["group"], string>> = {
  baseline: "Full, hashed and quotient-remainder tables",
  robe: "ROBE arrays, signs on, starts aligned to 4 (Z = 1: to 1)",
  ablation: "Signs, alignment and hash",
  growth: "Growing the array in training: 4 times after 0.3 of the steps, 2 times after 0.6",
  steps: "More epochs, all of them looked at",
};

/** The page. */
export function markdown(title: string, facts: readonly string[], arms: readonly ArmResult[]): string {
  const lines = [`# ${title}`, "", ...facts.map((fact) => `- ${fact}`)];
  for (const [group, heading] of Object.entries(TITLES)) {
    const rows = arms.filter((arm) => arm.group === group).sort((a, b) => a.ratio - b.ratio);
    if (rows.length === 0) continue;
    lines.push("", `## ${heading}`, "", ...markdownTable(HEAD, rows.map(cells)));
  }
  const steps = arms.filter((arm) => arm.stepsToFull);
  if (steps.length > 0) {
    const within = steps[0]!.stepsToFull!.map((entry) => `within ${entry.within}`);
    lines.push(
      "",
      "Steps until the validation AUC comes that near to the best of full tables (median of seeds, - where half or more",
      "never do):",
      "",
      ...markdownTable(
        ["arm", ...within],
        steps.map((arm) => [arm.name, ...arm.stepsToFull!.map(({ steps }) => median(steps))]),
      ),
    );
  }
  return lines.join("\n") + "\n";
}

const HEAD = [
  "arm",
  "bytes",
  "ratio",
  "seeds",
  "AUC (min to max)",
  "minus full",
  "minus hash",
  "log loss",
  "minus full",
  "steps / full's",
];

function cells(arm: ArmResult): string[] {
  const { auc, logloss, bestStep } = arm;
  return [
    arm.name,
    arm.embeddingBytes.toLocaleString("en-US"),
    arm.compressionRatio.toFixed(1),
    String(arm.seeds),
    `${auc.mean.toFixed(4)} (${auc.min.toFixed(4)} to ${auc.max.toFixed(4)})`,
    intervalText(arm.minusFull?.auc),
    intervalText(arm.minusHash?.auc),
    logloss.mean.toFixed(4),
    intervalText(arm.minusFull?.logloss),
    bestStep.timesFull === undefined ? "" : bestStep.timesFull.toFixed(2),
  ];
}

function median(steps: readonly (number | null)[]): string {
  const sorted = steps.map((step) => step ?? Infinity).sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)]!;
  return Number.isFinite(middle) ? String(middle) : "-";
}
