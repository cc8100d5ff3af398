/** Number of integer features of the Criteo layout. */
export const DENSE_FEATURES = 13;
/** Number of categorical features (one embedding table each) of the Criteo layout. */
export const CATEGORIES = 26;
/** Names of the integer features, `I1..I13`. */
export const DENSE_NAMES: readonly string[] = Array.from({ length: DENSE_FEATURES }, (_, i) => `I${i + 1}`);
/** Names of the categorical features, `C1..C26`. */
export const CATEGORY_NAMES: readonly string[] = Array.from({ length: CATEGORIES }, (_, i) => `C${i + 1}`);

/** Rows as read from a file, before any preprocessing. Arrays may be longer than `rows` demands. */
export interface RawBlock {
  /** Number of valid rows. */
  rows: number;
  /** Whether `labels` come from the input. */
  labelled: boolean;
  /** `[rows]`, 0 or 1; all 0 for unlabelled input. */
  readonly labels: Uint8Array;
  /** `[rows, 13]` row-major; 0 where missing. */
  readonly ints: Int32Array;
  /** `[rows]`, bit i set when integer i is missing. */
  readonly intMissing: Uint16Array;
  /** `[rows, 26]` row-major, 32-bit category values; 0 where missing. */
  readonly cats: Uint32Array;
  /** `[rows]`, bit i set when category i is missing. */
  readonly catMissing: Uint32Array;
}

/** Allocates a block for at most `capacity` rows. */
export function createRawBlock(capacity: number): RawBlock {
  return {
    rows: 0,
    labelled: true,
    labels: new Uint8Array(capacity),
    ints: new Int32Array(capacity * DENSE_FEATURES),
    intMissing: new Uint16Array(capacity),
    cats: new Uint32Array(capacity * CATEGORIES),
    catMissing: new Uint32Array(capacity),
  };
}
