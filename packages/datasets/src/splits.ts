/** Rows `[from, to)` of a table. */
export interface RowRange {
  /** First row. */
  readonly from: number;
  /** One past the last row. */
  readonly to: number;
}

/** The three parts of a data set; they do not overlap. */
export interface SplitRanges {
  /** Rows to train on. */
  readonly train: RowRange;
  /** Rows for early stopping. */
  readonly valid: RowRange;
  /** Rows for the final score. */
  readonly test: RowRange;
}

function fraction(name: string, value: number): number {
  if (!(value >= 0 && value < 1)) {
    throw new RangeError(`Cannot split as ${name} must be at least 0 and below 1: got ${value}`);
  }
  return value;
}

/**
 * Splits in file order (rows are in time order): the last `testSplit` of all rows is the test part, the last
 * `validSplit` of the rest the validation part.
 *
 * @throws {RangeError} on fractions outside [0, 1) or if nothing is left to train on
 */
export function temporalSplit(rows: number, options: { testSplit: number; validSplit: number }): SplitRanges {
  const test = rows - Math.round(rows * fraction("testSplit", options.testSplit));
  const valid = test - Math.round(test * fraction("validSplit", options.validSplit));
  if (valid === 0) throw new RangeError(`Cannot split ${rows} rows as no row is left for training`);
  return { train: { from: 0, to: valid }, valid: { from: valid, to: test }, test: { from: test, to: rows } };
}

/**
 * The split of facebookresearch/dlrm: the last day is held out, its first half (rounded up) is the test part and its
 * second half the validation part. A single file counts as seven days, the first ones one row longer where the number
 * of rows is not a multiple of seven; several files are one day each.
 *
 * @param fileRows rows of each file, in order
 * @throws {RangeError} if fewer than two days hold rows
 */
export function dlrmSplit(fileRows: readonly number[]): SplitRanges {
  const rows = fileRows.reduce((a, b) => a + b, 0);
  const lastDay = fileRows.length > 1 ? fileRows[fileRows.length - 1]! : Math.floor(rows / 7);
  const from = rows - lastDay;
  if (from === 0 || lastDay === 0) {
    throw new RangeError(`Cannot split ${rows} rows into days as the last day holds ${lastDay}; want 7 rows or more`);
  }
  const half = from + Math.ceil(lastDay / 2);
  return { train: { from: 0, to: from }, valid: { from: half, to: rows }, test: { from, to: half } };
}
