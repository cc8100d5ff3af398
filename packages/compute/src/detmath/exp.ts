/*
 * After fdlibm 5.3, e_exp.c and s_expm1.c:
 * Copyright (C) 2004 by Sun Microsystems, Inc. All rights reserved. Permission to use, copy, modify, and distribute this
 * software is freely granted, provided that this notice is preserved.
 */
import { scaleByPowerOfTwo } from "./_words.ts";

const OVERFLOW = 7.09782712893383973096e+02;
const UNDERFLOW = -7.45133219101941108420e+02;
const LN2_HIGH = 6.93147180369123816490e-01;
const LN2_LOW = 1.90821492927058770002e-10;
const INVERSE_LN2 = 1.44269504088896338700;
const HALF_LN2 = 0.34657359027997264;
const THREE_HALVES_LN2 = 1.0397207708399179;

/** Splits `x` into `k ln 2 + hi - lo` with `|hi - lo| <= ln(2) / 2`, and returns `k`. */
function multipleOfLn2(x: number): number {
  const size = Math.abs(x);
  if (size <= HALF_LN2) return 0;
  if (size < THREE_HALVES_LN2) return x < 0 ? -1 : 1;
  return Math.trunc(INVERSE_LN2 * x + (x < 0 ? -0.5 : 0.5));
}

/**
 * `e^x`: the same bits on every host, within 1 ulp.
 *
 * `x` is reduced to `r = x - k ln 2`; on it a rational function of degree 5 in `r^2` (Remez, error below `2^-59`).
 */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > OVERFLOW) return Infinity;
  if (x < UNDERFLOW) return 0;
  if (Math.abs(x) < 2 ** -28) return 1 + x;
  const k = multipleOfLn2(x);
  const hi = x - k * LN2_HIGH, lo = k * LN2_LOW;
  const r = hi - lo, t = r * r;
  const c = r -
    t * (1.66666666666666019037e-01 +
        t * (-2.77777777770155933842e-03 +
            t * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))));
  if (k === 0) return 1 - (r * c / (c - 2) - r);
  return scaleByPowerOfTwo(1 - (lo - r * c / (2 - c) - hi), k);
}

/** `e^x - 1` without cancellation near 0: the same bits on every host, within 1 ulp. */
export function expm1(x: number): number {
  if (Number.isNaN(x) || Math.abs(x) < 2 ** -54) return x;
  if (x > OVERFLOW) return Infinity;
  if (x < -56 * 0.6931471805599453) return -1;
  const k = multipleOfLn2(x);
  const hi = x - k * LN2_HIGH, lo = k * LN2_LOW;
  const r = hi - lo;
  const c = hi - r - lo; // what rounding r lost
  const half = 0.5 * r, hxs = r * half;
  const r1 = 1 +
    hxs * (-3.33333333333331316428e-02 +
        hxs * (1.58730158725481460165e-03 +
            hxs *
              (-7.93650757867487942473e-05 + hxs * (4.00821782732936239552e-06 + hxs * -2.01099218183624371326e-07))));
  const t = 3 - r1 * half;
  let e = hxs * ((r1 - t) / (6 - r * t));
  if (k === 0) return r - (r * e - hxs);
  e = r * (e - c) - c - hxs;
  if (k === -1) return 0.5 * (r - e) - 0.5;
  if (k === 1) return r < -0.25 ? -2 * (e - (r + 0.5)) : 1 + 2 * (r - e);
  if (k <= -2 || k > 56) return scaleByPowerOfTwo(1 - (e - r), k) - 1;
  const inverse = scaleByPowerOfTwo(1, -k);
  return scaleByPowerOfTwo(k < 20 ? 1 - inverse - (e - r) : r - (e + inverse) + 1, k);
}
