// Exponential and logarithm in f64 for CPU kernels, from + - * / alone, so that bits depend neither on the host nor on a
// table in memory. After fdlibm 5.3, like ../detmath; errors below 1 ulp of f64.
//
// Copyright (C) 1993-2004 by Sun Microsystems, Inc. All rights reserved. Permission to use, copy, modify, and distribute
// this software is freely granted, provided that this notice is preserved.

// @ts-ignore: decorator
@inline
function powerOfTwo(k: i64): f64 {
  return reinterpret<f64>((k + 1023) << 52);
}

/** e^x for x <= 0; below -708 it is 0, which is nothing next to f32. NaN stays. */
export function expNegative(x: f64): f64 {
  if (x < -708) return 0;
  const k = nearest(x * 1.44269504088896338700);
  const hi = x - k * 6.93147180369123816490e-01, lo = k * 1.90821492927058770002e-10;
  const r = hi - lo, t = r * r;
  const c = r - t * (1.66666666666666019037e-01 + t * (-2.77777777770155933842e-03 +
    t * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))));
  const y = 1 - (lo - r * c / (2 - c) - hi);
  // NaN has no whole number: it takes the branch that keeps it.
  return x == x ? y * powerOfTwo(<i64>k) : x;
}

/** Natural logarithm of a normal number >= 1. */
export function logFromOne(x: f64): f64 {
  if (!(x < Infinity)) return x;
  const bits = reinterpret<i64>(x);
  let k = (bits >> 52) - 1023;
  let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    k++;
  }
  return logParts(m - 1, <f64>k, 0);
}

/** log(1 + x) for 0 <= x <= 1. */
export function log1pUnit(x: f64): f64 {
  if (x < 0.41421356237309503) return logParts(x, 0, 0);
  const u = 1 + x;
  return logParts(0.5 * u - 1, 1, (x - (u - 1)) / u);
}

// k ln 2 + log(1 + f) + correction, for sqrt(1/2) <= 1 + f <= sqrt(2).
function logParts(f: f64, k: f64, correction: f64): f64 {
  const s = f / (2 + f), z = s * s, w = z * z, half = 0.5 * f * f;
  const even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  const odd = z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01 +
    w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
  const r = s * (half + (even + odd));
  return k * 6.93147180369123816490e-01 - (half - (r + (k * 1.90821492927058770002e-10 + correction)) - f);
}
