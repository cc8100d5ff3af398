import { mix32 } from "../hash.ts";
import { CATEGORY_NAMES } from "../layout.ts";
import type { U32Dictionary } from "../u32_dictionary.ts";

/** Turns the values of one categorical column into ids `0..rows-1`. */
export interface CategoryMap {
  /** Rows of the embedding table. */
  readonly rows: number;
  /** Id of a value. @param value 32-bit category value @param missing whether the field was empty */
  id(value: number, missing: boolean): number;
}

/** Ids by a dictionary; index 0 serves rare and unseen values ("frequency") or is the first value itself ("dlrm"). */
export class VocabularyMap implements CategoryMap {
  /** Known values, in id order. */
  readonly vocabulary: U32Dictionary;
  /** Values are taken modulo this number before the look-up; 0 = not. */
  readonly modulo: number;
  /** Id of the first known value: 1 where index 0 is shared by all others. */
  readonly first: 0 | 1;
  /** Whether an empty field is the value 0 instead of a value of its own. */
  readonly missingIsZero: boolean;
  /** Rows of the embedding table. */
  readonly rows: number;

  /** A map by dictionary. @param vocabulary known values @param kind how ids are laid out */
  constructor(vocabulary: U32Dictionary, kind: { modulo: number; first: 0 | 1; missingIsZero: boolean }) {
    this.vocabulary = vocabulary;
    this.modulo = kind.modulo;
    this.first = kind.first;
    this.missingIsZero = kind.missingIsZero;
    this.rows = Math.max(1, vocabulary.size + this.first);
  }

  /** Id of a value; one that is not in the vocabulary has id 0. */
  id(value: number, missing: boolean): number {
    let known: number;
    if (missing && !this.missingIsZero) {
      known = this.vocabulary.missingId;
    } else {
      known = this.vocabulary.get(this.modulo > 0 ? value % this.modulo : value);
    }
    return known < 0 ? 0 : known + this.first;
  }
}

/** Ids by hashing: no dictionary, bounded memory, collisions. */
export class HashMapping implements CategoryMap {
  /** Rows of the embedding table. */
  readonly rows: number;
  readonly #salt: number;

  /** A map by hashing. @param rows 1..2^32-1 @param column index of the column, which salts the hash */
  constructor(rows: number, column: number) {
    if (!(Number.isInteger(rows) && rows >= 1 && rows < 2 ** 32)) {
      throw new RangeError(`Cannot hash ${CATEGORY_NAMES[column]} as its rows must be in 1..2^32-1: got ${rows}`);
    }
    this.rows = rows;
    this.#salt = mix32(column + 1);
  }

  /** Id of a value: the high part of hash x rows. */
  id(value: number, missing: boolean): number {
    const hash = missing ? mix32(this.#salt ^ 0x6d697373) : mix32(mix32(value) ^ this.#salt);
    return Math.floor((hash * this.rows) / 2 ** 32);
  }
}
