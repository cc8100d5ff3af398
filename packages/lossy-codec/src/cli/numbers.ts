/**
 * Numbers and tables as people read them.
 *
 * @module
 */

/** With commas between thousands. */
export function whole(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Four significant digits, or fewer. */
export function significant(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : String(value);
}

/** A compression ratio. */
export function ratioText(value: number): string {
  return value.toFixed(value < 100 ? 2 : value < 1000 ? 1 : 0);
}

/** Such as `2 chunks`. */
export function count(value: number, singular: string): string {
  return `${whole(value)} ${singular}${value === 1 ? "" : "s"}`;
}

/**
 * Lines of columns.
 *
 * @param rows Cells; the first row is the head.
 * @param left Number of columns from the left that are aligned to the left; the others are to the right.
 */
export function table(rows: readonly (readonly string[])[], left: number): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => {
    const cells = row.map((cell, column) =>
      column < left ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
    );
    return cells.join("  ").trimEnd() + "\n";
  }).join("");
}
