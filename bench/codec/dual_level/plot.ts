/**
 * Change of AUC by bound as one SVG picture.
 *
 * @module
 */
import { type ArmResult, TOLERANCE } from "./analysis.ts";

const WIDTH = 760, HEIGHT = 420, LEFT = 74, RIGHT = 130, TOP = 40, BOTTOM = 48;
const WAYS = [["forward", "#3182bd"], ["backward", "#d95f02"], ["both", "#555555"]] as const;

/** Means with the intervals over rows and seeds; the band is what is allowed. */
export function plot(title: string, arms: readonly ArmResult[]): string {
  const points = arms.flatMap(({ group, bound, minusFull }) =>
    bound !== undefined && minusFull ? [{ group, bound, ...minusFull.auc }] : []
  );
  if (points.length === 0) return "";
  const bounds = points.map(({ bound }) => bound);
  const [x0, x1] = [Math.log10(Math.min(...bounds)) - 0.08, Math.log10(Math.max(...bounds)) + 0.08];
  const ends = points.flatMap(({ rowsAndSeeds }) => rowsAndSeeds);
  const low = Math.min(-2 * TOLERANCE, ...ends), high = Math.max(2 * TOLERANCE, ...ends);
  const px = (bound: number) => fixed(LEFT + (Math.log10(bound) - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT));
  const py = (change: number) => fixed(HEIGHT - BOTTOM - (change - low) / (high - low) * (HEIGHT - TOP - BOTTOM));

  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${LEFT}" y="22" font-size="14">${title}</text>`,
    `<rect x="${LEFT}" y="${py(TOLERANCE)}" width="${WIDTH - LEFT - RIGHT}" height="${
      fixed(py(-TOLERANCE) - py(TOLERANCE))
    }" fill="#e8f3e8"/>`,
  ];
  const step = [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3].find((size) => (high - low) / size <= 9) ?? 0.01;
  for (let k = Math.ceil(low / step); k * step <= high; k++) {
    const y = py(k * step);
    parts.push(
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y}" y2="${y}" stroke="${k === 0 ? "#000" : "#e0e0e0"}"/>`,
      `<text x="${LEFT - 8}" y="${y + 4}" text-anchor="end">${(k * step).toFixed(4)}</text>`,
    );
  }
  for (const bound of new Set(bounds)) {
    parts.push(`<text x="${px(bound)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${bound}</text>`);
  }
  parts.push(
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${
      HEIGHT - 10
    }" text-anchor="middle">bound, as a share of the range</text>`,
    `<text transform="translate(14 ${
      (TOP + HEIGHT - BOTTOM) / 2
    }) rotate(-90)" text-anchor="middle">test AUC minus full precision</text>`,
  );
  WAYS.forEach(([way, color], row) => {
    const own = points.filter(({ group }) => group === way).sort((a, b) => a.bound - b.bound);
    if (own.length === 0) return;
    // Side by side, so that intervals at one bound can be told apart.
    const x = (bound: number) => fixed(px(bound) + 5 * (row - 1));
    const path = own.map(({ bound, mean }, i) => `${i ? "L" : "M"}${x(bound)} ${py(mean)}`).join("");
    parts.push(`<path d="${path}" fill="none" stroke="${color}" stroke-width="1.8"/>`);
    for (const { bound, mean, rowsAndSeeds: [least, most] } of own) {
      parts.push(
        `<line x1="${x(bound)}" x2="${x(bound)}" y1="${py(least)}" y2="${py(most)}" stroke="${color}"/>`,
        `<circle cx="${x(bound)}" cy="${py(mean)}" r="3.5" fill="${color}"/>`,
      );
    }
    parts.push(
      `<rect x="${WIDTH - RIGHT + 12}" y="${TOP + 18 * row}" width="10" height="10" fill="${color}"/>`,
      `<text x="${WIDTH - RIGHT + 27}" y="${TOP + 9 + 18 * row}">${way}</text>`,
    );
  });
  return [...parts, "</svg>", ""].join("\n");
}

function fixed(x: number): number {
  return Math.round(x * 10) / 10;
}
