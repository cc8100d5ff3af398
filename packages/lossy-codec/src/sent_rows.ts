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
 * A row's parts: in each, which element is the greatest and its sign hardly change when the row is trained (J. Yagnik and others
 * 2011, The power of comparative reasoning).
 */
const PARTS = 8;
/** Three parts make a key. */
const TRIPLES = [0o012, 0o345, 0o670, 0o136, 0o247, 0o035, 0o157, 0o236] as const;
/** Keys of a row: these and a hash of all its bits. */
export const KEYS: number = TRIPLES.length + 1;

/** What an encoder remembers: rows as the decoder restored them, and keys of what they had been. */
export class SentRows extends RowMemory {
  /** By number of the key and hash of it, 1 + place of the row that had it last. */
  readonly #places: Uint32Array<ArrayBuffer>[];
  readonly #shift: number;
  readonly #winners = new Uint32Array(PARTS);
  #bound = 0;

  /** Nothing was sent yet. */
  constructor(capacity: number, rowBytes: number) {
    super(capacity, rowBytes);
    const bits = 34 - Math.clz32(capacity);
    this.#shift = 32 - bits;
    this.#places = Array.from({ length: KEYS }, () => new Uint32Array(2 ** bits));
  }

  /** A bound that is kept where the one asked for is hardly larger. */
  steady(error: number): number {
    if (!(this.#bound <= error && error <= STEADY * this.#bound)) this.#bound = error;
    return this.#bound;
  }

  /**
   * Writes the keys of a row.
   *
   * @param values Elements.
   * @param at Index of the row's first.
   * @param hash Of its bits.
   */
  keysOf(values: ArrayLike<number>, at: number, d: number, hash: number, keys: Uint32Array): void {
    const winners = this.#winners;
    for (let part = 0, i = 0; part < PARTS; part++) {
      const begin = i, end = Math.floor((part + 1) * d / PARTS);
      let most = 0, winner = 0;
      for (; i < end; i++) {
        const x = values[at + i]!, magnitude = x < 0 ? -x : x;
        if (magnitude > most) most = magnitude, winner = 2 * (i - begin + 1) + (x < 0 ? 1 : 0);
      }
      winners[part] = winner;
    }
    for (let k = 0; k + 1 < KEYS; k++) {
      const triple = TRIPLES[k]!, [a, b, c] = [winners[triple >> 6]!, winners[triple >> 3 & 7]!, winners[triple & 7]!];
      const mixed = Math.imul(Math.imul(Math.imul(a, 0x85ebca77) ^ b, 0x9e3779b1) ^ c, 0xc2b2ae3d);
      keys[k] = Math.imul(mixed ^ mixed >>> 15, 0x9e3779b1) >>> this.#shift;
    }
    keys[KEYS - 1] = hash >>> this.#shift;
  }

  /**
   * The place of the row most like one, of those that share a key with it.
   *
   * @param values Elements; the row begins at `at`.
   * @param rows Elements of the rows that are remembered.
   * @returns -1 if none is much like it.
   */
  nearest(values: ArrayLike<number>, at: number, d: number, keys: Uint32Array, rows: ArrayLike<number>): number {
    let limit = 0, best = -1;
    for (let i = 0; i < d; i++) limit += Math.abs(values[at + i]!);
    // So that a row of zeros is like itself.
    limit = limit * 0.75 + 2 ** -1074;
    for (let k = KEYS - 1; k >= 0; k--) {
      const slot = this.#places[k]![keys[k]!]! - 1;
      if (slot < 0 || slot === best) continue;
      let distance = 0;
      for (let i = 0, from = slot * d; i < d && distance < limit; i++) {
        distance += Math.abs(values[at + i]! - rows[from + i]!);
      }
      if (distance < limit) limit = distance, best = slot;
    }
    return best;
  }

  /** As `apply`, with the keys of changed rows, then of new ones, {@linkcode KEYS} each. */
  enter(additions: Additions, keys: Uint32Array): void {
    const places = [...Array.from(additions.slots), ...this.apply(additions)];
    places.forEach((place, row) => {
      for (let k = 0; k < KEYS; k++) this.#places[k]![keys[KEYS * row + k]!] = place + 1;
    });
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
