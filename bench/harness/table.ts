/** One line of a result, as it stands in the JSON file. */
export interface BenchRow {
  /** Size, distribution, threads, `blas` or `wasm`: all that the figure depends on. */
  readonly case: string;
  /** What was measured. */
  readonly metric: string;
  /** Our figure: the median of the samples, or a value without spread. */
  readonly value: number;
  /** Unit of `value`, `iqr` and `baselineValue`. */
  readonly unit: string;
  /** Quartile distance of our samples. */
  readonly iqr?: number;
  /** The peer that `ratio` compares with, and its version. */
  readonly baseline?: string;
  /** The peer's median. */
  readonly baselineValue?: number;
  /** Ours against the peer's; > 1 means that ours is better, whatever the unit. */
  readonly ratio?: number;
}

/** Three significant digits, without exponents for the usual sizes. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  if (size === 0 || size >= 1e-3) return String(Number(value.toPrecision(3)));
  return value.toExponential(2);
}

/** Renders rows as a table of aligned columns. */
export function renderTable(rows: readonly BenchRow[]): string {
  const lines = [["case", "metric", "ours", "iqr", "unit", "baseline", "its value", "ratio"]];
  for (const row of rows) {
    lines.push([
      row.case,
      row.metric,
      formatNumber(row.value),
      row.iqr === undefined ? "" : formatNumber(row.iqr),
      row.unit,
      row.baseline ?? "",
      row.baselineValue === undefined ? "" : formatNumber(row.baselineValue),
      row.ratio === undefined ? "" : `${row.ratio.toFixed(2)}x`,
    ]);
  }
  const numeric = new Set([2, 3, 6, 7]);
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const render = (line: readonly string[]) =>
    line.map((cell, i) => numeric.has(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)).join("  ").trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [render(lines[0]!), rule, ...lines.slice(1).map(render)].join("\n") + "\n";
}
