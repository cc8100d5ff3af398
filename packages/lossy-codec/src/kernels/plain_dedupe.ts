/**
 * TypeScript kernel: rows that are equal word by word.
 *
 * @module
 */
import type { KernelMemory } from "./kernels.ts";

const MAX_PROBES = 64, MULTIPLIER = 0x9e3779b1;

function rotate5(x: number): number {
  return x << 5 | x >>> 27;
}

function mix(lane: number, word: number): number {
  return Math.imul(rotate5(lane) ^ word, MULTIPLIER);
}

/** Hash of a row of u32 words. */
export function hashRow(u32: Uint32Array, at: number, words: number, seed: number): number {
  let lane0 = seed | 0, lane1 = seed + 1 | 0, lane2 = seed + 2 | 0, lane3 = seed + 3 | 0;
  const end = at + words, whole = at + (words & ~3);
  let i = at;
  for (; i < whole; i += 4) {
    lane0 = mix(lane0, u32[i]!);
    lane1 = mix(lane1, u32[i + 1]!);
    lane2 = mix(lane2, u32[i + 2]!);
    lane3 = mix(lane3, u32[i + 3]!);
  }
  if (i < end) lane0 = mix(lane0, u32[i]!);
  if (i + 1 < end) lane1 = mix(lane1, u32[i + 1]!);
  if (i + 2 < end) lane2 = mix(lane2, u32[i + 2]!);
  let hash = mix(mix(mix(lane0, lane1), lane2), lane3);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x85ebca77) >>> 0;
}

/** `Kernels.dedupe`. */
export function dedupe(
  memory: KernelMemory,
  src: number,
  rowWords: number,
  rows: number,
  seed: number,
  table: number,
  tableBits: number,
  rowToUnique: number,
  uniqueRows: number,
): number {
  const { u32 } = memory;
  const slots = table >>> 2, mask = 2 ** tableBits - 1, begin = src >>> 2;
  const toUnique = rowToUnique >>> 2, representatives = uniqueRows >>> 2;
  u32.fill(0, slots, slots + mask + 1);
  let unique = 0;
  for (let row = 0; row < rows; row++) {
    const at = begin + row * rowWords;
    let slot = hashRow(u32, at, rowWords, seed) >>> (32 - tableBits);
    let found = -1;
    for (let probe = 0; probe < MAX_PROBES; probe++, slot = slot + 1 & mask) {
      const entry = u32[slots + slot]!;
      if (entry === 0) {
        u32[slots + slot] = unique + 1;
        break;
      }
      const other = begin + u32[representatives + entry - 1]! * rowWords;
      let i = 0;
      while (i < rowWords && u32[at + i] === u32[other + i]) i++;
      if (i === rowWords) {
        found = entry - 1;
        break;
      }
    }
    if (found < 0) {
      u32[representatives + unique] = row;
      found = unique++;
    }
    u32[toUnique + row] = found;
  }
  return unique;
}
