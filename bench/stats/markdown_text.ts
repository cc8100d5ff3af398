/**
 * Pieces of Markdown pages.
 *
 * @module
 */
import type { Difference } from "./bootstrap.ts";

/** Lines of a table whose columns line up in the source too. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  return [line(head), `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...rows.map(line)];
}

/** A difference with the interval over rows and seeds; nothing without one. */
export function intervalText(difference: Difference | undefined, digits = 4): string {
  if (!difference) return "";
  const text = (x: number) => `${x < 0 ? "" : "+"}${x.toFixed(digits)}`;
  return `${text(difference.mean)} [${difference.rowsAndSeeds.map(text).join(", ")}]`;
}
