// Rows that are equal word by word.

const PRIME: u32 = 0x9e3779b1;

@inline
function mix4(lanes: v128, words: v128): v128 {
  const turned = v128.or(i32x4.shl(lanes, 5), i32x4.shr_u(lanes, 27));
  return i32x4.mul(v128.xor(turned, words), i32x4.splat(PRIME));
}

/** Words `i .. rowWords` of a row, fewer than four: those lanes of `lanes` take them. */
function mixTail(lanes: v128, row: usize, rowWords: u32): v128 {
  const left = rowWords & 3;
  row += <usize> (rowWords - left) << 2;
  let words = v128.load32_zero(row);
  if (left > 1) words = v128.load32_lane(row + 4, words, 1);
  if (left > 2) words = v128.load32_lane(row + 8, words, 2);
  return v128.bitselect(mix4(lanes, words), lanes, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(left)));
}

@inline
function fold(lanes: v128): u32 {
  let hash: u32 = i32x4.extract_lane(lanes, 0);
  hash = (rotl<u32>(hash, 5) ^ i32x4.extract_lane(lanes, 1)) * PRIME;
  hash = (rotl<u32>(hash, 5) ^ i32x4.extract_lane(lanes, 2)) * PRIME;
  hash = (rotl<u32>(hash, 5) ^ i32x4.extract_lane(lanes, 3)) * PRIME;
  return (hash ^ (hash >>> 15)) * 0x85ebca77;
}

function sameRow(a: usize, b: usize, bytes: usize): bool {
  const end = a + bytes;
  for (; a + 16 <= end; a += 16, b += 16) {
    if (v128.any_true(v128.xor(v128.load(a), v128.load(b)))) return false;
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
  const rowBytes = <usize> rowWords << 2, whole = rowBytes & ~15;
  const start = i32x4.add(i32x4.splat(seed), i32x4(0, 1, 2, 3));
  let unique: u32 = 0;
  for (let row: u32 = 0; row < rows; row += 4) {
    // Each row is a chain of multiplications: four at a time hide their latency. The last rows repeat, unused.
    const last = rows - 1;
    const p0 = src + <usize> row * rowBytes, p1 = src + <usize> min(row + 1, last) * rowBytes;
    const p2 = src + <usize> min(row + 2, last) * rowBytes, p3 = src + <usize> min(row + 3, last) * rowBytes;
    let h0 = start, h1 = start, h2 = start, h3 = start;
    for (let i: usize = 0; i < whole; i += 16) {
      h0 = mix4(h0, v128.load(p0 + i));
      h1 = mix4(h1, v128.load(p1 + i));
      h2 = mix4(h2, v128.load(p2 + i));
      h3 = mix4(h3, v128.load(p3 + i));
    }
    if (whole < rowBytes) {
      h0 = mixTail(h0, p0, rowWords);
      h1 = mixTail(h1, p1, rowWords);
      h2 = mixTail(h2, p2, rowWords);
      h3 = mixTail(h3, p3, rowWords);
    }
    const hashes = i32x4(fold(h0), fold(h1), fold(h2), fold(h3));
    let hash = hashes;
    for (let r = row, end = min(row + 4, rows); r < end; r++) {
      const id = find(src, rowBytes, r, i32x4.extract_lane(hash, 0), table, tableBits, uniqueRows, unique);
      hash = v128.shuffle<i32>(hash, hash, 1, 2, 3, 0);
      store<u32>(rowToUnique + (<usize> r << 2), id);
      if (id == unique) {
        store<u32>(uniqueRows + (<usize> unique << 2), r);
        unique++;
      }
    }
  }
  return unique;
}
