/**
 * The steps that a bound leaves to choose from.
 *
 * @module
 */
import { chooseUnit } from "../chunk/unit.ts";
import type { F16, F32 } from "../kernels/kernels.ts";
import { F16 as HALF } from "../kernels/kernels.ts";
import { STEP_WORDS } from "./layout.ts";

/** Bits of a chunk's elements. */
export type DeviceDtypeId = typeof F16 | typeof F32;

const MAX_F32 = (2 - 2 ** -23) * 2 ** 127;
const single = new Float32Array(1), bits = new Uint32Array(single.buffer);

function bitsOf(x: number): number {
  single[0] = x;
  return bits[0]!;
}

/** The next f32 above a finite one. */
function above(x: number): number {
  single[0] = x;
  bits[0]!++;
  return single[0]!;
}

/** Words of one step: greatest magnitude that it is for, pattern, inverse, largest code, least magnitude beyond that. */
function stepWords(greatest: number, step: number, maxCode: number): number[] {
  const top = Math.min(maxCode, Math.floor(MAX_F32 / step) - 1);
  // See `code_of`: beyond 2^64 the inverse comes scaled.
  const inverse = step >= 2 ** 64 ? 2 ** 64 / step : 1 / step;
  return [
    greatest === Infinity ? 0xffffffff : bitsOf(greatest),
    bitsOf(step),
    bitsOf(inverse),
    top,
    bitsOf((top + 1) * step),
  ];
}

/**
 * What `chooseUnit` chooses, for every greatest magnitude: number of steps, the bound's pattern, then words of the steps, in
 * ascending order of what they are for.
 *
 * @param bound Greatest absolute error.
 * @returns undefined if there is no step: elements are stored as they are.
 */
export function stepsFor(dtype: DeviceDtypeId, bound: number): number[] | undefined {
  const choose = (greatest: number) => {
    const unit = bound > 0 ? chooseUnit(dtype, { kind: "abs", error: bound }, greatest) : undefined;
    return unit?.kind === "step" ? unit : undefined;
  };
  let unit = choose(0);
  if (unit === undefined) return undefined;
  const { errorBound } = unit, entries: { greatest: number; step: number; maxCode: number }[] = [];
  if (dtype === HALF) {
    // It depends on how far apart numbers of f16 are there.
    for (let spacing = 2 ** -24; spacing <= 32; spacing *= 2) {
      const greatest = 2048 * spacing * (1 - 2 ** -11), { step, maxCode } = choose(greatest)!;
      const last = entries.at(-1);
      if (last?.step === step) last.greatest = greatest;
      else entries.push({ greatest, step, maxCode });
    }
  } else {
    for (let least = 0; unit !== undefined;) {
      const { step, maxCode } = unit, greatest = Math.min(MAX_F32, maxCode * step);
      entries.push({ greatest, step, maxCode });
      // One that is not enough for what it was chosen for is the last resort.
      if (greatest < least || greatest === MAX_F32) break;
      unit = choose(least = above(greatest));
    }
  }
  entries.at(-1)!.greatest = Infinity;
  const words = entries.flatMap(({ greatest, step, maxCode }) => stepWords(greatest, step, maxCode));
  return [words.length / STEP_WORDS, bitsOf(errorBound), ...words];
}
