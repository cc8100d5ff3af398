/**
 * The ratios that robe-array is held to, looked up among the rows of a full run.
 *
 * @module
 */
import type { Bench, BenchRow } from "../harness.ts";
import { fullNames, lookupCase, lookupSizes, NATIVE_NAMES } from "./lookups.ts";

/** Against what, at which array and block size, at least which ratio. */
interface Mark {
  readonly size: number;
  readonly blockSize: number;
  readonly baseline: string;
  readonly atLeast: number;
}

const [SMALL, LARGE] = lookupSizes(false).arrays as [number, number];
const NAMES = fullNames(lookupSizes(false));

const MARKS: readonly Mark[] = [
  { size: LARGE, blockSize: 32, baseline: NAMES.care, atLeast: 1.3 },
  { size: LARGE, blockSize: 128, baseline: NAMES.care, atLeast: 1.8 },
  { size: SMALL, blockSize: 32, baseline: NAMES.care, atLeast: 2.5 },
  { size: SMALL, blockSize: 128, baseline: NAMES.care, atLeast: 3.3 },
  ...[NAMES.plain, NAMES.narrowPlain].flatMap((baseline) => [
    { size: LARGE, blockSize: 32, baseline, atLeast: 3.1 },
    { size: SMALL, blockSize: 32, baseline, atLeast: 7 },
  ]),
  // "Within 1.3x of native C", in each of its forms.
  ...[LARGE, SMALL].flatMap((size) =>
    [32, 128].flatMap((blockSize) =>
      Object.values(NATIVE_NAMES).map((baseline) => ({ size, blockSize, baseline, atLeast: 1 / 1.3 }))
    )
  ),
];

/** The same for training cases, by how their texts begin, against full tables. */
const TRAINING_MARKS: readonly (readonly [text: string, atLeast: number])[] = [
  ["train Kaggle", 1],
  ["train MLPerf", 1],
  ["look-up and update Kaggle", 5],
];

/** Adds a row per mark whose case was run. Look-ups: uniform ids, d 128, f32, align 4, one thread. */
export function reportMarks(bench: Bench): void {
  for (const { size, blockSize, baseline, atLeast } of MARKS) {
    const text = lookupCase({ dim: 128, blockSize, align: 4, dtype: "f32" }, size, "uniform", 1);
    const row = bench.rows.find((row) => row.case === text && row.baseline === baseline);
    if (row?.ratio === undefined) continue;
    report(bench, row, row.ratio, atLeast);
  }
  for (const [text, atLeast] of TRAINING_MARKS) {
    for (const row of [...bench.rows]) {
      if (row.ratio === undefined || !row.case.startsWith(text) || !row.baseline?.startsWith("full tables")) continue;
      report(bench, row, row.ratio, atLeast);
    }
  }
}

function report(bench: Bench, { case: text, baseline }: BenchRow, ratio: number, atLeast: number): void {
  const met = ratio >= atLeast ? "met" : "missed";
  bench.add({ case: text, metric: `required >= ${atLeast.toFixed(2)}x ${baseline}: ${met}`, value: ratio, unit: "x" });
}
