/**
 * Integer hashing: a 32-bit finaliser for hash tables and counter-based random numbers, and XXH32 for checksums.
 *
 * @module
 */

/** Bijective 32-bit mixer ("lowbias32", Wellons' hash-prospector): every input bit flips each output bit about half the time. */
export function mix32(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return (x ^ (x >>> 15)) >>> 0;
}

/** Combines a key with one more word; used to derive independent streams: `combine(combine(seed, epoch), block)`. */
export function combine(key: number, word: number): number {
  return mix32(mix32(key ^ 0x9e3779b9) + Math.imul(word | 0, 0x85ebca6b));
}

const P1 = 0x9e3779b1, P2 = 0x85ebca77, P3 = 0xc2b2ae3d, P4 = 0x27d4eb2f, P5 = 0x165667b1;
const rotl = (x: number, r: number): number => (x << r) | (x >>> (32 - r));

/** XXH32 of `bytes` (Collet's xxHash, 32-bit variant), as an unsigned number. */
export function xxh32(bytes: Uint8Array, seed = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const n = bytes.length;
  let i = 0;
  let h: number;
  if (n >= 16) {
    let a = (seed + P1 + P2) | 0, b = (seed + P2) | 0, c = seed | 0, d = (seed - P1) | 0;
    for (const end = n - 16; i <= end; i += 16) {
      a = Math.imul(rotl((a + Math.imul(view.getUint32(i, true), P2)) | 0, 13), P1);
      b = Math.imul(rotl((b + Math.imul(view.getUint32(i + 4, true), P2)) | 0, 13), P1);
      c = Math.imul(rotl((c + Math.imul(view.getUint32(i + 8, true), P2)) | 0, 13), P1);
      d = Math.imul(rotl((d + Math.imul(view.getUint32(i + 12, true), P2)) | 0, 13), P1);
    }
    h = (rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18)) | 0;
  } else {
    h = (seed + P5) | 0;
  }
  h = (h + n) | 0;
  for (; i + 4 <= n; i += 4) h = Math.imul(rotl((h + Math.imul(view.getUint32(i, true), P3)) | 0, 17), P4);
  for (; i < n; i++) h = Math.imul(rotl((h + Math.imul(bytes[i]!, P5)) | 0, 11), P1);
  h = Math.imul(h ^ (h >>> 15), P2);
  h = Math.imul(h ^ (h >>> 13), P3);
  return (h ^ (h >>> 16)) >>> 0;
}
