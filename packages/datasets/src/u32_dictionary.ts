import { mix32 } from "./hash.ts";

/**
 * Dictionary from 32-bit values to `0..size-1` in order of first appearance: open addressing with linear probing on two
 * typed arrays (4 bytes per value, 6 to 11 per value for the slots), so that the 33.7 M values of Criteo Kaggle take
 * about half a gigabyte. "Missing" is one more value, distinct from all 2^32 others.
 */
export class U32Dictionary {
  #slots: Uint32Array = new Uint32Array(16); // 0 = free, otherwise id + 1
  #mask = 15;
  #values: Uint32Array = new Uint32Array(8);
  #size = 0;
  #missingId = -1;

  /** A dictionary that already holds `values`, in this order; they must be distinct, but for the one at `missingId`. */
  static from(values: Uint32Array, missingId = -1): U32Dictionary {
    const dictionary = new U32Dictionary();
    let slots = 16;
    while (values.length * 3 > slots * 2) slots *= 2;
    dictionary.#values = new Uint32Array(Math.max(8, values.length));
    dictionary.#slots = new Uint32Array(slots);
    dictionary.#mask = slots - 1;
    for (let i = 0; i < values.length; i++) {
      const id = i === missingId ? dictionary.addMissing() : dictionary.add(values[i]!);
      if (id !== i) {
        throw new RangeError(`Cannot build a dictionary as its values must be distinct: value ${i} repeats`);
      }
    }
    return dictionary;
  }

  /** Number of values, the missing one included. */
  get size(): number {
    return this.#size;
  }

  /** Id of "missing", -1 if it has not appeared. */
  get missingId(): number {
    return this.#missingId;
  }

  /** The values in order of their ids (a view, valid until the next `add`); 0 at `missingId`. */
  get values(): Uint32Array {
    return this.#values.subarray(0, this.#size);
  }

  /** Bytes held. */
  get byteLength(): number {
    return this.#slots.byteLength + this.#values.byteLength;
  }

  /** The id of `value`, which is added if it is new. */
  add(value: number): number {
    const slots = this.#slots, mask = this.#mask, values = this.#values;
    let slot = mix32(value) & mask;
    for (;;) {
      const entry = slots[slot]!;
      if (entry === 0) break;
      if (values[entry - 1] === value) return entry - 1;
      slot = (slot + 1) & mask;
    }
    slots[slot] = this.#push(value) + 1;
    if (this.#size * 3 > slots.length * 2) this.#grow();
    return this.#size - 1;
  }

  /** The id of "missing", which is added if it is new. */
  addMissing(): number {
    if (this.#missingId < 0) this.#missingId = this.#push(0);
    return this.#missingId;
  }

  /** The id of `value`, or -1. */
  get(value: number): number {
    const slots = this.#slots, mask = this.#mask, values = this.#values;
    for (let slot = mix32(value) & mask;; slot = (slot + 1) & mask) {
      const entry = slots[slot]!;
      if (entry === 0) return -1;
      if (values[entry - 1] === value) return entry - 1;
    }
  }

  #push(value: number): number {
    if (this.#size === this.#values.length) {
      const values = new Uint32Array(Math.ceil(this.#size * 1.5));
      values.set(this.#values);
      this.#values = values;
    }
    this.#values[this.#size] = value;
    return this.#size++;
  }

  #grow(): void {
    const length = this.#slots.length * 2;
    if (length > 2 ** 31) {
      throw new RangeError("Cannot add to a dictionary as it holds the most it can: 1431655765 values");
    }
    const slots = new Uint32Array(length);
    const mask = length - 1, values = this.#values;
    for (let id = 0; id < this.#size; id++) {
      if (id === this.#missingId) continue;
      let slot = mix32(values[id]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.#slots = slots;
    this.#mask = mask;
  }
}
