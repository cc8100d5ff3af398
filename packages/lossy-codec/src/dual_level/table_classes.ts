/**
 * The first level of adaptation: how tight the bound of each table is.
 *
 * @module
 */

/** A table's class, which has a bound. */
export type TableClass = "tighten" | "base" | "loosen";

/** The classes from the tightest on. */
export const TABLE_CLASSES: readonly TableClass[] = ["tighten", "base", "loosen"];

/** Bounds by class, as shares of the range of values of one table's slice of a batch. */
export type ClassBounds = Readonly<Record<TableClass, number>>;

/** The authors' bounds. */
export const DEFAULT_CLASS_BOUNDS: ClassBounds = { tighten: 0.01, base: 0.03, loosen: 0.05 };

/** The relative bound at which the homogenization index decides a table's class. */
export const HOMOGENIZATION_BOUND = 0.01;

/** What a table's class is decided by. */
export interface TableFacts {
  /** Rows of the whole table. */
  readonly rows: number;
  /**
   * The homogenization index at {@linkcode HOMOGENIZATION_BOUND} over some batches, eight or more, that were sampled after
   * a warm-up. Absent before there are any.
   */
  readonly homogenization?: number;
}

/** Where the classes part. */
export interface ClassThresholds {
  /** A table whose index is below this is tightened: the bound would erase what tells its rows apart. Default 0.9. */
  readonly merged: number;
  /** Only a table whose index is above this may be loosened. Default 0.999. */
  readonly distinct: number;
  /** Only a table of fewer rows than this may be loosened. Default 1,000. */
  readonly few: number;
  /** A table of more rows than this is tightened as long as there is no index. Default 100,000. */
  readonly many: number;
}

/** The thresholds without options. */
export const DEFAULT_CLASS_THRESHOLDS: ClassThresholds = { merged: 0.9, distinct: 0.999, few: 1000, many: 100_000 };

/** The class of a table. The authors' own thresholds are not published; see {@linkcode observedTableClass}. */
export function tableClass(
  { rows, homogenization }: TableFacts,
  thresholds: Partial<ClassThresholds> = {},
): TableClass {
  const { merged, distinct, few, many } = { ...DEFAULT_CLASS_THRESHOLDS, ...thresholds };
  if (homogenization === undefined) return rows > many ? "tighten" : "base";
  if (homogenization < merged) return "tighten";
  return homogenization > distinct && rows < few ? "loosen" : "base";
}

/** Rows between which the authors' tables are of class base. */
export interface ObservedThresholds {
  /** Tables of at least so many rows are tightened. */
  readonly tightenFrom: number;
  /** Tables of at most so many rows are loosened. */
  readonly loosenUpTo: number;
}

/**
 * What the authors' lists of classes come down to, by rows alone. For the Criteo Kaggle tables `tightenFrom` lies in
 * 14,993 to 93,145 and `loosenUpTo` in 105 to 304, but for two tables of 24 and 27 rows that they keep at base; for the
 * terabyte tables in 313,830 to 415,421 and 970 to 1,441.
 */
export function observedTableClass(rows: number, { tightenFrom, loosenUpTo }: ObservedThresholds): TableClass {
  return rows >= tightenFrom ? "tighten" : rows <= loosenUpTo ? "loosen" : "base";
}
