/**
 * All float32 bit patterns, in two orders.
 *
 * @module
 */

/**
 * - `narrow`: counting up. A chunk of 2^17 values holds a 64th of a power of two, and gets the step that fits it: more values
 *   have codes than in any other order, as rows that have none are raw.
 * - `wide`: a chunk takes 256 neighbours from each of the 512 exponents with sign, rows of 64. Its step is the one for the
 *   greatest of all values; rows without codes and rows with them are mixed.
 */
export type Order = "narrow" | "wide";

/** All orders. */
export const ORDERS: readonly Order[] = ["narrow", "wide"];
/** Patterns that are compressed together. */
export const BLOCK: number = 2 ** 22;

const MANTISSA_BITS = 23, RUN_BITS = 8;

/** Values of an order for a share of all patterns: one, taken at random, of every `2^shareBits` neighbours. */
export interface Selection {
  readonly order: Order;
  /** 0 for all patterns, up to 10. */
  readonly shareBits: number;
}

/** Blocks that there are. */
export function blockCount({ shareBits }: Selection): number {
  return 2 ** (32 - shareBits) / BLOCK;
}

/** Fills `patterns`, of length {@linkcode BLOCK}, with those of a block. */
export function fillBlock({ order, shareBits }: Selection, block: number, patterns: Uint32Array): void {
  const begin = block * BLOCK, mask = 2 ** shareBits - 1;
  if (order === "narrow" && shareBits === 0) {
    for (let i = 0; i < BLOCK; i++) patterns[i] = begin + i;
    return;
  }
  // Of an index in wide order, from above: segment of the mantissa, exponent with sign, place in the run of neighbours.
  const run = 2 ** RUN_BITS, exponentAt = MANTISSA_BITS - shareBits;
  for (let i = 0; i < BLOCK; i++) {
    let index = begin + i;
    if (order === "wide") {
      const exponent = index >>> RUN_BITS & 511, segment = index >>> RUN_BITS + 9;
      index = (exponent << exponentAt | segment << RUN_BITS | index & run - 1) >>> 0;
    }
    patterns[i] = index << shareBits | Math.imul(index, 0x9e3779b1) >>> 22 & mask;
  }
}
