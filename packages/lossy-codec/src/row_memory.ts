/**
 * Rows that both ends of a connection have: what was restored from earlier messages of one table and destination.
 *
 * @module
 */
import type { KeptTables } from "./entropy/codebook.ts";

/** Most rows that can be remembered: their number has 16 bits. */
export const MAX_REMEMBERED = 65535;

/** What a message does to a memory. */
export interface Additions {
  /** Hash of the message. */
  readonly state: number;
  /** Places of rows that changed. */
  readonly slots: ArrayLike<number>;
  /** What they are now. */
  readonly changed: Uint8Array<ArrayBuffer>;
  /** Rows that were new. */
  readonly rows: Uint8Array<ArrayBuffer>;
  /** Tables of the row map. */
  readonly mapBook: KeptTables | undefined;
  /** Tables of the differences. */
  readonly nearBook: KeptTables | undefined;
}

/** The same rows in the same places at both ends, as long as no message is lost. */
export class RowMemory {
  /** Elements of a row. */
  readonly d: number;
  /** Bytes of a row. */
  readonly rowBytes: number;
  /** Hash of the last message, which has that of the one before for a seed: messages made for other rows do not match it. */
  state = 0;
  /** Tables of the last row map that brought its own. */
  mapBook: KeptTables | undefined;
  /** Tables of the last differences that brought their own. */
  nearBook: KeptTables | undefined;
  readonly #capacity: number;
  #rows: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  #size = 0;
  #next = 0;

  /** Remembers nothing yet. */
  constructor(capacity: number, d: number, elementBytes: number) {
    this.#capacity = capacity;
    this.d = d;
    this.rowBytes = d * elementBytes;
  }

  /** Rows that are remembered, in places from 0 on. */
  get size(): number {
    return this.#size;
  }

  /** Bits of a place. */
  get slotBits(): number {
    return 32 - Math.clz32(this.#size);
  }

  /** All of them, and maybe more behind. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#rows;
  }

  /** A row. */
  row(slot: number): Uint8Array<ArrayBuffer> {
    return this.#rows.subarray(slot * this.rowBytes, (slot + 1) * this.rowBytes);
  }

  /** Puts changed rows into their places and new ones behind the last, or where the oldest are; returns the places of these. */
  apply({ state, slots, changed, rows, mapBook, nearBook }: Additions): number[] {
    const { rowBytes } = this, count = rows.length / rowBytes, places: number[] = [];
    for (let i = 0; i < slots.length; i++) {
      this.#rows.set(changed.subarray(i * rowBytes, (i + 1) * rowBytes), slots[i]! * rowBytes);
    }
    this.#reserve(Math.min(this.#capacity, this.#size + count));
    for (let row = 0; row < count; row++) {
      this.#rows.set(rows.subarray(row * rowBytes, (row + 1) * rowBytes), this.#next * rowBytes);
      places.push(this.#next);
      this.#next = (this.#next + 1) % this.#capacity;
      this.#size = Math.min(this.#size + 1, this.#capacity);
    }
    this.state = state;
    this.mapBook = mapBook;
    this.nearBook = nearBook;
    return places;
  }

  #reserve(rows: number): void {
    const bytes = rows * this.rowBytes;
    if (this.#rows.length >= bytes) return;
    const grown = new Uint8Array(Math.min(this.#capacity * this.rowBytes, 2 * bytes));
    grown.set(this.#rows);
    this.#rows = grown;
  }
}
