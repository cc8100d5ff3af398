/**
 * Which rows of a matrix of 32-bit words are the first of their kind.
 *
 * @module
 */

/**
 * Numbers of the rows that equal no earlier one, bit for bit, in order.
 *
 * @param words `[rows, rowLength]`
 */
export function firstOfEachRow(words: Uint32Array | Int32Array, rowLength: number): Uint32Array {
  const rows = words.length / rowLength;
  const bits = Math.max(1, 32 - Math.clz32(2 * rows));
  const slots = new Int32Array(2 ** bits).fill(-1);
  const firsts = new Uint32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const begin = row * rowLength;
    let hash = 0x9e3779b9;
    for (let i = begin; i < begin + rowLength; i++) {
      hash = Math.imul(hash ^ words[i]!, 0x85ebca6b);
      hash ^= hash >>> 13;
    }
    let slot = Math.imul(hash, 0xc2b2ae35) >>> (32 - bits);
    // Half of the slots stay empty, so this ends.
    while (slots[slot]! >= 0 && !sameRow(words, rowLength, slots[slot]!, row)) slot = (slot + 1) % slots.length;
    if (slots[slot]! >= 0) continue;
    slots[slot] = row;
    firsts[count++] = row;
  }
  return firsts.slice(0, count);
}

function sameRow(words: Uint32Array | Int32Array, rowLength: number, a: number, b: number): boolean {
  for (let i = 0; i < rowLength; i++) if (words[a * rowLength + i] !== words[b * rowLength + i]) return false;
  return true;
}
