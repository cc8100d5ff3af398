/**
 * `report.html`: one self-contained page with curves, calibration, time and sizes.
 *
 * @module
 */
import type { CalibrationBin } from "@pocketrec/dlrm-model";
import type { MetricRow } from "../sinks/metric_row.ts";
import { compactNumber, formatBytes, formatDuration, groupDigits } from "./format.ts";
import type { Report } from "./report.ts";
import { STYLE } from "./style.ts";
import { type Chart, escapeHtml, lineChart } from "./svg_chart.ts";

/** One embedding table as trained. */
export interface TableSize {
  readonly name: string;
  readonly rows: number;
  readonly dim: number;
  /** For example `full` or `hash:10`. */
  readonly kind: string;
  /** 0 for a table whose rows lie in an array that is listed by itself. */
  readonly bytes: number;
  readonly fullBytes: number;
}

/** Everything that the page shows. */
export interface ReportPage {
  readonly title: string;
  readonly report: Report;
  readonly history: readonly MetricRow[];
  /** Reliability bins; empty ones are left out. Of the test part. */
  readonly calibration: readonly CalibrationBin[];
  readonly tables: readonly TableSize[];
  readonly config: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string>>;
}

const COLORS = [1, 2, 3, 4, 5, 6, 7, 8].map((i) => `var(--series-${i})`);

