// One f64 seen as two 32-bit words. Every host with WebAssembly is little-endian or emulates it, but typed arrays show
// the host's order, so it is looked up instead of assumed.
const number = new Float64Array(1);
const words = new Uint32Array(number.buffer);
number[0] = 1;
const HIGH = words[1] === 0x3ff00000 ? 1 : 0;
const LOW = 1 - HIGH;

/** The upper 32 bits of `x` as a signed integer: sign, exponent, 20 bits of the fraction. */
export function highWord(x: number): number {
  number[0] = x;
  return words[HIGH]! | 0;
}

/** The lower 32 bits of `x`. */
export function lowWord(x: number): number {
  number[0] = x;
  return words[LOW]!;
}

/** `x` with its upper 32 bits replaced. */
export function withHighWord(x: number, high: number): number {
  number[0] = x;
  words[HIGH] = high;
  return number[0]!;
}

/** `x` with its lower 32 bits cleared, so that products of two such numbers are exact. */
export function truncateLow(x: number): number {
  number[0] = x;
  words[LOW] = 0;
  return number[0]!;
}

// A look-up instead of writing an exponent field: a load that spans two stores stalls the processor.
const powers = new Float64Array(1074 + 1024);
for (let k = 0, power = 1; k <= 1023; k++, power *= 2) powers[k + 1074] = power;
for (let k = -1, power = 0.5; k >= -1074; k--, power /= 2) powers[k + 1074] = power;

/** `2^k`, exactly, for `-1074 <= k <= 1023`. */
export function powerOfTwo(k: number): number {
  return powers[k + 1074]!;
}

/** `y * 2^k` for `y` of ordinary size, rounded once where the result is subnormal. */
export function scaleByPowerOfTwo(y: number, k: number): number {
  if (k > 1023) return y * powerOfTwo(1023) * powerOfTwo(k - 1023);
  if (k < -1022) return y * powerOfTwo(k + 1000) * powerOfTwo(-1000);
  return y * powerOfTwo(k);
}
