/**
 * XXH32, the 32-bit hash of the xxHash family by Yann Collet (specification 0.1.1), and the checksum of chunks built on it.
 *
 * @module
 */

const P1 = 0x9e3779b1, P2 = 0x85ebca77, P3 = 0xc2b2ae3d, P4 = 0x27d4eb2f, P5 = 0x165667b1;

function rotate(x: number, by: number): number {
  return x << by | x >>> (32 - by);
}

function round(lane: number, word: number): number {
  return Math.imul(rotate(lane + Math.imul(word, P2) | 0, 13), P1);
}

/**
 * Hash of a range of bytes.
 *
 * @param bytes Where they lie.
 * @param begin Index of the first.
 * @param end Index behind the last.
 * @param seed u32.
 * @returns u32.
 */
export function xxh32(bytes: Uint8Array, begin: number = 0, end: number = bytes.length, seed: number = 0): number {
  const part = bytes.subarray(begin, end), { length } = part;
  // Hosts are little-endian: kernels rely on it too.
  const { buffer, byteOffset } = part.byteOffset % 4 === 0 ? part : part.slice();
  const words = new Int32Array(buffer, byteOffset, length >>> 2), whole = words.length;
  let at = 0, hash = seed + P5 | 0;
  if (length >= 16) {
    let lane0 = seed + P1 + P2 | 0, lane1 = seed + P2 | 0, lane2 = seed | 0, lane3 = seed - P1 | 0;
    for (; at + 4 <= whole; at += 4) {
      lane0 = round(lane0, words[at]!);
      lane1 = round(lane1, words[at + 1]!);
      lane2 = round(lane2, words[at + 2]!);
      lane3 = round(lane3, words[at + 3]!);
    }
    hash = rotate(lane0, 1) + rotate(lane1, 7) + rotate(lane2, 12) + rotate(lane3, 18) | 0;
  }
  hash = hash + length | 0;
  for (; at < whole; at++) hash = Math.imul(rotate(hash + Math.imul(words[at]!, P3) | 0, 17), P4);
  for (at *= 4; at < length; at++) hash = Math.imul(rotate(hash + Math.imul(part[at]!, P5) | 0, 11), P1);
  hash = Math.imul(hash ^ hash >>> 15, P2);
  hash = Math.imul(hash ^ hash >>> 13, P3);
  return (hash ^ hash >>> 16) >>> 0;
}

/** Bytes that are hashed together. */
export const CHECKSUM_BLOCK = 4096;

/**
 * Checksum of a chunk: XXH32 (seed 0) of each block of 4096 bytes, the last one short, then XXH32 of these hashes as
 * little-endian u32. The seed of that is made of the chunk's length and number, so that a chunk in the place of another one is
 * noticed. Blocks are independent, so that a GPU can hash them in parallel.
 *
 * @param number Of the chunk.
 * @returns u32.
 */
export function blockChecksum(bytes: Uint8Array, begin: number, end: number, number: number): number {
  const blocks = Math.ceil((end - begin) / CHECKSUM_BLOCK);
  const hashes = new Uint32Array(blocks);
  for (let block = 0, at = begin; block < blocks; block++, at += CHECKSUM_BLOCK) {
    hashes[block] = xxh32(bytes, at, Math.min(at + CHECKSUM_BLOCK, end));
  }
  return xxh32(new Uint8Array(hashes.buffer), 0, 4 * blocks, end - begin + Math.imul(number, P1));
}
