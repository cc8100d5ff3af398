/**
 * Finds rows among those that were sent before, equal or alike.
 *
 * @module
 */
import type { Bound } from "./chunk/unit.ts";
import { type Additions, RowMemory } from "./row_memory.ts";

/** Bounds that differ by no more than this are taken for the least of them, so that rows restored within it stay good. */
const STEADY = 1.1;

/**
 * A key is made of four parts, each of four elements of a row: which of them is the greatest, and its sign, hardly changes when
 * the row is trained (J. Yagnik and others 2011, The power of comparative reasoning).
 */
const PARTS = 4, PART = 4;
/** Keys of a row: so many, and a hash of all its bits. */
export const KEYS = 13;

/** Which elements make the keys of rows of `d`. */
function elementsOfKeys(d: number): Uint32Array<ArrayBuffer> {
  const chosen = new Uint32Array((KEYS - 1) * PARTS * PART), order = Uint32Array.from({ length: d }, (_, j) => j);
  let state = 1;
  for (let i = 0; i < chosen.length; i++) {
    const from = i % (PARTS * PART) % d;
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    const other = from + Math.floor(state / 2 ** 32 * (d - from)), swapped = order[other]!;
    order[other] = order[from]!;
    chosen[i] = order[from] = swapped;
  }
  return chosen;
}

/** What an encoder remembers: rows as the decoder restored them, and keys of what they had been. */
export class SentRows extends RowMemory {
  /** Keys of the rows that are remembered, {@linkcode KEYS} each. */
  #keys: Uint32Array<ArrayBuffer> = new Uint32Array(0);
  /** For each number of a key, by its upper bits: 1 + place of the row that had it last. */
  #places: Uint16Array<ArrayBuffer>[] = [];
  #bits = 0;
  #listed = 0;
  readonly #elements: Uint32Array<ArrayBuffer>;
  #bound = 0;
  #repeats = false;

  /** Nothing was sent yet. */
  constructor(capacity: number, d: number, elementBytes: number) {
    super(capacity, d, elementBytes);
    this.#elements = elementsOfKeys(d);
  }

  /** A bound that is kept where rows repeat and the one asked for is hardly larger. */
  steady(error: number): number {
    const kept = this.#repeats && this.#bound <= error && error <= STEADY * this.#bound;
    return kept ? this.#bound : error;
  }

  /**
   * Writes the keys of a row.
   *
   * @param values Elements.
   * @param at Index of the row's first.
   * @param hash Of its bits.
   */
  keysOf(values: ArrayLike<number>, at: number, hash: number, keys: Uint32Array): void {
    const elements = this.#elements;
    for (let k = 0, i = 0; k + 1 < KEYS; k++) {
      let mixed = 0;
      for (let part = 0; part < PARTS; part++) {
        let most = 0, winner = 0;
        for (let j = 0; j < PART; j++) {
          const x = values[at + elements[i++]!]!, magnitude = x < 0 ? -x : x;
          if (magnitude > most) most = magnitude, winner = x < 0 ? j - PART : j + 1;
        }
        mixed = Math.imul(mixed, 0x85ebca77) + winner | 0;
      }
      keys[k] = Math.imul(mixed ^ mixed >>> 15, 0x9e3779b1) >>> 0;
    }
    keys[KEYS - 1] = hash;
  }

  /**
   * The place of the row most like one, of those that share a key with it.
   *
   * @param values Elements; the row begins at `at`.
   * @param rows Elements of the rows that are remembered.
   * @returns -1 if none is much like it.
   */
  nearest(values: ArrayLike<number>, at: number, keys: Uint32Array, rows: ArrayLike<number>): number {
    const { d } = this;
    let limit = 0, best = -1;
    for (let i = 0; i < d; i++) limit += Math.abs(values[at + i]!);
    // So that a row of zeros is like itself.
    limit = limit * 0.75 + 2 ** -1074;
    for (let k = KEYS - 1; k >= 0; k--) {
      const slot = this.#places[k]![keys[k]! >>> 32 - this.#bits]! - 1;
      if (slot < 0 || slot === best) continue;
      let distance = 0;
      for (let i = 0, from = slot * d; i < d && distance < limit; i++) {
        distance += Math.abs(values[at + i]! - rows[from + i]!);
      }
      if (distance < limit) limit = distance, best = slot;
    }
    return best;
  }

  /**
   * As `apply`.
   *
   * @param keys Of changed rows, then of new ones, {@linkcode KEYS} each.
   * @param bound That of the message, if it is absolute.
   * @param repeats Whether rows were there already.
   */
  enter(additions: Additions, keys: Uint32Array, bound: number, repeats: boolean): void {
    const places = this.apply(additions), slots = [...Array.from(additions.slots), ...places];
    this.#grow();
    this.#listed = this.size;
    slots.forEach((slot, row) => {
      this.#keys.set(keys.subarray(KEYS * row, KEYS * (row + 1)), KEYS * slot);
      this.#list(slot);
    });
    this.#bound = bound;
    this.#repeats = repeats;
  }

  #list(slot: number): void {
    for (let k = 0; k < KEYS; k++) this.#places[k]![this.#keys[KEYS * slot + k]! >>> 32 - this.#bits] = slot + 1;
  }

  /** Sees to it that there are at least twice as many entries as rows. */
  #grow(): void {
    if (this.size <= this.#keys.length / KEYS) return;
    this.#bits = Math.max(6, 34 - Math.clz32(this.size));
    this.#places = Array.from({ length: KEYS }, () => new Uint16Array(2 ** this.#bits));
    const keys = this.#keys;
    this.#keys = new Uint32Array(KEYS * 2 ** (this.#bits - 1));
    this.#keys.set(keys);
    for (let slot = 0; slot < this.#listed; slot++) this.#list(slot);
  }
}

/** Whether a remembered row is within the bound of one. */
export function suits(
  values: ArrayLike<number>,
  at: number,
  d: number,
  rows: ArrayLike<number>,
  from: number,
  { kind, error }: Bound,
): boolean {
  for (let i = 0; i < d; i++) {
    const a = values[at + i]!, b = rows[from + i]!;
    if (kind === "lossless") {
      if (!Object.is(a, b) || a !== a) return false;
      continue;
    }
    const most = kind === "pwRel" ? error * Math.abs(a) : error;
    // Differences and products of doubles are rounded: a little less than the bound is asked for. Not so of NaN.
    if (!(Math.abs(a - b) <= most * (1 - 2 ** -50))) return false;
  }
  return true;
}
