/**
 * Rows that both ends of a connection have: what was restored from earlier messages of one table and destination.
 *
 * @module
 */
import type { Codebook } from "./entropy/plan.ts";

/** Most rows that can be remembered: their number has 16 bits. */
export const MAX_REMEMBERED = 65535;

/** The rows that came last, the same ones at both ends as long as no message is lost. */
export class RowMemory {
  /** Bytes of a row. */
  readonly rowBytes: number;
  /** Hash of the last message, which has that of the one before for a seed: messages made for other rows do not match it. */
  state = 0;
  /** Table of the last map that brought its own. */
  book: Codebook | undefined;
  readonly #capacity: number;
  #rows: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #size = 0;
  #next = 0;

  /** Remembers nothing yet. */
  constructor(capacity: number, rowBytes: number) {
    this.#capacity = capacity;
    this.rowBytes = rowBytes;
  }

  /** Rows that are remembered. */
  get size(): number {
    return this.#size;
  }

  /** Where rows lie. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#rows;
  }

  /** Index into {@linkcode bytes} of the row that `age` others came after. */
  at(age: number): number {
    return this.slot(age) * this.rowBytes;
  }

  /** Number of the place of the row that `age` others came after; it inverts itself. */
  slot(age: number): number {
    const back = this.#next - 1 - age;
    return back < 0 ? back + this.#capacity : back;
  }

  /** Enters rows, the first one being the oldest; returns the places of those that are kept, the last ones. */
  append(rows: Uint8Array): number[] {
    const { rowBytes } = this, count = rows.length / rowBytes, slots: number[] = [];
    this.#reserve(Math.min(this.#capacity, this.#size + count));
    for (let row = Math.max(0, count - this.#capacity); row < count; row++) {
      this.#rows.set(rows.subarray(row * rowBytes, (row + 1) * rowBytes), this.#next * rowBytes);
      slots.push(this.#next);
      this.#next = (this.#next + 1) % this.#capacity;
      this.#size = Math.min(this.#size + 1, this.#capacity);
    }
    return slots;
  }

  #reserve(rows: number): void {
    const bytes = rows * this.rowBytes;
    if (this.#rows.length >= bytes) return;
    const grown = new Uint8Array(Math.min(this.#capacity * this.rowBytes, 2 * bytes));
    grown.set(this.#rows);
    this.#rows = grown;
  }
}
