/**
 * MurmurHash3_x86_32 (Austin Appleby, public domain): the checksum of files.
 *
 * @module
 */

/** Hash of bytes. Every step is a bijection, so that damage within one aligned word is always seen. */
export function murmur3(bytes: Uint8Array, seed: number): number {
  const blocks = Math.floor(bytes.length / 4), aligned = bytes.byteOffset % 4 === 0;
  const source = aligned ? bytes : bytes.slice();
  const words = new Uint32Array(source.buffer, source.byteOffset, blocks);
  let hash = seed | 0;
  for (let i = 0; i < blocks; i++) {
    hash ^= scramble(words[i]!);
    hash = Math.imul(hash << 13 | hash >>> 19, 5) + 0xe6546b64 | 0;
  }
  let tail = 0;
  for (let i = bytes.length - 1; i >= 4 * blocks; i--) tail = tail << 8 | bytes[i]!;
  hash ^= scramble(tail) ^ bytes.length;
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return (hash ^ hash >>> 16) >>> 0;
}

function scramble(word: number): number {
  const product = Math.imul(word, 0xcc9e2d51);
  return Math.imul(product << 15 | product >>> 17, 0x1b873593);
}
