/**
 * Canonical Huffman codes of at most 12 bits.
 *
 * @module
 */
import { BIT } from "./bit_cost.ts";
import { type DescribedTable, readDescription } from "./descriptions.ts";

/** Longest code. */
export const MAX_LENGTH = 12;

/**
 * Lengths of the cheapest prefix code whose codes have at most {@linkcode MAX_LENGTH} bits, by package-merge (Larmore and
 * Hirschberg 1990).
 *
 * @param counts By token, 1 to 256 of them; whole, sum below 2^40.
 * @returns As many; 0 for tokens that do not occur. A token that is the only one has length 1, although its code has no bits.
 */
export function codeLengths(counts: Float64Array): Uint16Array<ArrayBuffer> {
  const tokens = counts.length;
  const present: number[] = [];
  for (let t = 0; t < tokens; t++) if (counts[t]! !== 0) present.push(t);
  const lengths = new Uint16Array(tokens);
  if (present.length < 2) {
    for (const t of present) lengths[t] = 1;
    return lengths;
  }
  // Equal counts stay in token order: the code is part of what a stream's bytes depend on.
  present.sort((a, b) => counts[a]! - counts[b]! || a - b);
  const n = present.length;
  // Level by level, the sorted union of the tokens and of the packages (neighbouring pairs) of the level before. Only
  // which entries are packages has to be kept.
  const levels: Uint8Array[] = [];
  let merged = new Float64Array(0);
  for (let level = 0; level < MAX_LENGTH; level++) {
    const packages = merged.length >> 1;
    const next = new Float64Array(n + packages), isPackage = new Uint8Array(n + packages);
    for (let i = 0, leaf = 0, pack = 0; i < next.length; i++) {
      const weight = pack < packages ? merged[2 * pack]! + merged[2 * pack + 1]! : Infinity;
      if (leaf < n && counts[present[leaf]!]! <= weight) {
        next[i] = counts[present[leaf++]!]!;
      } else {
        next[i] = weight;
        isPackage[i] = 1;
        pack++;
      }
    }
    levels.push(isPackage);
    merged = next;
  }
  // The first 2n - 2 entries of the last level are the solution; their packages say how many of the level before belong to it.
  for (let level = MAX_LENGTH - 1, taken = 2 * n - 2; level >= 0 && taken > 0; level--) {
    const isPackage = levels[level]!;
    let leaves = 0;
    for (let i = 0; i < taken; i++) if (isPackage[i] === 0) leaves++;
    for (let i = 0; i < leaves; i++) lengths[present[i]!]!++;
    taken = 2 * (taken - leaves);
  }
  return lengths;
}

/** The token that is the only one, or -1. */
export function onlyToken(lengths: Uint16Array): number {
  const first = lengths.findIndex((length) => length !== 0);
  return first >= 0 && lengths.indexOf(1) === first && lengths.every((length, t) => length === 0 || t === first)
    ? first
    : -1;
}

/** Cost in 1/256 bit of coding tokens that occur `counts[t]` times; infinite if one has no code. */
export function huffmanCost(counts: Float64Array, lengths: Uint16Array): number {
  const only = onlyToken(lengths);
  let bits = 0;
  for (let t = 0; t < counts.length; t++) {
    const n = counts[t]!;
    if (n !== 0 && t !== only) bits += n * (lengths[t] || Infinity);
  }
  return bits * BIT;
}

/** Codes in canonical order (by length, then token), each with its first bit lowest: `code | length << 16` by token. */
export function canonicalCodes(lengths: Uint16Array): Uint32Array<ArrayBuffer> {
  const codes = new Uint32Array(256);
  if (onlyToken(lengths) >= 0) return codes;
  let next = 0;
  for (let length = 1; length <= MAX_LENGTH; length++) {
    for (let t = 0; t < lengths.length; t++) {
      if (lengths[t] !== length) continue;
      let reversed = 0;
      for (let bit = 0; bit < length; bit++) reversed |= ((next >> bit) & 1) << (length - 1 - bit);
      codes[t] = reversed | length << 16;
      next++;
    }
    next <<= 1;
  }
  return codes;
}

/** Whether lengths make up a complete code, or are those of an only token. */
export function isCompleteCode(lengths: Uint16Array): boolean {
  let slots = 0;
  for (const length of lengths) if (length !== 0) slots += 1 << (MAX_LENGTH - length);
  return slots === 1 << MAX_LENGTH || onlyToken(lengths) >= 0;
}

/**
 * Reads a description of code lengths.
 *
 * @returns Undefined if it is none of a complete code.
 */
export function readLengths(bytes: Uint8Array, offset: number): DescribedTable | undefined {
  const read = readDescription(bytes, offset, false);
  return read && isCompleteCode(read.table) ? read : undefined;
}
