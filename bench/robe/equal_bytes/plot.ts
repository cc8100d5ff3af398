/**
 * Test AUC by compression as one SVG picture.
 *
 * @module
 */
import type { ArmResult } from "./analysis.ts";
import { BLOCK_SIZES } from "./arms.ts";

const WIDTH = 760, HEIGHT = 440, LEFT = 64, RIGHT = 120, TOP = 40, BOTTOM = 48;
const COLORS = ["#7f7f7f", "#9ecae1", "#6baed6", "#3182bd", "#08519c", "#d95f02"];

interface Series {
  readonly name: string;
  readonly color: string;
  readonly arms: readonly ArmResult[];
}

/** Lines of means, bars from the worst to the best seed. */
export function plot(title: string, arms: readonly ArmResult[]): string {
  const named = (test: (arm: ArmResult) => boolean) => arms.filter(test).sort((a, b) => a.ratio - b.ratio);
  const full = arms.find(({ name }) => name === "full");
  const series: Series[] = [
    { name: "hashed tables", color: COLORS[0]!, arms: named(({ name }) => name.startsWith("hash-")) },
    ...BLOCK_SIZES.map((z, i) => ({
      name: `ROBE, Z = ${z}`,
      color: COLORS[i + 1]!,
      arms: named(({ group, name }) => group === "robe" && name.endsWith(` z${z}`)),
    })),
    { name: "QR tables", color: COLORS[5]!, arms: named(({ name }) => name.startsWith("qr-")) },
  ].filter((one) => one.arms.length > 0);
  const shown = [...series.flatMap((one) => one.arms), ...(full ? [full] : [])];
  if (series.length === 0) return "";
  const ratios = series.flatMap((one) => one.arms.map((arm) => arm.compressionRatio));
  const [x0, x1] = [Math.log10(Math.min(...ratios)) - 0.08, Math.log10(Math.max(...ratios)) + 0.08];
  const [low, high] = [Math.min(...shown.map((arm) => arm.auc.min)), Math.max(...shown.map((arm) => arm.auc.max))];
  const margin = 0.05 * (high - low || 0.01), y0 = low - margin, y1 = high + margin;
  const px = (ratio: number) => fixed(LEFT + (Math.log10(ratio) - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT));
  const py = (auc: number) => fixed(HEIGHT - BOTTOM - (auc - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM));

  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${LEFT}" y="22" font-size="14">${title}</text>`,
  ];
  const step = [0.002, 0.005, 0.01, 0.02, 0.05].find((size) => (y1 - y0) / size <= 9) ?? 0.1;
  for (let k = Math.ceil(y0 / step); k * step <= y1; k++) {
    const y = py(k * step);
    parts.push(
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="#e5e5e5"/>`,
      `<text x="${LEFT - 8}" y="${y + 4}" text-anchor="end">${(k * step).toFixed(3)}</text>`,
    );
  }
  for (
    const ratio of [1, 4, 10, 30, 100, 300, 1000, 10_000].filter((r) => Math.log10(r) >= x0 && Math.log10(r) <= x1)
  ) {
    parts.push(`<text x="${px(ratio)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${ratio}x</text>`);
  }
  parts.push(
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${
      HEIGHT - 10
    }" text-anchor="middle">full bytes / bytes of all tables</text>`,
    `<text transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">test AUC</text>`,
  );
  const legend = (row: number, color: string, text: string) =>
    parts.push(
      `<rect x="${WIDTH - RIGHT + 12}" y="${TOP + 18 * row}" width="10" height="10" fill="${color}"/>`,
      `<text x="${WIDTH - RIGHT + 27}" y="${TOP + 9 + 18 * row}">${text}</text>`,
    );
  if (full) {
    const y = py(full.auc.mean);
    parts.push(`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="#000" stroke-dasharray="5 4"/>`);
    legend(0, "#000", "full tables");
  }
  series.forEach(({ name, color, arms }, row) => {
    const path = arms.map((arm, i) => `${i ? "L" : "M"}${px(arm.compressionRatio)} ${py(arm.auc.mean)}`).join("");
    parts.push(`<path d="${path}" fill="none" stroke="${color}" stroke-width="1.8"/>`);
    for (const { compressionRatio, auc } of arms) {
      const x = px(compressionRatio);
      parts.push(
        `<line x1="${x}" x2="${x}" y1="${py(auc.min)}" y2="${py(auc.max)}" stroke="${color}"/>`,
        `<circle cx="${x}" cy="${py(auc.mean)}" r="3.5" fill="${color}"/>`,
      );
    }
    legend(row + 1, color, name);
  });
  return [...parts, "</svg>", ""].join("\n");
}

function fixed(x: number): number {
  return Math.round(x * 10) / 10;
}
