// Phase 1 of a look-up: where the blocks of a chunk of rows lie, and their signs. Four rows at a time. Nothing here
// reads the array, so that phase 2 is left with loads from it alone, many of which miss caches at once.

import { affine, mix4, modulo4, reciprocal, rowHash, signWord } from "../hash/_hash.as";
import {
  ALIGN, ARRAY, BLOCKS, CHUNK, CK, CX, DIM, ELEMENT_SHIFT, MODULUS, PRIME, RECORDS, ROWS_PER_BLOCK, SIGN, SIZE, SK,
  signWords, slot, SX,
} from "./_slots.as";

// Address of block k of row i: u32 at starts + (k * chunk + i) * 4; 0 in block 0 of a row that reads as zeros. Bit i of
// word w of a row's signs: whether element 32 w + i is negated.

/** Sum of residues. */
// @ts-ignore: decorator
@inline
function addModulo(a: v128, b: v128, prime: v128): v128 {
  const sum = i32x4.add(a, b);
  return i32x4.min_u(sum, i32x4.sub(sum, prime));
}

// @ts-ignore: decorator
@inline
function four(a: u32, b: u32, c: u32, d: u32): v128 {
  return i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(a), 1, b), 2, c), 3, d);
}

// @ts-ignore: decorator
@inline
function affine4(coefficient: u32, x: v128, constant: u32, prime: u32): v128 {
  return four(
    affine(coefficient, i32x4.extract_lane(x, 0), 0, 0, constant, prime),
    affine(coefficient, i32x4.extract_lane(x, 1), 0, 0, constant, prime),
    affine(coefficient, i32x4.extract_lane(x, 2), 0, 0, constant, prime),
    affine(coefficient, i32x4.extract_lane(x, 3), 0, 0, constant, prime),
  );
}

/** Hashes the `rows` ids at `ids`, `step` bytes apart, of table `table`. */
export function hashRows(args: usize, scratch: usize, ids: usize, step: usize, rows: usize, table: usize): void {
  const record = slot(args, RECORDS) + (table << 5);
  const a = load<u32>(record), b = load<u32>(record, 4);
  const lastId = v128.load_splat<u32>(record + 8), padding = v128.load_splat<u32>(record + 16);
  const padded = i32x4.neg(v128.load_splat<u32>(record + 12));
  const prime = <u32>slot(args, PRIME), blocks = slot(args, BLOCKS), words = signWords(args);
  const modulus = <u32>slot(args, MODULUS), stride = slot(args, CHUNK) << 2;
  const moduli = i32x4.splat(modulus), reciprocals = i32x4.splat(reciprocal(modulus)), primes = i32x4.splat(prime);
  const shift = <i32>slot(args, ELEMENT_SHIFT) + (<i32>slot(args, ALIGN) >> 2) + i32(slot(args, ALIGN) > 1);
  const base = i32x4.splat(<u32>slot(args, ARRAY));
  const shared = <u32>slot(args, ROWS_PER_BLOCK);
  const cx = <u32>slot(args, CX), sx = <u32>slot(args, SX);
  const stepK = i32x4.splat(prime ? <u32>slot(args, CK) : 0x9e3779b1);
  const signs = scratch + blocks * stride;
  for (let i: usize = 0; i < rows; i += 4) {
    // A last group that is not full repeats its last id.
    const last = rows - 1, at = ids + i * step;
    let id = v128.load_zero<u32>(at);
    id = v128.load_lane<u32>(ids + min(i + 1, last) * step, id, 1);
    id = v128.load_lane<u32>(ids + min(i + 2, last) * step, id, 2);
    id = v128.load_lane<u32>(ids + min(i + 3, last) * step, id, 3);
    const absent = v128.or(i32x4.gt_u(id, lastId), v128.and(padded, i32x4.eq(id, padding)));
    let x = id;
    if (shared > 1) {
      x = four(
        <u32>i32x4.extract_lane(id, 0) / shared,
        <u32>i32x4.extract_lane(id, 1) / shared,
        <u32>i32x4.extract_lane(id, 2) / shared,
        <u32>i32x4.extract_lane(id, 3) / shared,
      );
    }
    const to = scratch + (i << 2);
    let row: v128;
    if (prime) {
      row = affine4(cx, x, a, prime);
      let hash = row;
      for (let k: usize = 0; k < blocks; k++) {
        v128.store(to + k * stride, i32x4.add(base, i32x4.shl(modulo4(hash, moduli, reciprocals), shift)));
        hash = addModulo(hash, stepK, primes);
      }
    } else {
      row = mix4(i32x4.add(i32x4.mul(x, i32x4.splat(a)), i32x4.splat(b)));
      let hash = row;
      for (let k: usize = 0; k < blocks; k++) {
        v128.store(to + k * stride, i32x4.add(base, i32x4.shl(modulo4(mix4(hash), moduli, reciprocals), shift)));
        hash = i32x4.add(hash, stepK);
      }
    }
    if (words && shared == 1) {
      if (prime) affineSigns(args, x, b, signs + (i << 2), stride, words);
      else {
        let key = i32x4.splat(0x5bd1e995);
        for (let w: usize = 0; w < words; w++) {
          v128.store(signs + (i << 2) + w * stride, mix4(v128.xor(row, key)));
          key = i32x4.add(key, i32x4.splat(<i32>0xc2b2ae35));
        }
      }
    }
    if (shared > 1) {
      for (let j: usize = i; j < min(i + 4, rows); j++) {
        intoSharedBlock(args, scratch, signs, stride, load<u32>(ids + j * step), shared, j, a, b, prime, words);
      }
    }
    if (v128.any_true(absent)) v128.store(to, v128.andnot(v128.load(to), absent));
  }
}

