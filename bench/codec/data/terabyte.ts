/**
 * A batch of look-ups with the shape of the SC'24 paper's Terabyte runs: 26 tables of the Criteo Terabyte set's sizes, 2048
 * rows of 64 from each, and the paper's three bounds.
 *
 * @module
 */
import { generator } from "../../robe/ids.ts";
import type { NamedArray } from "./array.ts";

const BATCH = 2048, DIM = 64;

/** Rows of the tables, ids capped at 10 million. */
const TABLE_ROWS = [
  ...[9980333, 36084, 17217, 7378, 20134, 3, 7112, 1442, 61, 9758201, 1333352, 313829, 10],
  ...[2208, 11156, 122, 4, 970, 14, 9994222, 7267859, 9946608, 415421, 12420, 101, 36],
];

/** Tables of the paper's classes of tighter and of looser bounds. */
const TIGHTENED = [0, 9, 10, 19, 20, 21, 22], LOOSENED = [5, 8, 12, 15, 16, 17, 18, 24, 25];

/** With it a batch of table 1 has about as many distinct rows, 945, as in the batch that the paper's authors published. */
const ZIPF_EXPONENT = 1.06;

/** Look-ups in one table. */
export interface TableBatch extends NamedArray {
  /** Bound relative to the range. */
  readonly rel: number;
}

/** One batch, table by table; other seeds are other look-ups in the same tables. */
export function terabyteBatch(seed = 1): TableBatch[] {
  return TABLE_ROWS.map((tableRows, table) => {
    const random = generator(100 * seed + table), values = new Float32Array(BATCH * DIM);
    for (let row = 0; row < BATCH; row++) {
      // Inverse of the cumulated Zipf distribution, taken as continuous.
      const all = tableRows ** (1 - ZIPF_EXPONENT) - 1;
      const id = Math.min(tableRows, Math.floor((1 + random() * all) ** (1 / (1 - ZIPF_EXPONENT)))) - 1;
      values.set(trainedRow(table, id), row * DIM);
    }
    const rel = TIGHTENED.includes(table) ? 0.01 : LOOSENED.includes(table) ? 0.05 : 0.03;
    return { name: `table ${table} of ${tableRows} rows`, values, rows: BATCH, rowLength: DIM, rel };
  });
}

/** Popular rows have learnt large values, rare ones have stayed near their small beginning. */
function trainedRow(table: number, id: number): Float32Array {
  const random = generator(Math.imul(table + 1, 0x9e3779b1) ^ Math.imul(id + 1, 0x85ebca77));
  const scale = 0.0025 + 0.04 / (1 + id) ** 0.5;
  return Float32Array.from({ length: DIM }, () => scale * (random() + random() + random() - 1.5));
}
