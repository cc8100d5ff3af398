/*
 * After fdlibm 5.3, k_sin.c, k_cos.c and e_rem_pio2.c:
 * Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved. Permission to use, copy, modify, and distribute this
 * software is freely granted, provided that this notice is preserved.
 */

/** Largest argument of {@linkcode sin} and {@linkcode cos}: `2^19 pi / 2`, where three parts of pi/2 still do. */
const LIMIT = 823549.6;

/** Sine of `x + tail` for `|x| <= pi / 4`. */
function kernelSin(x: number, tail: number): number {
  if (Math.abs(x) < 2 ** -27) return x;
  const z = x * x, v = z * x;
  const r = 8.33333333332248946124e-03 +
    z * (-1.98412698298579493134e-04 +
        z * (2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)));
  return x - (z * (0.5 * tail - v * r) - tail - v * -1.66666666666666324348e-01);
}

/** Cosine of `x + tail` for `|x| <= pi / 4`. */
function kernelCos(x: number, tail: number): number {
  const z = x * x;
  const r = z *
    (4.16666666666666019037e-02 +
      z * (-1.38888888888741095749e-03 +
          z * (2.48015872894767294178e-05 +
              z * (-2.75573143513906633035e-07 +
                  z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11)))));
  const half = 0.5 * z, w = 1 - half;
  return w + (1 - w - half + (z * r - x * tail));
}

/** Reduces `x` to `x - n pi / 2`, as a sum of two numbers. */
function reduce(x: number, name: string): { n: number; r: number; tail: number } {
  if (Math.abs(x) > LIMIT) throw new RangeError(`Cannot compute ${name}(${x}): want an argument within +-${LIMIT}`);
  const n = Math.abs(x) <= 0.7853981633974483 ? 0 : Math.floor(x * 6.36619772367581382433e-01 + 0.5);
  if (n === 0) return { n: 0, r: x, tail: 0 };
  // pi/2 in parts of 33 bits: n times each is exact. Always all three parts, for 151 bits in all.
  const first = x - n * 1.57079632673412561417;
  const w2 = n * 6.07710050630396597660e-11;
  const second = first - w2;
  const w3 = n * 2.02226624871116645580e-21 - (first - second - w2);
  const third = second - w3;
  const w = n * 8.47842766036889956997e-32 - (second - third - w3);
  const r = third - w;
  return { n, r, tail: third - r - w };
}

/** Sine of `x` radians, `|x| <= 823549.6`: the same bits on every host, within 1 ulp. `RangeError` beyond. */
export function sin(x: number): number {
  if (!Number.isFinite(x)) return NaN;
  const { n, r, tail } = reduce(x, "sin");
  const value = n & 1 ? kernelCos(r, tail) : kernelSin(r, tail);
  return n & 2 ? -value : value;
}

/** Cosine of `x` radians, `|x| <= 823549.6`: the same bits on every host, within 1 ulp. `RangeError` beyond. */
export function cos(x: number): number {
  if (!Number.isFinite(x)) return NaN;
  const { n, r, tail } = reduce(x, "cos");
  const value = n & 1 ? kernelSin(r, tail) : kernelCos(r, tail);
  return (n + 1) & 2 ? -value : value;
}
