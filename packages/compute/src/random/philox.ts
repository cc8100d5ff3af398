/** Four 32-bit words. */
export type Words4 = readonly [number, number, number, number];

const MULTIPLIER_0 = 0xd2511f53, MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9, WEYL_1 = 0xbb67ae85;

/** Upper 32 bits of the product of two 32-bit words. */
function mulHigh(a: number, b: number): number {
  const aLow = a & 0xffff, aHigh = a >>> 16, bLow = b & 0xffff, bHigh = b >>> 16;
  const middle = aHigh * bLow + (aLow * bLow >>> 16); // below 2^32
  const other = aLow * bHigh + (middle & 0xffff); // below 2^32
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(other / 65536)) >>> 0;
}

/**
 * Philox 4x32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011): a bijection of the counter,
 * keyed. Equal counters and keys give equal words on every host and device, so an element's random number needs no
 * state, only its index.
 *
 * @param counter four words
 * @param key two words
 * @returns four random words, each in [0, 2^32)
 */
export function philox4x32(counter: Words4, key: readonly [number, number]): Words4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(MULTIPLIER_0, c0), low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = mulHigh(MULTIPLIER_1, c2), low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/**
 * The number of a named random stream: 32-bit FNV-1a of the name's UTF-16 code units. Tensors that draw from the stream
 * of their own name do not depend on which others exist or in which order they are filled.
 */
export function streamOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
