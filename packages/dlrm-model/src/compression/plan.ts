import { type QrOperation, storedElements, type TableScheme } from "./index_split.ts";

/** Tables of at most this many rows are never compressed: they are small, and each of their rows is used often. */
export const ALWAYS_FULL_ROWS = 50;

/** What is wanted of a set of tables. */
export type CompressionChoice =
  | { readonly kind: "full" }
  | { readonly kind: "hash"; readonly ratio: number }
  | { readonly kind: "qr"; readonly ratio: number };

/** A scheme per table and what they come to. */
export interface CompressionPlan {
  /** One per table. */
  readonly schemes: readonly TableScheme[];
  /** Bytes of the tables at one row per id. */
  readonly fullEmbeddingBytes: number;
  /** Bytes of the tables as stored. */
  readonly embeddingBytes: number;
  /** The first over the second. */
  readonly compressionRatio: number;
}

/** Options of {@linkcode planCompression}. */
export interface CompressionOptions {
  /** Choices for tables by name. Their ratio is the table's own; the common one is that of all other tables together. */
  readonly tables?: Readonly<Record<string, CompressionChoice>>;
  /** QR: how factors combine. Default `"mult"`. */
  readonly operation?: QrOperation;
}

/** What a plan needs to know of a table. */
export interface PlannedTable {
  /** Name that {@linkcode CompressionOptions.tables} refers to. */
  readonly name: string;
  /** Ids. */
  readonly rows: number;
}

/**
 * Chooses a scheme for every table so that full bytes over stored bytes of all of them, the uncompressed ones included,
 * is the ratio wanted, from above and as close as whole rows allow. All compressed tables shrink by one common factor,
 * as far as each can.
 *
 * @throws {RangeError} naming the largest ratio that is possible, or a table that does not exist
 */
export function planCompression(
  tables: readonly PlannedTable[],
  dim: number,
  choice: CompressionChoice,
  options: CompressionOptions = {},
): CompressionPlan {
  const operation = options.operation ?? "mult";
  const exceptions = options.tables ?? {};
  for (const name of Object.keys(exceptions)) {
    if (!tables.some((table) => table.name === name)) {
      throw new RangeError(`Cannot choose an embedding for table "${name}": want one of ${tables.map((t) => t.name)}`);
    }
  }
  const common = tables.filter((table) => !Object.hasOwn(exceptions, table.name));
  const chosen = new Map<PlannedTable, TableScheme>();
  const choose = (group: readonly PlannedTable[], wanted: CompressionChoice) =>
    schemesFor(group, dim, wanted, operation).forEach((scheme, i) => chosen.set(group[i]!, scheme));
  choose(common, choice);
  for (const table of tables) {
    const exception = Object.hasOwn(exceptions, table.name) ? exceptions[table.name] : undefined;
    if (exception) choose([table], exception);
  }
  const schemes = tables.map((table) => chosen.get(table)!);
  const bytes = (list: readonly TableScheme[]) =>
    4 * tables.reduce((sum, table, i) => sum + storedElements(table.rows, dim, list[i]!, operation), 0);
  const fullEmbeddingBytes = bytes(tables.map(() => ({ kind: "full" })));
  const embeddingBytes = bytes(schemes);
  return { schemes, fullEmbeddingBytes, embeddingBytes, compressionRatio: fullEmbeddingBytes / embeddingBytes };
}

