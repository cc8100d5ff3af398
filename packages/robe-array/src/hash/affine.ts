/**
 * Hashes of the form `(cx x + ck k + c0) mod P` with a prime P below 2^31: Eq. 2 of the paper (`m31`, P = 2^31 - 1) and
 * the two layouts of the authors' code (`ref1`, `ref2`).
 *
 * @module
 */
import { mix, seedBase } from "./mix32.ts";
import { randomState } from "./numpy_random.ts";

/** P of `m31`, a Mersenne prime. */
export const M31: number = 2 ** 31 - 1;
/** P of the authors' code. */
export const REFERENCE_PRIME = 2_038_074_743;

/** `a * b mod p` for a, p < 2^31 and b < 2^32; every intermediate is below 2^53. */
export function mulMod(a: number, b: number, p: number): number {
  const high = (a * (b >>> 16)) % p;
  return (high * 65536 + a * (b & 65535)) % p;
}

/** Coefficients of an affine hash. */
export interface AffineHash {
  /** P. */
  readonly prime: number;
  /** Coefficient of the table's index. */
  readonly table: number;
  /** Coefficient of the id. */
  readonly x: number;
  /** Coefficient of the block or element. */
  readonly k: number;
  /** Summand. */
  readonly constant: number;
}

/**
 * Coefficients of `m31`: `starts` for block starts (k counts blocks), `signs` for signs (k counts elements).
 *
 * Uniform over seeds, which is what 2-universal means; under one seed, ids of one stride fall on a lattice. It is mostly
 * more even than chance, but for about one seed in ten less so, which `mix32` does not have. Signs are pairwise
 * independent, less than the 4-wise independence that the paper's variance asks for.
 */
export function m31(seed: number): { readonly starts: AffineHash; readonly signs: AffineHash } {
  const base = seedBase(seed);
  const coefficient = (t: number) => 1 + mix(base + 0x1000 + t) % (M31 - 1);
  const from = (t: number): AffineHash => ({
    prime: M31,
    table: coefficient(t),
    x: coefficient(t + 1),
    k: coefficient(t + 2),
    constant: coefficient(t + 3),
  });
  return { starts: from(0), signs: from(4) };
}

/**
 * Coefficients of the authors' layouts, which draw `R1, R2, R3` from numpy's `RandomState(seed).randint(0, P)`. Their
 * ids count over all tables, so there is no coefficient of the table.
 */
export function reference(layout: "ref1" | "ref2", seed: number): AffineHash {
  const random = randomState(seed);
  const [r1, r2, r3] = [random.below(REFERENCE_PRIME), random.below(REFERENCE_PRIME), random.below(REFERENCE_PRIME)];
  return layout === "ref1"
    ? { prime: REFERENCE_PRIME, table: 0, x: r3, k: r2, constant: r1 }
    : { prime: REFERENCE_PRIME, table: 0, x: r1, k: r2, constant: (r2 + r3) % REFERENCE_PRIME };
}

/** What does not depend on `x` and `k`, for a table whose ids begin at `firstId`. */
export function tableConstant(hash: AffineHash, table: number, firstId: number): number {
  const { prime, x, constant } = hash;
  // All ids together may be more than the 2^32 that mulMod() takes.
  return (mulMod(hash.table, table, prime) + mulMod(x, firstId % prime, prime) + constant) % prime;
}

/** `(x coefficient * x + k coefficient * k + tableConstant) mod P`. */
export function affine(hash: AffineHash, x: number, k: number, constant: number): number {
  return (mulMod(hash.x, x, hash.prime) + mulMod(hash.k, k, hash.prime) + constant) % hash.prime;
}

/**
 * Signs of the elements `32 word` to `32 word + 31` of row `x`: bit i is set where the element is negated, that is where
 * its hash is even. The hashes of neighbours differ by the coefficient of k.
 */
export function affineSignWord(hash: AffineHash, x: number, word: number, constant: number): number {
  let value = affine(hash, x, 32 * word, constant), bits = 0;
  for (let i = 0; i < 32; i++) {
    bits |= (~value & 1) << i;
    value += hash.k;
    if (value >= hash.prime) value -= hash.prime;
  }
  return bits >>> 0;
}

/**
 * Constants for Montgomery multiplication with R = 2^32 where only 32-bit products exist: `coefficient * x mod P` is
 * `hi + mulhi(lo * negatedInverse, P) + (lo != 0)`, less P if that reaches P, with `(hi, lo) = montgomery * x`.
 */
export function montgomery(coefficient: number, prime: number): number {
  return Number((BigInt(coefficient) << 32n) % BigInt(prime));
}

/** `-P^-1 mod 2^32` by Newton's iteration. */
export function negatedInverse(prime: number): number {
  let inverse = prime; // right in the low 3 bits of any odd number
  for (let i = 0; i < 4; i++) inverse = Math.imul(inverse, 2 - Math.imul(prime, inverse));
  return -inverse >>> 0;
}