/** The text of the page. */
export function reportHtml(page: ReportPage): string {
  const { report } = page;
  const warn = report.outcome === "interrupted" ? " warn" : "";
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(page.title)}</title><style>${STYLE}</style></head><body><main>
<h1>${escapeHtml(page.title)}<span class="badge${warn}">${escapeHtml(report.outcome)}</span></h1>
<p class="sub">${escapeHtml(report.command)}</p>
<div class="tiles">${tiles(report)}</div>
<div class="columns">
${section("Loss", lineChart(lossChart(page.history)))}
${section("AUC on the validation part", lineChart(aucChart(page)))}
${section("Calibration on the test part", lineChart(calibrationChart(page.calibration)))}
${section("Where the time went", phases(report))}
</div>
${section("Embedding tables", tables(page.tables, report))}
${details("Configuration", keyValues(page.config))}
${details("Environment", keyValues(page.environment))}
<footer>Rows: ${groupDigits(report.data.train)} train, ${groupDigits(report.data.valid)} validation,
${groupDigits(report.data.test)} test; ${(100 * report.data.ctr).toFixed(2)} % positive. Seed ${report.seed}.</footer>
</main></body></html>
`;
}

function tiles(report: Report): string {
  const { data, test, best, speed, model } = report;
  const score = (x: number | null | undefined) => x === null || x === undefined ? "-" : x.toFixed(4);
  const bayes = data.bayesAuc === undefined ? "test AUC" : `test AUC (Bayes ${data.bayesAuc.toFixed(4)})`;
  return [
    [score(test?.auc), bayes],
    [score(test?.logloss), "test log loss"],
    [test ? `${(100 * test.accuracy).toFixed(2)} %` : "-", "test accuracy"],
    [score(best?.auc), best ? `best validation AUC, step ${groupDigits(best.step)}` : "no validation yet"],
    [compactNumber(speed.samplesPerSecond), "rows per second"],
    [
      formatBytes(model.embeddingBytes),
      model.compressionRatio > 1.005
        ? `embeddings, ${compactNumber(model.compressionRatio)}x smaller`
        : "embeddings, full",
    ],
    [compactNumber(model.parameters), "parameters"],
    [formatDuration(report.wallSeconds), "wall time"],
  ].map(([value, label]) => `<div class="tile"><b>${escapeHtml(value!)}</b><span>${escapeHtml(label!)}</span></div>`)
    .join("");
}

/** From 0 to the last step. */
function stepRange(history: readonly MetricRow[]): readonly [number, number] {
  return [0, Math.max(1, ...history.map((r) => r.step))];
}

function lossChart(history: readonly MetricRow[]): Chart {
  const train = history.filter((r) => r.split === "train").map((r) => ({ x: r.step, y: r.loss }));
  const valid = history.filter((r) => r.split === "valid").map((r) => ({ x: r.step, y: r.loss }));
  const refit = history.filter((r) => r.split === "refit").map((r) => ({ x: r.step, y: r.loss }));
  const smooth = smoothed(train);
  return {
    label: "Training loss and validation log loss by step",
    xLabel: "step",
    yLabel: "loss",
    series: [
      { name: "train, each reading", points: train, color: COLORS[0]!, faint: true },
      { name: "train, smoothed", points: smooth, color: COLORS[0]! },
      { name: "final fit, smoothed", points: smoothed(refit), color: COLORS[2]! },
      { name: "validation", points: valid, color: COLORS[1]!, dots: true },
    ].filter((s) => s.points.length > 0),
    xRange: stepRange(history),
    formatX: compactNumber,
    formatY: trimmed,
  };
}

/** An exponential mean over about a twentieth of the curve, without the bias of its start. */
function smoothed(points: readonly { x: number; y: number }[]): { x: number; y: number }[] {
  const keep = 1 - 1 / Math.max(1, points.length / 20);
  let sum = 0, weight = 0;
  return points.map(({ x, y }) => {
    sum = keep * sum + y;
    weight = keep * weight + 1;
    return { x, y: sum / weight };
  });
}

function aucChart({ history, report }: ReportPage): Chart {
  const points = history.flatMap((r) => r.split === "valid" && r.auc !== undefined ? [{ x: r.step, y: r.auc }] : []);
  const { bayesAuc } = report.data;
  const best = report.best?.auc == null ? undefined : { auc: report.best.auc, step: report.best.step };
  return {
    label: "AUC on the validation part by step",
    xLabel: "step",
    yLabel: "AUC",
    series: [
      { name: "validation AUC", points, color: COLORS[0]!, dots: true },
      ...(best && points.length > 1
        ? [{
          name: `best ${best.auc.toFixed(4)}`,
          points: [{ x: best.step, y: best.auc }],
          color: COLORS[2]!,
          dots: true,
        }]
        : []),
    ],
    ...(bayesAuc === undefined ? {} : { reference: { y: bayesAuc, name: `Bayes ${bayesAuc.toFixed(4)}` } }),
    xRange: stepRange(history),
    formatX: compactNumber,
    formatY: trimmed,
  };
}

function calibrationChart(all: readonly CalibrationBin[]): Chart {
  const bins = all.filter((bin) => bin.count > 0);
  const most = Math.max(0.05, ...bins.flatMap((b) => [b.predicted, b.observed]));
  const top = Math.min(1, Math.ceil(most * 20 + 0.2) / 20);
  return {
    label: "Observed click rate by predicted probability",
    xLabel: "predicted probability",
    yLabel: "observed rate",
    series: [{
      name: "observed",
      points: bins.map((b) => ({ x: b.predicted, y: b.observed })),
      color: COLORS[0]!,
      dots: true,
    }],
    diagonal: true,
    xRange: [0, top],
    yRange: [0, top],
    formatX: trimmed,
    formatY: trimmed,
  };
}

function phases(report: Report): string {
  const entries = Object.entries(report.speed.phasesMs).filter(([, ms]) => ms > 0).sort((a, b) => b[1] - a[1]);
  const total = entries.reduce((sum, [, ms]) => sum + ms, 0);
  if (total === 0) return `<p class="empty">Nothing was measured.</p>`;
  const color = (i: number) => COLORS[i] ?? "var(--soft)";
  const bar = entries.map(([name, ms], i) =>
    `<i style="width:${(100 * ms / total).toFixed(2)}%;background:${color(i)}" title="${escapeHtml(name)}"></i>`
  );
  const rows = entries.map(([name, ms], i) =>
    `<tr><td><span class="legend"><span><i style="background:${color(i)}"></i>${escapeHtml(name)}</span></span></td>` +
    `<td class="number">${formatSeconds(ms)}</td><td class="number">${(100 * ms / total).toFixed(1)} %</td></tr>`
  );
  const { median, p95 } = report.speed.stepMs;
  return `<div class="bar">${bar.join("")}</div><table>${rows.join("")}</table>` +
    `<p class="empty">One step: median ${median.toFixed(2)} ms, 95th percentile ${p95.toFixed(2)} ms.</p>`;
}

function tables(sizes: readonly TableSize[], report: Report): string {
  const most = Math.max(1, ...sizes.map((t) => t.bytes));
  const bytes = (t: TableSize) => t.bytes > 0 ? formatBytes(t.bytes) : "";
  const smaller = (t: TableSize) => t.bytes > 0 ? `${compactNumber(t.fullBytes / t.bytes)}x` : "";
  const rows = [...sizes].sort((a, b) => b.bytes - a.bytes).map((t) =>
    `<tr><td>${escapeHtml(t.name)}</td><td class="number">${groupDigits(t.rows)}</td>` +
    `<td class="number">${t.dim}</td><td>${escapeHtml(t.kind)}</td><td class="number">${bytes(t)}</td>` +
    `<td class="number">${smaller(t)}</td>` +
    `<td class="meter"><i style="width:${(100 * t.bytes / most).toFixed(1)}%;background:var(--series-1)"></i></td></tr>`
  );
  const { embeddingBytes, fullEmbeddingBytes, compressionRatio } = report.model;
  return `<p class="empty">${formatBytes(embeddingBytes)} of ${formatBytes(fullEmbeddingBytes)} uncompressed, ratio ` +
    `${compressionRatio.toFixed(2)}.</p><div class="scroll"><table><tr><th>table</th><th class="number">rows</th>` +
    `<th class="number">dim</th><th>kind</th><th class="number">bytes</th><th class="number">smaller by</th><th></th></tr>` +
    `${rows.join("")}</table></div>`;
}

function keyValues(record: Readonly<Record<string, unknown>>): string {
  const rows = Object.entries(record).map(([key, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return `<tr><th>${escapeHtml(key)}</th><td class="wrap">${escapeHtml(text ?? "")}</td></tr>`;
  });
  return `<table>${rows.join("")}</table>`;
}

function section(title: string, body: string): string {
  return `<section><h2>${escapeHtml(title)}</h2>${body}</section>`;
}

function details(title: string, body: string): string {
  return `<section><details><summary>${escapeHtml(title)}</summary>${body}</details></section>`;
}

function formatSeconds(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function trimmed(x: number): string {
  return String(Number(x.toPrecision(6)));
}
