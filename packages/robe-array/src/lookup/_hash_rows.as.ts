// Phase 1 of a look-up: where the blocks of a chunk of rows lie, and their signs. Four rows at a time.

import { affine, mix4, MIX_FIRST, MIX_SECOND, modulo4, reciprocal } from "../hash/_hash.as";
import { prepareBlocks } from "./_blocks.as";
import {
  ALIGN, ARRAY, CK, CX, DIM, ELEMENT_SHIFT, HEADER, MODULUS, PRIME, RECORDS, SIZE, SK, slot, SX,
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

// Constants in the header, four times each.
const A: usize = 0, B: usize = 16, LAST_ID: usize = 32, PADDING: usize = 48, PADDED: usize = 64, MODULI: usize = 80;
const RECIPROCALS: usize = 96, BASE: usize = 112, STEP: usize = 128, PRIMES: usize = 144, FIRST: usize = 160;
const SECOND: usize = 176, SIGN_FIRST: usize = 192, SIGN_STEP: usize = 208;
/** Those of _blocks.as.ts. */
export const BLOCK_CONSTANTS: usize = 224;
/** A word that is written and not read. */
export const TOUCHED: usize = 368;

// @ts-ignore: decorator
@inline
function constant(scratch: usize, index: usize): v128 {
  return v128.load(scratch - HEADER + index);
}

/** Puts the constants of a table's hashes, and those of the copies, where they are looked for. */
export function prepareHash(args: usize, scratch: usize, table: usize): void {
  const record = slot(args, RECORDS) + (table << 5), to = scratch - HEADER;
  const modulus = <u32>slot(args, MODULUS), prime = <u32>slot(args, PRIME);
  v128.store(to + A, v128.load_splat<u32>(record));
  v128.store(to + B, v128.load_splat<u32>(record + 4));
  v128.store(to + LAST_ID, v128.load_splat<u32>(record + 8));
  v128.store(to + PADDING, v128.load_splat<u32>(record + 16));
  v128.store(to + PADDED, i32x4.neg(v128.load_splat<u32>(record + 12)));
  v128.store(to + MODULI, i32x4.splat(modulus));
  v128.store(to + RECIPROCALS, i32x4.splat(reciprocal(modulus)));
  v128.store(to + BASE, i32x4.splat(<u32>slot(args, ARRAY)));
  v128.store(to + STEP, i32x4.splat(prime ? <u32>slot(args, CK) : 0x9e3779b1));
  v128.store(to + PRIMES, i32x4.splat(prime));
  v128.store(to + FIRST, i32x4.splat(MIX_FIRST));
  v128.store(to + SECOND, i32x4.splat(MIX_SECOND));
  v128.store(to + SIGN_FIRST, i32x4.splat(0x5bd1e995));
  v128.store(to + SIGN_STEP, i32x4.splat(<i32>0xc2b2ae35));
  prepareBlocks(to + BLOCK_CONSTANTS);
}

/** log2 of the bytes between possible starts. */
// @ts-ignore: decorator
@inline
export function startShift(args: usize): i32 {
  const align = <i32>slot(args, ALIGN);
  return <i32>slot(args, ELEMENT_SHIFT) + (align >> 2) + i32(align > 1);
}

/** Ids `i` to `i + 3` of those at `ids`, `step` bytes apart; from `rows` on the last one again. */
// @ts-ignore: decorator
@inline
function fourIds(ids: usize, step: usize, i: usize, rows: usize): v128 {
  const last = rows - 1;
  let id = v128.load_zero<u32>(ids + i * step);
  id = v128.load_lane<u32>(ids + min(i + 1, last) * step, id, 1);
  id = v128.load_lane<u32>(ids + min(i + 2, last) * step, id, 2);
  return v128.load_lane<u32>(ids + min(i + 3, last) * step, id, 3);
}

/**
 * Hashes rows `i` to `i + 3` of the `rows` whose ids stand at `ids`, `step` bytes apart. `prepareHash` has been called for
 * their table; `prime` is 0 for mix32, `shared` the rows that share a block.
 */
// @ts-ignore: decorator
@inline
export function hashFour<S>(
  args: usize, scratch: usize, ids: usize, step: usize, i: usize, rows: usize, blocks: usize, words: usize,
  stride: usize, shift: i32, prime: u32, shared: u32,
): void {
  const id = fourIds(ids, step, i, rows);
  const padding = v128.and(constant(scratch, PADDED), i32x4.eq(id, constant(scratch, PADDING)));
  const absent = v128.or(i32x4.gt_u(id, constant(scratch, LAST_ID)), padding);
  const to = scratch + (i << 2), signs = to + blocks * stride;
  if (prime || shared > 1) {
    hashUncommon(args, scratch, id, i, blocks, isSigned<S>() ? words : 0, stride, shift, prime, shared);
  } else {
    const first = constant(scratch, FIRST), second = constant(scratch, SECOND), base = constant(scratch, BASE);
    const moduli = constant(scratch, MODULI), reciprocals = constant(scratch, RECIPROCALS), step = constant(scratch, STEP);
    const row = mix4(i32x4.add(i32x4.mul(id, constant(scratch, A)), constant(scratch, B)), first, second);
    let hash = row;
    for (let k: usize = 0; k < blocks; k++) {
      const start = modulo4(mix4(hash, first, second), moduli, reciprocals);
      v128.store(to + k * stride, i32x4.add(base, i32x4.shl(start, shift)));
      hash = i32x4.add(hash, step);
    }
    if (isSigned<S>()) signWordsOf(scratch, row, signs, stride, words);
  }
  if (v128.any_true(absent)) v128.store(to, v128.andnot(v128.load(to), absent));
}

// @ts-ignore: decorator
@inline
function signWordsOf(scratch: usize, row: v128, to: usize, stride: usize, words: usize): void {
  const first = constant(scratch, FIRST), second = constant(scratch, SECOND), step = constant(scratch, SIGN_STEP);
  let key = constant(scratch, SIGN_FIRST);
  for (let w: usize = 0; w < words; w++) {
    v128.store(to + w * stride, mix4(v128.xor(row, key), first, second));
    key = i32x4.add(key, step);
  }
}

/** hashFour() for other hashes than mix32 and for blocks that several rows share. */
function hashUncommon(
  args: usize, scratch: usize, id: v128, i: usize, blocks: usize, words: usize, stride: usize, shift: i32, prime: u32,
  shared: u32,
): void {
  const to = scratch + (i << 2), signs = to + blocks * stride, primes = constant(scratch, PRIMES);
  const a = i32x4.extract_lane(constant(scratch, A), 0), b = i32x4.extract_lane(constant(scratch, B), 0);
  const x = (shared & (shared - 1)) == 0 ? i32x4.shr_u(id, ctz(shared)) : four(
    <u32>i32x4.extract_lane(id, 0) / shared,
    <u32>i32x4.extract_lane(id, 1) / shared,
    <u32>i32x4.extract_lane(id, 2) / shared,
    <u32>i32x4.extract_lane(id, 3) / shared,
  );
  const first = constant(scratch, FIRST), second = constant(scratch, SECOND);
  const row = prime
    ? affine4(<u32>slot(args, CX), x, a, prime)
    : mix4(i32x4.add(i32x4.mul(x, constant(scratch, A)), constant(scratch, B)), first, second);
  let hash = row;
  for (let k: usize = 0; k < blocks; k++) {
    const start = modulo4(prime ? hash : mix4(hash, first, second), constant(scratch, MODULI), constant(scratch, RECIPROCALS));
    v128.store(to + k * stride, i32x4.add(constant(scratch, BASE), i32x4.shl(start, shift)));
    hash = prime ? addModulo(hash, constant(scratch, STEP), primes) : i32x4.add(hash, constant(scratch, STEP));
  }
  // Position of the rows inside a block that several share.
  const inside = i32x4.mul(i32x4.sub(id, i32x4.mul(x, i32x4.splat(shared))), i32x4.splat(<u32>slot(args, DIM)));
  if (shared > 1) {
    const elementShift = <i32>slot(args, ELEMENT_SHIFT), base = constant(scratch, BASE);
    let start = i32x4.add(i32x4.shr_u(i32x4.sub(v128.load(to), base), elementShift), inside);
    start = i32x4.min_u(start, i32x4.sub(start, i32x4.splat(<u32>slot(args, SIZE)))); // round the array's end
    v128.store(to, i32x4.add(base, i32x4.shl(start, elementShift)));
  }
  if (!words) return;
  if (prime) affineSigns(args, x, inside, b, signs, stride, words);
  else if (shared > 1) innerSigns(scratch, row, inside, signs, stride, words, slot(args, DIM));
  else signWordsOf(scratch, row, signs, stride, words);
}

/** Sign words of four rows, a bit at a time. */
function affineSigns(
  args: usize, x: v128, inside: v128, constant: u32, to: usize, stride: usize, words: usize,
): void {
  const prime = <u32>slot(args, PRIME), dim = slot(args, DIM), sx = <u32>slot(args, SX), sk = <u32>slot(args, SK);
  const primes = i32x4.splat(prime), step = i32x4.splat(sk), one = i32x4.splat(1);
  let hash = four(
    affine(sx, i32x4.extract_lane(x, 0), sk, i32x4.extract_lane(inside, 0), constant, prime),
    affine(sx, i32x4.extract_lane(x, 1), sk, i32x4.extract_lane(inside, 1), constant, prime),
    affine(sx, i32x4.extract_lane(x, 2), sk, i32x4.extract_lane(inside, 2), constant, prime),
    affine(sx, i32x4.extract_lane(x, 3), sk, i32x4.extract_lane(inside, 3), constant, prime),
  );
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

/** Sign words of four rows that begin at bit `inside` of their blocks' signs. */
function innerSigns(
  scratch: usize, row: v128, inside: v128, to: usize, stride: usize, words: usize, dim: usize,
): void {
  const step = constant(scratch, SIGN_STEP), key = constant(scratch, SIGN_FIRST);
  const first = constant(scratch, FIRST), second = constant(scratch, SECOND);
  // Whether a row's word can lie across two of its block's.
  const across = (dim & 31) != 0 && (dim > 32 || 32 % dim != 0);
  const bits = v128.and(inside, i32x4.splat(31));
  let index = i32x4.shr_u(inside, 5), next = mix4(v128.xor(row, i32x4.add(i32x4.mul(index, step), key)), first, second);
  for (let w: usize = 0; w < words; w++) {
    const word = next, at = to + w * stride;
    if (across || w + 1 < words) {
      index = i32x4.add(index, i32x4.splat(1));
      next = mix4(v128.xor(row, i32x4.add(i32x4.mul(index, step), key)), first, second);
    }
    store<u32>(at, shifted(i32x4.extract_lane(word, 0), i32x4.extract_lane(next, 0), i32x4.extract_lane(bits, 0)));
    store<u32>(at, shifted(i32x4.extract_lane(word, 1), i32x4.extract_lane(next, 1), i32x4.extract_lane(bits, 1)), 4);
    store<u32>(at, shifted(i32x4.extract_lane(word, 2), i32x4.extract_lane(next, 2), i32x4.extract_lane(bits, 2)), 8);
    store<u32>(at, shifted(i32x4.extract_lane(word, 3), i32x4.extract_lane(next, 3), i32x4.extract_lane(bits, 3)), 12);
  }
}

/** 32 of the 64 bits of two words, from bit `by` on. */
// @ts-ignore: decorator
@inline
function shifted(low: u32, high: u32, by: u32): u32 {
  return <u32>((<u64>high << 32 | <u64>low) >>> by);
}
