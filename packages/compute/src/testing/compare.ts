import type { Tensor } from "../tensor.ts";

/** Tolerance of {@linkcode assertAllClose}: an element passes where `|actual - expected| <= atol + rtol * |expected|`. */
export interface Tolerance {
  /** Absolute part. Default 1e-6. */
  readonly atol?: number;
  /** Relative part. Default 1e-5. */
  readonly rtol?: number;
}

/** Mismatches named before the rest is only counted. */
const NAMED_MISMATCHES = 5;

/**
 * Asserts that two arrays agree element by element. NaN equals NaN, and infinities only themselves. The message names
 * the tensor, and index, both values and the tolerance of the first mismatches.
 */
export function assertAllClose(
  name: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance = {},
): void {
  const { atol = 1e-6, rtol = 1e-5 } = tolerance;
  if (actual.length !== expected.length) {
    throw new Error(`${name}: ${actual.length} elements, want ${expected.length}`);
  }
  const named: string[] = [];
  let wrong = 0;
  for (let i = 0; i < actual.length; i++) {
    const a = actual[i]!, e = expected[i]!;
    if (Object.is(a, e) || a === e) continue;
    const bound = atol + rtol * Math.abs(e);
    if (Math.abs(a - e) <= bound) continue;
    wrong++;
    if (named.length < NAMED_MISMATCHES) named.push(`[${i}] ${a}, want ${e} +- ${bound}`);
  }
  if (wrong > 0) throw new Error(`${name}: ${wrong} of ${actual.length} elements differ: ${named.join("; ")}`);
}

/** Asserts that two arrays hold the same bits. */
export function assertSameBits(name: string, actual: ArrayBufferView, expected: ArrayBufferView): void {
  const a = new Uint32Array(actual.buffer, actual.byteOffset, actual.byteLength / 4);
  const e = new Uint32Array(expected.buffer, expected.byteOffset, expected.byteLength / 4);
  if (a.length !== e.length) throw new Error(`${name}: ${a.length} words, want ${e.length}`);
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== e[i]) {
      const hex = (word: number) => "0x" + word.toString(16).padStart(8, "0");
      throw new Error(`${name}: word ${i} is ${hex(a[i]!)}, want ${hex(e[i]!)}`);
    }
  }
}

/** Reads a tensor and asserts that it agrees with `expected`. */
export async function assertTensorClose(
  tensor: Tensor,
  expected: ArrayLike<number>,
  tolerance: Tolerance = {},
): Promise<void> {
  assertAllClose(tensor.label, await tensor.read(), expected, tolerance);
}
