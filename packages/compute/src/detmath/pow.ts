/*
 * After fdlibm 5.3, e_pow.c:
 * Copyright (C) 2004 by Sun Microsystems, Inc. All rights reserved. Permission to use, copy, modify, and distribute this
 * software is freely granted, provided that this notice is preserved.
 */
import { highWord, scaleByPowerOfTwo, truncateLow, withHighWord } from "./_words.ts";

const TWO_53 = 9007199254740992;
const CP = 9.61796693925975554329e-01; // 2 / (3 ln 2)
const CP_HIGH = 9.61796700954437255859e-01;
const CP_LOW = -7.02846165095275826516e-09;

/** `base-2 logarithm of a positive finite number` as an unevaluated sum. */
function log2Parts(ax: number): { high: number; low: number } {
  let n = 0;
  if (ax < 2 ** -1022) {
    ax *= TWO_53;
    n = -53;
  }
  const bits = highWord(ax);
  n += (bits >> 20) - 1023;
  const fraction = bits & 0xfffff;
  let normalised = fraction | 0x3ff00000;
  let near = 1, dpHigh = 0, dpLow = 0; // 1 or 1.5, the nearer, and log2 of it
  if (fraction > 0x3988e && fraction < 0xbb67a) {
    near = 1.5;
    dpHigh = 5.84962487220764160156e-01;
    dpLow = 1.35003920212974897128e-08;
  } else if (fraction >= 0xbb67a) {
    n++;
    normalised -= 0x100000;
  }
  ax = withHighWord(ax, normalised);
  // s = (ax - near) / (ax + near), in two parts
  const u = ax - near, v = 1 / (ax + near);
  const s = u * v, sHigh = truncateLow(s);
  const tHigh = withHighWord(0, ((normalised >> 1) | 0x20000000) + 0x80000 + (near === 1 ? 0 : 1 << 18));
  const tLow = ax - (tHigh - near);
  const sLow = v * (u - sHigh * tHigh - sHigh * tLow);
  const s2 = s * s;
  let r = s2 * s2 *
    (5.99999999999994648725e-01 +
      s2 * (4.28571428578550184252e-01 +
          s2 * (3.33333329818377432918e-01 +
              s2 * (2.72728123808534006489e-01 +
                  s2 * (2.30660745775561754067e-01 + s2 * 2.06975017800338417784e-01)))));
  r += sLow * (sHigh + s);
  const squareHigh = sHigh * sHigh;
  const cubicHigh = truncateLow(3 + squareHigh + r);
  const cubicLow = r - (cubicHigh - 3 - squareHigh);
  const productHigh = sHigh * cubicHigh;
  const productLow = sLow * cubicHigh + cubicLow * s;
  const pHigh = truncateLow(productHigh + productLow);
  const pLow = productLow - (pHigh - productHigh);
  const zHigh = CP_HIGH * pHigh;
  const zLow = CP_LOW * pHigh + pLow * CP + dpLow;
  const high = truncateLow(zHigh + zLow + dpHigh + n);
  return { high, low: zLow - (high - n - dpHigh - zHigh) };
}

/** `2^(high + low)` for a sum between -1075 and 1024. */
function exp2Parts(high: number, low: number): number {
  const n = Math.abs(high + low) > 0.5 ? Math.floor(high + low + 0.5) : 0;
  high -= n;
  const t = truncateLow(low + high);
  const u = t * 6.93147182464599609375e-01;
  const v = (low - (t - high)) * 6.93147180559945286227e-01 + t * -1.90465429995776804525e-09;
  const z = u + v, w = v - (z - u), zz = z * z;
  const t1 = z -
    zz * (1.66666666666666019037e-01 +
        zz * (-2.77777777770155933842e-03 +
            zz * (6.61375632143793436117e-05 + zz * (-1.65339022054652515390e-06 + zz * 4.13813679705723846039e-08))));
  const r = z * t1 / (t1 - 2) - (w + z * w);
  return scaleByPowerOfTwo(1 - (r - z), n);
}

/** Results that need no logarithm, as IEEE 754 and ECMAScript define them; `undefined` for all others. */
function special(x: number, y: number): number | undefined {
  if (y === 0) return 1;
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  const size = Math.abs(x);
  if (!Number.isFinite(y)) return size === 1 ? NaN : (size > 1) === (y > 0) ? Infinity : 0;
  const odd = Number.isInteger(y) && Math.abs(y) <= TWO_53 && y % 2 !== 0;
  if (size === 0 || size === Infinity) {
    const grows = (size === 0) !== (y > 0);
    const negative = odd && (x < 0 || Object.is(x, -0));
    return grows ? (negative ? -Infinity : Infinity) : negative ? -0 : 0;
  }
  if (x < 0 && !Number.isInteger(y)) return NaN;
  if (y === 1) return x;
  if (y === 2) return x * x;
  if (y === -1) return 1 / x;
  if (y === 0.5) return Math.sqrt(x);
  return size === 1 ? (x < 0 && odd ? -1 : 1) : undefined;
}

/** `x^y`: the same bits on every host, within 1 ulp. Special values as `Math.pow` has them. */
export function pow(x: number, y: number): number {
  const answer = special(x, y);
  if (answer !== undefined) return answer;
  const sign = x < 0 && Math.abs(y) <= TWO_53 && y % 2 !== 0 ? -1 : 1;
  const { high, low } = log2Parts(Math.abs(x));
  const yHigh = truncateLow(y);
  const productLow = (y - yHigh) * high + y * low;
  const productHigh = yHigh * high;
  const z = productLow + productHigh;
  if (!(z < 1024)) return sign * Infinity;
  if (!(z > -1075)) return sign * 0;
  return sign * exp2Parts(productHigh, productLow);
}
