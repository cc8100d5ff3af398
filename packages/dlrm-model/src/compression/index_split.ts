/**
 * How a compressed table finds a row: by remainder (hashing), or by quotient and remainder (QR; Shi et al.,
 * "Compositional Embeddings Using Complementary Partitions", arXiv 1909.02107, section 4).
 *
 * @module
 */

/** How one table is stored. */
export type TableScheme =
  /** One row per id. */
  | { readonly kind: "full" }
  /** `rows` rows; id i shares row `i mod rows`. */
  | { readonly kind: "hash"; readonly rows: number }
  /** Two factors: row `floor(i / divisor)` of the first and row `i mod divisor` of the second; pairs are unique. */
  | { readonly kind: "qr"; readonly divisor: number };

/** How QR's two factors become one vector: element-wise product or sum, or side by side at half the width each. */
export type QrOperation = "mult" | "add" | "concat";

/** Rows of the one or two stored tables of a scheme. */
export function storedRows(rows: number, scheme: TableScheme): readonly number[] {
  switch (scheme.kind) {
    case "full":
      return [rows];
    case "hash":
      return [scheme.rows];
    case "qr":
      return [Math.ceil(rows / scheme.divisor), scheme.divisor];
    default:
      throw new TypeError(`Cannot store a table as ${JSON.stringify(scheme satisfies never)}`);
  }
}

/** Float32 elements that a table of `rows` by `dim` takes under a scheme. */
export function storedElements(rows: number, dim: number, scheme: TableScheme, operation: QrOperation): number {
  const width = scheme.kind === "qr" && operation === "concat" ? dim / 2 : dim;
  return storedRows(rows, scheme).reduce((sum, count) => sum + count, 0) * width;
}