function schemesFor(
  tables: readonly PlannedTable[],
  dim: number,
  choice: CompressionChoice,
  operation: QrOperation,
): TableScheme[] {
  if (choice.kind === "full" || tables.length === 0) return tables.map(() => ({ kind: "full" }));
  const { kind, ratio } = choice;
  if (!(ratio >= 1 && Number.isFinite(ratio))) {
    throw new RangeError(`Cannot compress tables ${ratio} times: want a number >= 1`);
  }
  if (kind === "qr" && operation === "concat" && dim % 2 !== 0) {
    throw new RangeError(`Cannot put QR factors side by side in ${dim} elements: want an even dim`);
  }
  const shrink = kind === "hash" ? hashScheme : qrScheme;
  const shrunk = (factor: number) => tables.map(({ rows }) => shrink(rows, factor, operation));
  const elements = (schemes: readonly TableScheme[]) =>
    tables.reduce((sum, table, i) => sum + storedElements(table.rows, dim, schemes[i]!, operation), 0);
  const full = elements(tables.map(() => ({ kind: "full" })));
  const smallest = shrunk(Infinity);
  if (full / elements(smallest) < ratio) {
    throw new RangeError(
      `Cannot compress these tables ${ratio} times by ${kind}: want at most ${
        floorTo(full / elements(smallest), 3)
      }, ` +
        `as tables of ${ALWAYS_FULL_ROWS} rows or fewer stay full`,
    );
  }
  // Stored elements fall as the factor grows: keep `low` too large, `high` small enough.
  let low = 0.5, high = 1;
  while (full / elements(shrunk(high)) < ratio) high *= 2;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (full / elements(shrunk(middle)) < ratio) low = middle;
    else high = middle;
  }
  const schemes = shrunk(high);
  if (kind === "qr") spendRest(tables, schemes, full / ratio - elements(schemes), dim, operation);
  return schemes;
}

/**
 * A divisor of 2 halves a table at once, so a common factor may overshoot by much: the elements left over let tables,
 * the largest first, take the smallest divisor that still fits, or stay full.
 */
function spendRest(
  tables: readonly PlannedTable[],
  schemes: TableScheme[],
  rest: number,
  dim: number,
  operation: QrOperation,
): void {
  const order = tables.map((_, i) => i).sort((a, b) => tables[b]!.rows - tables[a]!.rows || a - b);
  for (const i of order) {
    const { rows } = tables[i]!;
    const now = schemes[i]!;
    if (now.kind !== "qr") continue;
    const elements = (scheme: TableScheme) => storedElements(rows, dim, scheme, operation);
    const most = elements(now) + rest;
    const width = operation === "concat" ? dim / 2 : dim;
    let better: TableScheme = { kind: "full" };
    if (elements(better) > most) better = qrScheme(rows, rows * width / most, "mult");
    if (elements(better) > most || elements(better) <= elements(now)) continue;
    rest = most - elements(better);
    schemes[i] = better;
  }
}

function floorTo(value: number, digits: number): number {
  return Math.floor(value * 10 ** digits) / 10 ** digits;
}

function hashScheme(rows: number, factor: number): TableScheme {
  const stored = Math.max(1, Math.ceil(rows / factor));
  return rows <= ALWAYS_FULL_ROWS || stored >= rows ? { kind: "full" } : { kind: "hash", rows: stored };
}

/** The smallest divisor, so the largest first factor, that makes both factors fit into `rows / factor` rows. */
function qrScheme(rows: number, factor: number, operation: QrOperation): TableScheme {
  if (rows <= ALWAYS_FULL_ROWS || factor <= 1) return { kind: "full" };
  const budget = (operation === "concat" ? 2 : 1) * rows / factor;
  const size = (divisor: number) => Math.ceil(rows / divisor) + divisor;
  // ceil(rows / c) + c <= budget needs c at or above the smaller root of c^2 - budget c + rows, and the sum is least
  // near the square root of rows.
  const root = Math.sqrt(rows);
  const discriminant = budget * budget - 4 * rows;
  const start = discriminant >= 0 ? 2 * rows / (budget + Math.sqrt(discriminant)) : root;
  let best = Math.max(2, Math.floor(root) - 2);
  for (let divisor = best; divisor <= root + 3; divisor++) if (size(divisor) < size(best)) best = divisor;
  for (let divisor = Math.max(2, Math.floor(start) - 2); divisor <= Math.min(start + 4, root + 3); divisor++) {
    if (size(divisor) <= budget) return { kind: "qr", divisor };
  }
  return { kind: "qr", divisor: best };
}
