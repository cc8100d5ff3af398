import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { MetricRow } from "../sinks/metric_row.ts";
import { compactNumber, formatBytes, formatDuration, groupDigits } from "./format.ts";
import { reportHtml, type ReportPage } from "./html.ts";
import { formatReport, type Report } from "./report.ts";
import { escapeHtml, lineChart, niceTicks } from "./svg_chart.ts";

const REPORT: Report = {
  command: 'train --data "<b>"',
  outcome: "finished",
  versions: { trainer: "0.1.0" },
  device: "cpu, 2 threads",
  seed: 1,
  data: { rows: 100, train: 70, valid: 10, test: 20, ctr: 0.25, bayesAuc: 0.83 },
  model: { parameters: 5000, embeddingBytes: 1000, fullEmbeddingBytes: 10_000, compressionRatio: 10 },
  test: { auc: 0.8, logloss: 0.44, accuracy: 0.79 },
  best: { auc: 0.81, step: 20 },
  speed: { samplesPerSecond: 12_345, stepMs: { median: 2, p95: 3 }, phasesMs: { step: 900, data: 100 } },
  wallSeconds: 65,
};
const HISTORY: MetricRow[] = [10, 20].flatMap((step): MetricRow[] => [
  { step, epoch: 1, samples: step * 5, split: "train", lr: 0.1, loss: 1 / step },
  { step, epoch: 1, samples: step * 5, split: "valid", loss: 0.5, auc: 0.79 + step / 1000, accuracy: 0.7 },
]);
const PAGE: ReportPage = {
  title: "A run",
  report: REPORT,
  history: HISTORY,
  calibration: [{ count: 0, predicted: NaN, observed: NaN }, { count: 3, predicted: 0.1, observed: 0.12 }],
  tables: [{ name: "C1", rows: 10, dim: 4, kind: "hash:10", bytes: 1000, fullBytes: 10_000 }],
  config: { lr: 0.1, embedding: "<script>alert(1)</script>" },
  environment: { deno: "2" },
};

Deno.test("reportHtml() shows figures, curves and tables, loads nothing and escapes what users typed", () => {
  const html = reportHtml(PAGE);
  for (const part of ["0.8000", "Bayes 0.8300", "hash:10", "12.3k", "1:05", "One step: median 2.00 ms"]) {
    assertStringIncludes(html, part);
  }
  assertEquals(html.match(/<svg/g)?.length, 3);
  assert(!/<script|https?:|<link|@import|url\(/.test(html));
  assertStringIncludes(html, "&lt;script&gt;");
  assert(!/NaN|undefined|Infinity/.test(html));
});

Deno.test("reportHtml() of a run interrupted before its first reading has no curve and no scores", () => {
  const report = {
    ...REPORT,
    outcome: "interrupted" as const,
    test: null,
    best: null,
    speed: { ...REPORT.speed, phasesMs: {} },
  };
  const html = reportHtml({ ...PAGE, report, history: [], calibration: [] });
  assertStringIncludes(html, "No points yet.");
  assertStringIncludes(html, "no validation yet");
  assert(!/NaN|undefined|Infinity/.test(html));
});

Deno.test("formatReport() writes every field of the contract", () => {
  const back = JSON.parse(formatReport(REPORT));
  assertEquals(back, REPORT);
});

Deno.test("niceTicks() are round, inside the range, about as many as asked", () => {
  assertEquals(niceTicks(0, 300, 6), [0, 50, 100, 150, 200, 250, 300]);
  assertEquals(niceTicks(0.671, 0.745, 5), [0.68, 0.7, 0.72, 0.74]);
  assertEquals(niceTicks(1, 1, 5), [1]);
});

Deno.test("lineChart() survives single points, equal values and values that are not finite", () => {
  const chart = (points: { x: number; y: number }[]) =>
    lineChart({ label: "l", xLabel: "x", yLabel: "y", series: [{ name: "s", points, color: "red" }] });
  assertMatch(chart([{ x: 1, y: 2 }]), /<circle/);
  for (const svg of [chart([{ x: 1, y: 2 }]), chart([{ x: 1, y: 0 }, { x: 2, y: 0 }, { x: 3, y: NaN }])]) {
    assert(!/NaN|Infinity/.test(svg));
  }
  assertStringIncludes(chart([]), "No points yet.");
  assertEquals(escapeHtml(`<a href="x">'&'`), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;");
});

Deno.test("numbers, bytes and times are short", () => {
  assertEquals([0, 999, 1234, 12_345, 999_999, 2.5e9].map(compactNumber), [
    "0",
    "999",
    "1.23k",
    "12.3k",
    "1.00M",
    "2.50G",
  ]);
  assertEquals([999, 1500, 2_161_000_000].map(formatBytes), ["999 B", "1.50 kB", "2.16 GB"]);
  assertEquals([0, 61, 7509].map(formatDuration), ["0:00", "1:01", "2:05:09"]);
  assertEquals([1, 1234, 1234567].map(groupDigits), ["1", "1,234", "1,234,567"]);
});
