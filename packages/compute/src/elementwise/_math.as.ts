// Exponential and logarithm in f64 for CPU kernels, from + - * / alone, so that bits depend neither on the host nor on a
// table in memory. After fdlibm 5.3, like ../detmath; errors of about 1 ulp of f64.
//
// Copyright (C) 1993-2004 by Sun Microsystems, Inc. All rights reserved. Permission to use, copy, modify, and distribute
// this software is freely granted, provided that this notice is preserved.

// @ts-ignore: decorator
@inline
function splat(x: f64): v128 {
  return f64x2.splat(x);
}

// a + b x, lane by lane.
// @ts-ignore: decorator
@inline
function affine(a: f64, b: v128, x: v128): v128 {
  return f64x2.add(splat(a), f64x2.mul(b, x));
}

/** e^x of two numbers x <= 0; below -708 it is 0, which is nothing next to f32. NaN stays. */
// @ts-ignore: decorator
@inline
export function expNegative2(x: v128): v128 {
  const k = f64x2.nearest(f64x2.mul(x, splat(1.44269504088896338700)));
  const hi = f64x2.sub(x, f64x2.mul(k, splat(6.93147180369123816490e-01)));
  const lo = f64x2.mul(k, splat(1.90821492927058770002e-10));
  const r = f64x2.sub(hi, lo), t = f64x2.mul(r, r);
  let p = affine(-1.65339022054652515390e-06, splat(4.13813679705723846039e-08), t);
  p = affine(6.61375632143793436117e-05, p, t);
  p = affine(-2.77777777770155933842e-03, p, t);
  p = affine(1.66666666666666019037e-01, p, t);
  const c = f64x2.sub(r, f64x2.mul(t, p));
  const ratio = f64x2.div(f64x2.mul(r, c), f64x2.sub(splat(2), c));
  const y = f64x2.sub(splat(1), f64x2.sub(f64x2.sub(lo, ratio), hi));
  // 1.5 * 2^52 puts the whole number k + 1023 into the lowest bits, from where it is moved into the exponent.
  const power = i64x2.shl(f64x2.add(k, splat(6755399441055744 + 1023)), 52);
  return v128.andnot(f64x2.mul(y, power), f64x2.lt(x, splat(-708)));
}

/** e^x for x <= 0, as expNegative2. */
// @ts-ignore: decorator
@inline
export function expNegative(x: f64): f64 {
  return f64x2.extract_lane(expNegative2(splat(x)), 0);
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
  return f64x2.extract_lane(logParts(splat(m - 1), splat(<f64>k), splat(0)), 0);
}

/** log(1 + x) of two numbers 0 <= x <= 1. */
// @ts-ignore: decorator
@inline
export function log1pUnit2(x: v128): v128 {
  const u = f64x2.add(splat(1), x);
  const large = f64x2.ge(x, splat(0.41421356237309503));
  // What rounding took from 1 + x, relative to it.
  const lost = f64x2.div(f64x2.sub(x, f64x2.sub(u, splat(1))), u);
  const f = v128.bitselect(f64x2.sub(f64x2.mul(splat(0.5), u), splat(1)), x, large);
  return logParts(f, v128.and(splat(1), large), v128.and(lost, large));
}

// k ln 2 + log(1 + f) + correction, for sqrt(1/2) <= 1 + f <= sqrt(2).
// @ts-ignore: decorator
@inline
function logParts(f: v128, k: v128, correction: v128): v128 {
  const s = f64x2.div(f, f64x2.add(splat(2), f)), z = f64x2.mul(s, s), w = f64x2.mul(z, z);
  const half = f64x2.mul(f64x2.mul(splat(0.5), f), f);
  let even = affine(2.222219843214978396e-01, w, splat(1.531383769920937332e-01));
  even = f64x2.mul(w, affine(3.999999999940941908e-01, w, even));
  let odd = affine(1.818357216161805012e-01, w, splat(1.479819860511658591e-01));
  odd = affine(2.857142874366239149e-01, w, odd);
  odd = f64x2.mul(z, affine(6.666666666666735130e-01, w, odd));
  const r = f64x2.mul(s, f64x2.add(half, f64x2.add(even, odd)));
  const low = f64x2.add(f64x2.mul(k, splat(1.90821492927058770002e-10)), correction);
  const rest = f64x2.sub(f64x2.sub(half, f64x2.add(r, low)), f);
  return f64x2.sub(f64x2.mul(k, splat(6.93147180369123816490e-01)), rest);
}
