/**
 * Line charts as SVG text, coloured by the CSS variables of the page around them.
 *
 * @module
 */

/** Points joined by a line. */
export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** A CSS colour, mostly `var(--series-1)`. */
  readonly color: string;
  /** Draw faint, as the raw data behind a smoothed line. */
  readonly faint?: boolean;
  /** Draw a dot at each point. */
  readonly dots?: boolean;
}

/** What a chart shows. */
export interface Chart {
  /** Read out to those who cannot see the chart. */
  readonly label: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** A dashed horizontal line, for example a bound. */
  readonly reference?: { readonly y: number; readonly name: string };
  /** A dashed line from corner to corner: where prediction equals observation. */
  readonly diagonal?: boolean;
  /** Fixed ranges; otherwise those of the points with a margin. */
  readonly xRange?: readonly [number, number];
  readonly yRange?: readonly [number, number];
  readonly formatX?: (x: number) => string;
  readonly formatY?: (y: number) => string;
}

const WIDTH = 640, HEIGHT = 300;
const LEFT = 64, RIGHT = 18, TOP = 14, BOTTOM = 46;

/** Round numbers that divide a range into about `count` parts. */
export function niceTicks(low: number, high: number, count: number): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= rough * 0.999)!;
  const ticks: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) {
    ticks.push(Number((k * step).toPrecision(12)));
  }
  return ticks;
}

/** Draws a chart. Series without finite points are left out. */
export function lineChart(chart: Chart): string {
  const points = chart.series.flatMap((s) => s.points).filter((p) => Number.isFinite(p.x) && Number.isFinite(p.y));
  if (points.length === 0) return `<p class="empty">No points yet.</p>`;
  const [x0, x1] = chart.xRange ?? range(points.map((p) => p.x), 0);
  const ys = [...points.map((p) => p.y), ...(chart.reference ? [chart.reference.y] : [])];
  const [y0, y1] = chart.yRange ?? range(ys, 0.06);
  const px = (x: number) => round(LEFT + (x - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT));
  const py = (y: number) => round(HEIGHT - BOTTOM - (y - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM));
  const fx = chart.formatX ?? String, fy = chart.formatY ?? String;

  const parts = [`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(chart.label)}">`];
  for (const tick of niceTicks(y0, y1, 5)) {
    parts.push(
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${py(tick)}" y2="${py(tick)}"/>`,
      `<text class="tick" x="${LEFT - 8}" y="${py(tick) + 4}" text-anchor="end">${escapeHtml(fy(tick))}</text>`,
    );
  }
  for (const tick of niceTicks(x0, x1, 6)) {
    parts.push(
      `<text class="tick" x="${px(tick)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${
        escapeHtml(fx(tick))
      }</text>`,
    );
  }
  parts.push(
    `<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM}"/>`,
    `<text class="label" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${
      escapeHtml(chart.xLabel)
    }</text>`,
    `<text class="label" transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${
      escapeHtml(chart.yLabel)
    }</text>`,
  );
  if (chart.diagonal) {
    parts.push(`<line class="reference" x1="${px(x0)}" y1="${py(y0)}" x2="${px(x1)}" y2="${py(y1)}"/>`);
  }
  if (chart.reference) {
    const y = py(chart.reference.y);
    parts.push(
      `<line class="reference" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}"/>`,
      `<text class="tick" x="${LEFT + 6}" y="${y - 5}">${escapeHtml(chart.reference.name)}</text>`,
    );
  }
  for (const series of chart.series) parts.push(drawSeries(series, px, py, fx, fy));
  parts.push("</svg>");
  return parts.join("") + legend(chart.series);
}

function drawSeries(
  series: Series,
  px: (x: number) => number,
  py: (y: number) => number,
  fx: (x: number) => string,
  fy: (y: number) => string,
): string {
  const points = series.points.filter((p) => Number.isFinite(p.x) && Number.isFinite(p.y));
  const path = points.map((p, i) => `${i ? "L" : "M"}${px(p.x)} ${py(p.y)}`).join("");
  const style = `stroke="${series.color}"${series.faint ? ' class="line faint"' : ' class="line"'}`;
  const line = points.length > 1 ? `<path d="${path}" ${style}/>` : "";
  const dots = series.dots || points.length === 1
    ? points.map((p) =>
      `<circle cx="${px(p.x)}" cy="${py(p.y)}" r="3.5" fill="${series.color}"><title>` +
      `${escapeHtml(`${series.name} ${fy(p.y)} at ${fx(p.x)}`)}</title></circle>`
    )
    : [];
  return line + dots.join("");
}

function legend(series: readonly Series[]): string {
  if (series.length < 2) return "";
  const items = series.map((s) =>
    `<span><i style="background:${s.color}${s.faint ? ";opacity:.35" : ""}"></i>${escapeHtml(s.name)}</span>`
  );
  return `<div class="legend">${items.join("")}</div>`;
}

function range(values: readonly number[], margin: number): [number, number] {
  let low = Infinity, high = -Infinity;
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  if (low === high) return [low - (Math.abs(low) * 0.05 || 1), high + (Math.abs(high) * 0.05 || 1)];
  return [low - margin * (high - low), high + margin * (high - low)];
}

function round(x: number): number {
  return Math.round(x * 10) / 10;
}

/** Text that is safe inside HTML and attribute values. */
export function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = { "&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "#39" };
  return text.replaceAll(/[&<>"']/g, (c) => `&${names[c]};`);
}
