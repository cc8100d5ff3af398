/**
 * The unit of a chunk's codes: the step of the absolute quantiser, or the bits of mantissa that the relative one keeps.
 *
 * Only exact arithmetic and division decide here, so that every host chooses the same unit.
 *
 * @module
 */
import { leastStep, maxKeepBits } from "../format/chunk_header.ts";
import { type DtypeId, F16, F64 } from "../kernels/kernels.ts";
import { double, single, words } from "../kernels/patterns.ts";
import { keepBitsFor, topMagnitude } from "../kernels/plain_mantissa.ts";

/** What each value may be off. */
export interface Bound {
  /** What `error` refers to. */
  readonly kind: "lossless" | "abs" | "pwRel";
  /** The bound in the unit of its kind; 0 for lossless. */
  readonly error: number;
}

/** Not at all. */
export const LOSSLESS: Bound = { kind: "lossless", error: 0 };

/**
 * The bound on absolute errors that one relative to a range comes to.
 *
 * @param least Least finite value; above `greatest` if there is none.
 */
export function boundOfRange(rel: number, least: number, greatest: number): Bound {
  if (!(greatest > least)) return LOSSLESS;
  // Halves, as the difference of two finite numbers may not be one; and rounded down, so that it is below rel (max - min).
  const half = (greatest / 2 - least / 2) * rel * (1 - 2 ** -50);
  const error = Math.min(half, Number.MAX_VALUE / 2) * 2;
  return error > 0 ? { kind: "abs", error } : LOSSLESS;
}

/** Multiples of a step. */
export interface StepUnit {
  /** Tells units apart. */
  readonly kind: "step";
  /** What code 1 stands for. */
  readonly step: number;
  /** Largest code. */
  readonly maxCode: number;
  /** Most that a value may be off. */
  readonly errorBound: number;
}

/** How values become codes; undefined where they cannot within the bound, so that they are stored as they are. */
export type Unit =
  | StepUnit
  | { readonly kind: "mantissa"; readonly keepBits: number; readonly top: number };

/** Rounds a normal positive number down to `bits` significant bits, at most 21. */
export function roundDown(x: number, bits: number): number {
  double[0] = x;
  words[0] = 0;
  words[1] = (words[1]! & -(1 << (21 - bits))) >>> 0;
  return double[0]!;
}

/** Significant bits of a normal number that has at most 21. */
export function significantBits(x: number): number {
  double[0] = x;
  const mantissa = words[1]! & 0xfffff;
  return mantissa === 0 ? 1 : 1 + Math.clz32(mantissa & -mantissa) - 11;
}

/**
 * Largest code for a step: `code * step` is exact in the arithmetic of the dtype, and for f16 and f32 quotients are small enough
 * to be rounded by adding 1.5 * 2^23.
 */
export function maxCodeFor(dtype: DtypeId, step: number): number {
  return dtype === F64 ? 2 ** 31 - 1 : 2 ** Math.min(21, 24 - significantBits(step)) - 1;
}

/** The largest f32 that is not above x, for x >= 0; the largest finite one at most. */
function floorF32(x: number): number {
  const largest = 2 ** 128 - 2 ** 104;
  if (x >= largest) return largest;
  const nearest = Math.fround(x);
  if (nearest <= x) return nearest;
  single[0] = nearest;
  words[0]! -= 1;
  return single[0]!;
}

/** Distance of neighbouring f16 numbers at `x`, from 2^-24 on. */
function spacingF16(x: number): number {
  let spacing = 2 ** -24;
  while (x >= 2048 * spacing) spacing *= 2;
  return spacing;
}

/** The step whose codes of f16 numbers stay within `error` after they are rounded to f16. */
function stepF16(error: number, greatest: number): number {
  // Multiples of a power of two are f16 numbers, or else x is one itself. Otherwise half a spacing is kept for rounding.
  const exact = roundDown(2 * error, 1), rest = error - spacingF16(greatest) / 2;
  return rest > leastStep(F16) ? Math.max(exact, roundDown(2 * rest, 8)) : exact;
}

/**
 * Chooses the unit of a chunk.
 *
 * @param greatest Greatest finite magnitude in it.
 */
export function chooseUnit(dtype: DtypeId, bound: Bound, greatest: number): Unit | undefined {
  if (bound.kind === "lossless") return undefined;
  if (bound.kind === "pwRel") {
    const keepBits = keepBitsFor(bound.error);
    if (keepBits > maxKeepBits(dtype)) return undefined;
    return { kind: "mantissa", keepBits, top: topMagnitude(dtype, greatest, keepBits) };
  }
  const { error } = bound;
  if (2 * error < leastStep(dtype)) return undefined;
  if (dtype === F64) return stepUnit(dtype, roundDown(2 * Math.min(error, 2 ** 1022), 21), error);
  const errorBound = floorF32(error);
  if (dtype === F16) return stepUnit(dtype, stepF16(Math.min(error, 32640), greatest), errorBound);
  const width = 2 * Math.min(error, 2 ** 127 - 2 ** 119), widest = stepUnit(dtype, roundDown(width, 8), errorBound);
  // 8 bits cost at most 1/128 of the bound. Fewer make room for larger codes: together they have 24 bits.
  for (let bits = 8; bits >= 3; bits--) {
    const unit = stepUnit(dtype, roundDown(width, bits), errorBound);
    if (greatest / unit.step <= unit.maxCode) return unit;
  }
  return widest;
}

/** The unit of a step. */
export function stepUnit(dtype: DtypeId, step: number, errorBound: number): StepUnit {
  return { kind: "step", step, maxCode: maxCodeFor(dtype, step), errorBound };
}
