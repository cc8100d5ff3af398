/**
 * Ids as callers give them: checked on the host, and brought to 32 bits.
 *
 * @module
 */
import { IdOutOfRangeError } from "../errors.ts";
import { mulMod } from "../hash/affine.ts";
import { mix, seedBase } from "../hash/mix32.ts";
import type { RobeLayout } from "../layout.ts";

/** Ids of rows. Plain numbers must be whole; ids beyond 2^32 - 1 come as `BigUint64Array`. */
export type RobeIds = Uint32Array | Int32Array | BigUint64Array | readonly number[];

/** What a table asks of its ids. */
export interface IdRules {
  /** Name, for messages. */
  readonly table: string;
  /** Ids are below this. */
  readonly numEmbeddings: number;
  /** Whether larger ids are allowed and counted. */
  readonly open: boolean;
  /** The id that reads as zeros. */
  readonly paddingIdx: number | undefined;
  /** Takes an id of 64 bits, high word > 0, to 32. */
  readonly fold: (low: number, high: number) => number;
}

/** Ids as the device takes them. */
export interface CheckedIds {
  /** One u32 per id. */
  readonly ids: Uint32Array;
  /** How many were beyond `numEmbeddings` of an open table. */
  readonly outOfRange: number;
}

/** Distance of the constants of 64-bit ids from the other constants of a seed. */
const FOLD_STREAM = 0x2000;

/**
 * How table number `table` brings 64-bit ids `high 2^32 + low` with `high > 0` to 32 bits; smaller ids stay what they are,
 * so a table that outgrows 2^32 ids keeps its rows. With `mix32`, `low + high c mod 2^32` for an odd constant c of the
 * table; with `m31`, `(low + high c) mod P`; with the authors' layouts c is 2^32, so the result is the id mod P, which is
 * what their 64-bit arithmetic hashes. Ids that fold to the same number share a row: of n ids, some n / 2^32 each.
 */
export function foldOf(layout: RobeLayout, table: number): (low: number, high: number) => number {
  const constant = mix(seedBase(layout.seed) + FOLD_STREAM + table);
  if (!layout.affine) {
    const odd = constant | 1;
    return (low, high) => (low + Math.imul(high, odd)) >>> 0;
  }
  const { prime } = layout.affine.starts;
  const factor = layout.hash === "m31" ? 1 + constant % (prime - 1) : 2 ** 32 % prime;
  return (low, high) => (mulMod(factor, high, prime) + low % prime) % prime;
}

/**
 * Checks ids before any work is done with them.
 *
 * @throws {TypeError} where they are of another type, negative or not whole
 * @throws {RangeError} where a plain number is beyond 2^32 - 1
 * @throws {IdOutOfRangeError} where the table is strict and has no such id
 */
export function checkIds(rules: IdRules, ids: RobeIds): CheckedIds {
  if (ids instanceof BigUint64Array) return checkWide(rules, ids);
  if (ids instanceof Int32Array || Array.isArray(ids)) checkWhole(rules.table, ids);
  else if (!(ids instanceof Uint32Array)) {
    throw typeError(rules.table, Object.prototype.toString.call(ids).slice(8, -1));
  }
  const narrow = ids instanceof Uint32Array ? ids : Uint32Array.from(ids as ArrayLike<number>);
  const { numEmbeddings, open } = rules;
  let outOfRange = 0;
  for (let i = 0; i < narrow.length; i++) {
    if (narrow[i]! < numEmbeddings) continue;
    if (!open) throw new IdOutOfRangeError(rules.table, i, narrow[i]!, numEmbeddings);
    outOfRange++;
  }
  return { ids: narrow, outOfRange };
}

/** {@linkcode checkIds} for one id, of 64 bits where it is a bigint. */
export function checkId(rules: IdRules, id: number | bigint): CheckedIds {
  if (typeof id !== "bigint") return checkIds(rules, [id]);
  if (id >= 0n && id < 2n ** 64n) return checkIds(rules, BigUint64Array.of(id));
  throw new TypeError(`Cannot look up id ${id} of table "${rules.table}": want 0 to 2^64 - 1`);
}

/** Refuses what `Uint32Array.from` would silently turn into another id. */
function checkWhole(table: string, ids: ArrayLike<unknown>): void {
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i];
    if (typeof id !== "number" || !Number.isInteger(id) || id < 0) {
      throw new TypeError(
        `Cannot look up id ${String(id)} at position ${i} of table "${table}": want a whole number >= 0`,
      );
    }
    if (id >= 2 ** 32) {
      throw new RangeError(
        `Cannot look up id ${id} at position ${i} of table "${table}" as a number: want at most ${
          2 ** 32 - 1
        }, or a BigUint64Array`,
      );
    }
  }
}

function checkWide(rules: IdRules, wide: BigUint64Array): CheckedIds {
  // Words of a 64-bit element, the low one first, as on every host that has WebAssembly's byte order.
  const words = new Uint32Array(wide.buffer, wide.byteOffset, 2 * wide.length);
  const ids = new Uint32Array(wide.length);
  let outOfRange = 0;
  for (let i = 0; i < ids.length; i++) {
    const low = words[2 * i]!, high = words[2 * i + 1]!;
    // The sum may round, but not past a bound, which is a whole number below 2^53.
    if (high * 2 ** 32 + low >= rules.numEmbeddings) {
      if (!rules.open) throw new IdOutOfRangeError(rules.table, i, wide[i]!, rules.numEmbeddings);
      outOfRange++;
    }
    const id = high === 0 ? low : rules.fold(low, high);
    // No other id may become the padding id, which would read as zeros.
    ids[i] = high > 0 && id === rules.paddingIdx ? id + 1 : id;
  }
  return { ids, outOfRange };
}

function typeError(table: string, met: string): TypeError {
  return new TypeError(
    `Cannot look up ${met} in table "${table}": want Uint32Array, Int32Array, BigUint64Array or an array of numbers`,
  );
}
