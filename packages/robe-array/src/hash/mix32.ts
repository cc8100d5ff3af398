/**
 * The hash `mix32`, version 1: native 32-bit multiplications only, so that TypeScript, WebAssembly and WGSL give the same
 * bits. Two rounds and an odd multiplier per table: with one round, tables whose seeds differ in low bits only would
 * share rows, and neighbouring ids would share starts for every seed.
 *
 * @module
 */

/** Distance of the block hashes of a row. */
export const BLOCK_STEP = 0x9e3779b1;
/** Distance of the sign words of a row. */
export const SIGN_STEP = 0xc2b2ae35;
/** Sign word 0. */
export const SIGN_BASE = 0x5bd1e995;

/** Finaliser with full avalanche, a bijection of u32. */
export function mix(value: number): number {
  let h = value >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Where all constants of a seed start from. */
export function seedBase(seed: number): number {
  return mix((seed ^ 0xa511e9b3) >>> 0);
}

/** Odd multiplier and summand of a table. */
export function tableConstants(seed: number, table: number): readonly [multiplier: number, summand: number] {
  const base = seedBase(seed);
  return [(mix(base + 2 * table) | 1) >>> 0, mix(base + 2 * table + 1)];
}

/** Hash of a row: bijective in `x` inside a table. */
export function rowHash(x: number, multiplier: number, summand: number): number {
  return mix(Math.imul(x, multiplier) + summand);
}

/** Hash of block `k` of a row. */
export function blockHash(row: number, k: number): number {
  return mix(row + Math.imul(k, BLOCK_STEP));
}

/** 32 sign bits: bit `i % 32` of word `i / 32` is set where element `i` is negated. */
export function signWord(row: number, word: number): number {
  return mix(row ^ (Math.imul(word, SIGN_STEP) + SIGN_BASE));
}
