/**
 * The codec's quantiser for float32 rows, in plain TypeScript: what the analyses of this folder need of it, the codes.
 *
 * @module
 */

/** Largest magnitude of a code; rows that need more stay as they are. */
const MAX_CODE = 32767;

/** Below this a step is not used: a GPU may flush what is near to the smallest normal numbers. */
const MIN_STEP = 2 ** -100;

/** Rows as codes: element `i` is about `step * codes[i]`. */
export interface QuantisedRows {
  /** Short enough (8 significant bits) that a product with any code is exact in float32. */
  readonly step: number;
  /** One per element; those of escaped rows mean nothing. */
  readonly codes: Int32Array;
  /** 1 for a row that stays as it is: not finite somewhere, or too large for the codes. */
  readonly escaped: Uint8Array;
  readonly escapedRows: number;
}

/** The step for an absolute bound: `2 * errorBound` rounded down to 8 significant bits of a float32. */
export function stepFor(errorBound: number): number {
  const wanted = 2 * errorBound;
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, wanted);
  // The conversion rounds to nearest; where it went up, the float32 below is what 8 bits are to be taken of.
  const below = bits.getFloat32(0) > wanted ? 1 : 0;
  bits.setInt32(0, (bits.getInt32(0) - below) & 0xffff0000);
  return bits.getFloat32(0);
}

/** Smallest and largest finite value; infinities of the wrong sign where there is none. */
export function finiteRange(values: Float32Array): { readonly min: number; readonly max: number } {
  let min = Infinity, max = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    // Not finite: false for NaN and both infinities.
    if (!(value - value === 0)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

/**
 * Quantises rows within an absolute bound: every element of a row that is not escaped is within `errorBound` of
 * `step * code`.
 *
 * @returns `undefined` where the bound is too small, or not a number, for any quantisation: the rows stay as they are
 */
export function quantiseRows(values: Float32Array, rowLength: number, errorBound: number): QuantisedRows | undefined {
  const step = stepFor(errorBound);
  if (!(step >= MIN_STEP && step < Infinity)) return undefined;
  const half = step / 2, inverse = 1 / step;
  const codes = new Int32Array(values.length), escaped = new Uint8Array(Math.ceil(values.length / rowLength));
  let escapedRows = 0;
  for (let row = 0, begin = 0; begin < values.length; row++, begin += rowLength) {
    const end = Math.min(values.length, begin + rowLength);
    for (let i = begin; i < end; i++) {
      const x = values[i]!, magnitude = Math.abs(x);
      if (magnitude <= step) {
        codes[i] = magnitude > half ? Math.sign(x) : 0;
        continue;
      }
      // A rounded guess, then an exact correction: guess * step and the difference have no rounding.
      let code = Math.round(x * inverse);
      if (!(Math.abs(code) <= MAX_CODE + 1)) {
        escaped[row] = 1;
        break;
      }
      const rest = x - code * step;
      if (rest > half || (rest === half && code % 2 !== 0)) code++;
      else if (rest < -half || (rest === -half && code % 2 !== 0)) code--;
      if (Math.abs(code) > MAX_CODE) {
        escaped[row] = 1;
        break;
      }
      codes[i] = code;
    }
    escapedRows += escaped[row]!;
  }
  return { step, codes, escaped, escapedRows };
}