/** Sign words of four rows, a bit at a time. */
function affineSigns(args: usize, x: v128, constant: u32, to: usize, stride: usize, words: usize): void {
  const prime = <u32>slot(args, PRIME), dim = slot(args, DIM);
  const primes = i32x4.splat(prime), step = i32x4.splat(<u32>slot(args, SK)), one = i32x4.splat(1);
  let hash = affine4(<u32>slot(args, SX), x, constant, prime);
  for (let w: usize = 0; w < words; w++) {
    let bits = i32x4.splat(0);
    const end = <i32>min(dim - (w << 5), 32);
    for (let i = 0; i < end; i++) {
      bits = v128.or(bits, i32x4.shl(v128.andnot(one, hash), i));
      hash = addModulo(hash, step, primes);
    }
    v128.store(to + w * stride, bits);
  }
}

/** Moves row `i` from the start of its block to where it lies inside, and takes its part of the block's signs. */
function intoSharedBlock(
  args: usize, scratch: usize, signs: usize, stride: usize, id: u32, shared: u32, i: usize, a: u32, b: u32, prime: u32,
  words: usize,
): void {
  const x = id / shared, inside = <usize>(id % shared) * slot(args, DIM);
  const elementShift = slot(args, ELEMENT_SHIFT), array = slot(args, ARRAY), size = slot(args, SIZE);
  const at = scratch + (i << 2);
  let start = ((<usize>load<u32>(at) - array) >> elementShift) + inside;
  if (start >= size) start -= size;
  store<u32>(at, <u32>(array + (start << elementShift)));
  if (!words) return;
  const row = prime ? 0 : rowHash(x, a, b);
  for (let w: usize = 0; w < words; w++) {
    let word: u32 = 0;
    const from = inside + (w << 5), bit = <u32>from & 31;
    if (prime) {
      const sx = <u32>slot(args, SX), sk = <u32>slot(args, SK);
      for (let e: u32 = 0; e < 32; e++) word |= (1 - (affine(sx, x, sk, <u32>from + e, b, prime) & 1)) << e;
    } else {
      word = signWord(row, <u32>(from >> 5)) >>> bit;
      if (bit) word |= signWord(row, <u32>(from >> 5) + 1) << (32 - bit);
    }
    store<u32>(signs + w * stride + (i << 2), word);
  }
}
