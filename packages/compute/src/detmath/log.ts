/*
 * After fdlibm 5.3, e_log.c and s_log1p.c, and FreeBSD's e_log2.c:
 * Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Permission to use, copy, modify, and distribute this
 * software is freely granted, provided that this notice is preserved.
 */
import { highWord, powerOfTwo, truncateLow } from "./_words.ts";

const LN2_HIGH = 6.93147180369123816490e-01;
const LN2_LOW = 1.90821492927058770002e-10;
const INVERSE_LN2_HIGH = 1.44269504072144627571;
const INVERSE_LN2_LOW = 1.67517131648865118353e-10;

/** `log(1 + f) - f + f^2/2 = s (f^2/2 + R)` with `s = f / (2 + f)`; this is `R`, error below `2^-58.45`. */
function remainder(s: number): number {
  const z = s * s, w = z * z;
  const even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  const odd = z *
    (6.666666666666735130e-01 +
      w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
  return even + odd;
}

/** The `k` of the last {@linkcode split}: a pair as result would be garbage on the hottest path of data generation. */
let exponent = 0;

/** Splits a positive, finite `x` into `2^k (1 + f)` with `sqrt(2)/2 < 1 + f < sqrt(2)`: returns `f`, sets `exponent`. */
function split(x: number): number {
  let k = 0;
  if (x < 2 ** -1022) {
    x *= 2 ** 54;
    k = -54;
  }
  const high = highWord(x);
  const fraction = high & 0xfffff;
  const i = (fraction + 0x95f64) & 0x100000; // 2^20 where the fraction is above sqrt(2)
  const own = (high >> 20) - 1023 + (i >> 20);
  exponent = k + own;
  return x * powerOfTwo(-own) - 1; // exact
}

/** Results for arguments that are not positive and finite; `undefined` for all others. */
function special(x: number): number | undefined {
  if (x > 0 && x < Infinity) return undefined;
  if (x === 0) return -Infinity;
  return x < 0 ? NaN : x;
}

/** Natural logarithm: the same bits on every host, within 1 ulp. `log(0)` is `-Infinity`, of negative numbers `NaN`. */
export function log(x: number): number {
  const answer = special(x);
  if (answer !== undefined) return answer;
  const f = split(x), k = exponent;
  if (f === 0) return k * LN2_HIGH + k * LN2_LOW;
  const s = f / (2 + f), half = 0.5 * f * f;
  const r = s * (half + remainder(s));
  return k * LN2_HIGH - (half - (r + k * LN2_LOW) - f);
}

/** Base-2 logarithm, exact for powers of two: the same bits on every host, within 1 ulp. */
export function log2(x: number): number {
  const answer = special(x);
  if (answer !== undefined) return answer;
  const f = split(x), k = exponent;
  if (f === 0) return k;
  const s = f / (2 + f), half = 0.5 * f * f;
  const r = s * (half + remainder(s));
  // log(1 + f) as hi + lo, hi short enough that hi * INVERSE_LN2_HIGH is exact.
  const hi = truncateLow(f - half);
  const lo = f - hi - half + r;
  const valueHigh = hi * INVERSE_LN2_HIGH;
  const valueLow = (lo + hi) * INVERSE_LN2_LOW + lo * INVERSE_LN2_HIGH;
  const sum = k + valueHigh;
  return valueLow + (k - sum + valueHigh) + sum;
}

/** `log(1 + x)` without cancellation near 0: the same bits on every host, within 1 ulp. */
export function log1p(x: number): number {
  if (!(x > -1 && x < Infinity)) return x === -1 ? -Infinity : x < -1 ? NaN : x;
  if (Math.abs(x) < 2 ** -54) return x;
  let k = 0, f = x, correction = 0;
  // Outside of sqrt(2)/2 - 1 .. sqrt(2) - 1 the sum 1 + x is reduced; the part that rounding lost is put back.
  if (!(x > -0.2928932188134524 && x < 0.4142135623730950)) {
    const u = 1 + x;
    f = split(u);
    k = exponent;
    correction = k > 53 ? 0 : (k > 0 ? 1 - (u - x) : x - (u - 1)) / u;
  }
  if (f === 0) return k * LN2_HIGH + (correction + k * LN2_LOW);
  const s = f / (2 + f), half = 0.5 * f * f;
  const r = s * (half + remainder(s));
  return k * LN2_HIGH - (half - (r + (k * LN2_LOW + correction)) - f);
}
