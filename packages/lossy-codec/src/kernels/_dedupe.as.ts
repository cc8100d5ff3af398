// Rows that are equal word by word.

import { kept4 } from "./_constant.as";

const PRIME: u32 = 0x9e3779b1;

@inline
function mix4(lanes: v128, words: v128, prime: v128): v128 {
  const turned = v128.or(i32x4.shl(lanes, 5), i32x4.shr_u(lanes, 27));
  return i32x4.mul(v128.xor(turned, words), prime);
}

/** The hash of a row from its lanes, into which all but the last words, fewer than four, have gone. */
function finish(lanes: v128, row: usize, rowWords: u32): u32 {
  const left = rowWords & 3;
  if (left) {
    // Reads past the row, and leaves alone the lanes that this concerns.
    const mixed = mix4(lanes, v128.load(row + (<usize> (rowWords - left) << 2)), i32x4.splat(PRIME));
    lanes = v128.bitselect(mixed, lanes, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(left)));
  }
  let hash: u32 = i32x4.extract_lane(lanes, 0);
  hash = (rotl<u32>(hash, 5) ^ i32x4.extract_lane(lanes, 1)) * PRIME;
  hash = (rotl<u32>(hash, 5) ^ i32x4.extract_lane(lanes, 2)) * PRIME;
  hash = (rotl<u32>(hash, 5) ^ i32x4.extract_lane(lanes, 3)) * PRIME;
  return (hash ^ (hash >>> 15)) * 0x85ebca77;
}

/** Writes the hash of every row. */
function hashRows(src: usize, rowWords: u32, rows: u32, seed: i32, hashes: usize): void {
  const bytes = <usize> rowWords << 2, whole = bytes & ~15, end = hashes + (<usize> rows << 2);
  const start = i32x4.add(i32x4.splat(seed), i32x4(0, 1, 2, 3)), prime = kept4(PRIME, rowWords);
  // A row is a chain of multiplications: eight side by side hide their latency.
  for (; hashes + 32 <= end; hashes += 32, src += bytes << 3) {
    const p1 = src + bytes, p2 = p1 + bytes, p3 = p2 + bytes, p4 = p3 + bytes, p5 = p4 + bytes, p6 = p5 + bytes, p7 = p6 + bytes;
    let h0 = start, h1 = start, h2 = start, h3 = start, h4 = start, h5 = start, h6 = start, h7 = start;
    for (let i: usize = 0; i < whole; i += 16) {
      h0 = mix4(h0, v128.load(src + i), prime);
      h1 = mix4(h1, v128.load(p1 + i), prime);
      h2 = mix4(h2, v128.load(p2 + i), prime);
      h3 = mix4(h3, v128.load(p3 + i), prime);
      h4 = mix4(h4, v128.load(p4 + i), prime);
      h5 = mix4(h5, v128.load(p5 + i), prime);
      h6 = mix4(h6, v128.load(p6 + i), prime);
      h7 = mix4(h7, v128.load(p7 + i), prime);
    }
    store<u32>(hashes, finish(h0, src, rowWords));
    store<u32>(hashes, finish(h1, p1, rowWords), 4);
    store<u32>(hashes, finish(h2, p2, rowWords), 8);
    store<u32>(hashes, finish(h3, p3, rowWords), 12);
    store<u32>(hashes, finish(h4, p4, rowWords), 16);
    store<u32>(hashes, finish(h5, p5, rowWords), 20);
    store<u32>(hashes, finish(h6, p6, rowWords), 24);
    store<u32>(hashes, finish(h7, p7, rowWords), 28);
  }
  for (; hashes < end; hashes += 4, src += bytes) {
    let h = start;
    for (let i: usize = 0; i < whole; i += 16) h = mix4(h, v128.load(src + i), prime);
    store<u32>(hashes, finish(h, src, rowWords));
  }
}

function sameRow(a: usize, b: usize, bytes: usize): bool {
  const end = a + bytes;
  for (; a + 32 <= end; a += 32, b += 32) {
    const first = v128.xor(v128.load(a), v128.load(b)), second = v128.xor(v128.load(a, 16), v128.load(b, 16));
    if (v128.any_true(v128.or(first, second))) return false;
  }
  for (; a < end; a += 4, b += 4) if (load<u32>(a) != load<u32>(b)) return false;
  return true;
}

/** Number of the unique row equal to row `row`; `unique` if there is none, which is then entered. */
@inline
function find(
  src: usize, rowBytes: usize, row: u32, hash: u32, table: usize, tableBits: u32, uniqueRows: usize, unique: u32,
): u32 {
  const mask = (<usize> 1 << tableBits) - 1;
  let at = <usize> (hash >>> (32 - tableBits));
  for (let probes = 0; probes < 64; probes++) {
    const slot = table + (at << 2), known = load<u32>(slot);
    if (known == 0) {
      store<u32>(slot, unique + 1);
      return unique;
    }
    const other = load<u32>(uniqueRows + (<usize> (known - 1) << 2));
    if (sameRow(src + <usize> row * rowBytes, src + <usize> other * rowBytes, rowBytes)) return known - 1;
    at = (at + 1) & mask;
  }
  return unique;
}

export function dedupe(
  src: usize, rowWords: u32, rows: u32, seed: i32, table: usize, tableBits: u32, rowToUnique: usize, uniqueRows: usize,
): u32 {
  memory.fill(table, 0, <usize> 4 << tableBits);
  const rowBytes = <usize> rowWords << 2;
  hashRows(src, rowWords, rows, seed, rowToUnique);
  let unique: u32 = 0;
  for (let row: u32 = 0; row < rows; row++, rowToUnique += 4) {
    const id = find(src, rowBytes, row, load<u32>(rowToUnique), table, tableBits, uniqueRows, unique);
    store<u32>(rowToUnique, id);
    if (id == unique) {
      store<u32>(uniqueRows + (<usize> unique << 2), row);
      unique++;
    }
  }
  return unique;
}
