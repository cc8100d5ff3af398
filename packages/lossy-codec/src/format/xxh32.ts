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

function readU32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | bytes[at + 1]! << 8 | bytes[at + 2]! << 16 | bytes[at + 3]! << 24;
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
  const length = end - begin;
  let at = begin, hash: number;
  if (length >= 16) {
    let lane0 = seed + P1 + P2 | 0, lane1 = seed + P2 | 0, lane2 = seed | 0, lane3 = seed - P1 | 0;
    for (; at + 16 <= end; at += 16) {
      lane0 = round(lane0, readU32(bytes, at));
      lane1 = round(lane1, readU32(bytes, at + 4));
      lane2 = round(lane2, readU32(bytes, at + 8));
      lane3 = round(lane3, readU32(bytes, at + 12));
    }
    hash = rotate(lane0, 1) + rotate(lane1, 7) + rotate(lane2, 12) + rotate(lane3, 18) | 0;
  } else hash = seed + P5 | 0;
  hash = hash + length | 0;
  for (; at + 4 <= end; at += 4) hash = Math.imul(rotate(hash + Math.imul(readU32(bytes, at), P3) | 0, 17), P4);
  for (; at < end; at++) hash = Math.imul(rotate(hash + Math.imul(bytes[at]!, P5) | 0, 11), P1);
  hash = Math.imul(hash ^ hash >>> 15, P2);
  hash = Math.imul(hash ^ hash >>> 13, P3);
  return (hash ^ hash >>> 16) >>> 0;
}

/** Bytes that are hashed together. */
export const CHECKSUM_BLOCK = 4096;

/**
 * Checksum of a chunk: XXH32 (seed 0) of each block of 4096 bytes, the last one short, then XXH32 of these hashes as
 * little-endian u32, with the length in bytes as seed. Blocks are independent, so that a GPU can hash them in parallel.
 *
 * @returns u32.
 */
export function blockChecksum(bytes: Uint8Array, begin: number, end: number): number {
  const blocks = Math.ceil((end - begin) / CHECKSUM_BLOCK);
  const hashes = new Uint32Array(blocks);
  for (let block = 0, at = begin; block < blocks; block++, at += CHECKSUM_BLOCK) {
    hashes[block] = xxh32(bytes, at, Math.min(at + CHECKSUM_BLOCK, end));
  }
  return xxh32(new Uint8Array(hashes.buffer), 0, 4 * blocks, end - begin);
}
