/**
 * Numbers, sizes and times as people read them.
 *
 * @module
 */

/** `12345.6` as `12.3k`; four significant letters at most. */
export function compactNumber(x: number): string {
  if (!Number.isFinite(x)) return "-";
  for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e3]] as const) {
    if (Math.abs(x) >= 0.9995 * size) return trim(x / size) + unit;
  }
  return Number.isInteger(x) ? String(x) : trim(x);
}

/** A number of bytes in powers of 1,000: `2.16 GB`. */
export function formatBytes(bytes: number): string {
  for (const [unit, size] of [["TB", 1e12], ["GB", 1e9], ["MB", 1e6], ["kB", 1e3]] as const) {
    if (bytes >= 0.9995 * size) return `${trim(bytes / size)} ${unit}`;
  }
  return `${bytes} B`;
}

/** Seconds as `0:41`, `12:03` or `2:05:09`. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-:--";
  const whole = Math.max(0, Math.round(seconds));
  const pad = (n: number) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/** Groups of three digits: `1,234,567`. */
export function groupDigits(n: number): string {
  return String(Math.round(n)).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

function trim(x: number): string {
  const digits = Math.abs(x) >= 100 ? 0 : Math.abs(x) >= 10 ? 1 : 2;
  return x.toFixed(digits);
}
