/**
 * The arrays that the codec is measured on.
 *
 * @module
 */

/** A float32 array of one table or field. */
export interface NamedArray {
  /** Of the table or field. Snapshots of one table have one name. */
  readonly name: string;
  /** When it was taken, where there is more than one. */
  readonly snapshot?: string;
  readonly values: Float32Array<ArrayBuffer>;
  readonly rows: number;
  /** Elements per row. */
  readonly rowLength: number;
  /** A sequence and no rows: peers that know dimensions are told one. */
  readonly sequence?: boolean;
}

/** Arrays whose bytes are added up. */
export interface ArrayGroup {
  readonly name: string;
  /** Whole numbers of rows that are compressed on their own, with a range of their own. Larger than the arrays: all rows. */
  readonly sliceRows: readonly number[];
  /** Relative bounds. */
  readonly bounds: readonly number[];
  /**
   * `embeddings`: what the codec is for and held to; `control`: the same with something taken away; `counter-example`: where
   * another codec may be the better choice.
   */
  readonly kind: "embeddings" | "control" | "counter-example";
  /** One after another, as they may be more than memory holds. */
  arrays(): Iterable<NamedArray>;
}

/** The bounds and slices of embedding batches. */
export const BATCH_BOUNDS: readonly number[] = [0.01, 0.03, 0.05],
  BATCH_SLICES: readonly number[] = [64, 256, 1024, 2048];
