/**
 * Finds rows among those that were sent before.
 *
 * @module
 */
import type { Bound } from "./chunk/unit.ts";
import { dtypeOf, type FloatArray } from "./dtype.ts";
import { F16 } from "./kernels/kernels.ts";
import { f16Value } from "./kernels/plain_range.ts";
import { RowMemory } from "./row_memory.ts";

/** Bounds that differ by no more than this are taken for the least of them, so that rows restored within it stay good. */
const STEADY = 1.1;

/** What an encoder remembers: the rows as the decoder restored them, and where those are that it had restored them from. */
export class SentRows extends RowMemory {
  /** By hash, 1 + place of the row that had it last. */
  readonly #places: Uint32Array<ArrayBuffer>;
  readonly #mask: number;
  #bound = 0;

  /** Nothing was sent yet. */
  constructor(capacity: number, rowBytes: number) {
    super(capacity, rowBytes);
    this.#places = new Uint32Array(2 ** (34 - Math.clz32(capacity)));
    this.#mask = this.#places.length - 1;
  }

  /** A bound that is kept where the one asked for is hardly larger. */
  steady(error: number): number {
    if (!(this.#bound <= error && error <= STEADY * this.#bound)) this.#bound = error;
    return this.#bound;
  }

  /**
   * Looks for a row that will do.
   *
   * @param hash Of the row's bits.
   * @param row The row.
   * @param rows {@linkcode bytes} as an array of the same type.
   * @returns Its age; -1 if there is none.
   */
  find(hash: number, row: FloatArray, rows: FloatArray, bound: Bound): number {
    const place = this.#places[hash & this.#mask]! - 1;
    return place >= 0 && suits(row, rows, place * row.length, bound) ? this.slot(place) : -1;
  }

  /** Enters rows of the given hashes, restored. */
  enter(rows: Uint8Array, hashes: Uint32Array): void {
    const slots = this.append(rows);
    slots.forEach((slot, i) => this.#places[hashes[hashes.length - slots.length + i]! & this.#mask] = slot + 1);
  }
}

/** Whether a row restored from others is within the bound of one. */
function suits(row: FloatArray, rows: FloatArray, from: number, { kind, error }: Bound): boolean {
  const half = dtypeOf(row) === F16;
  for (let i = 0; i < row.length; i++) {
    const a = half ? f16Value(row[i]!) : row[i]!, b = half ? f16Value(rows[from + i]!) : rows[from + i]!;
    const most = kind === "pwRel" ? error * Math.abs(a) : error;
    // Differences and products of doubles are rounded: a little less than the bound is asked for. Not so of NaN and lossless.
    if (kind === "lossless" ? !Object.is(a, b) || a !== a : !(Math.abs(a - b) <= most * (1 - 2 ** -50))) return false;
  }
  return true;
}
