// Hashes keys given one by one: what tests compare with the hashes in TypeScript. Every function of _hash.as.ts is used.

import {
  affine, affineSignWord, blockHash, mix4, MIX_FIRST, MIX_SECOND, modulo4, reciprocal, rowHash, signWord,
} from "./_hash.as";

/** As in start_keys.ts. */
const KEYS: usize = 16384;
const TABLES: usize = 256;

@inline
function slot(args: usize, i: usize): usize {
  return <usize> load<f64>(args + (i << 3));
}

@inline
function word(address: usize, i: usize): u32 {
  return load<u32>(address + (i << 2));
}

/** Words `at` of the records of four keys' tables. */
@inline
function tableWords(tables: usize, i: usize, at: usize): v128 {
  const record = tables + ((i & (TABLES - 1)) << 4) + (at << 2);
  const first = v128.load32_zero(record);
  const two = v128.load32_lane(record + 16, first, 1);
  return v128.load32_lane(record + 48, v128.load32_lane(record + 32, two, 2), 3);
}

/**
 * Slots: 0 keys (all x, then all k), 1 records of the tables (a, b, modulus), 2 out (all starts, then all sign words),
 * 3 number of keys, 4 align, 5 prime (0: mix32), 6 and 7 coefficients of x and k of the starts, 8 and 9 of the signs.
 */
export function scalar(args: usize, task: i32): void {
  const keys = slot(args, 0), tables = slot(args, 1), out = slot(args, 2), size = slot(args, 3);
  const align = <u32> slot(args, 4), prime = <u32> slot(args, 5);
  const cx = <u32> slot(args, 6), ck = <u32> slot(args, 7), sx = <u32> slot(args, 8), sk = <u32> slot(args, 9);
  const end = min(size, <usize> (task + 1) * KEYS);
  for (let i = <usize> task * KEYS; i < end; i++) {
    const x = word(keys, i), k = word(keys, size + i), record = tables + ((i & (TABLES - 1)) << 4);
    const a = word(record, 0), b = word(record, 1), modulus = word(record, 2);
    let start: u32, signs: u32;
    if (prime == 0) {
      const row = rowHash(x, a, b);
      start = blockHash(row, k);
      signs = signWord(row, k >>> 5);
    } else {
      start = affine(cx, x, ck, k, a, prime);
      signs = affineSignWord(sx, x, sk, k >>> 5, b, prime);
    }
    store<u32>(out + (i << 2), align * (start % modulus));
    store<u32>(out + ((size + i) << 2), signs);
  }
}

/** As scalar(), four keys at a time; their number is a multiple of four. Signs of `mix32` only. */
export function vector(args: usize, task: i32): void {
  const keys = slot(args, 0), tables = slot(args, 1), out = slot(args, 2), size = slot(args, 3);
  const align = i32x4.splat(<u32> slot(args, 4)), prime = <u32> slot(args, 5);
  const cx = <u32> slot(args, 6), ck = <u32> slot(args, 7);
  const end = min(size, <usize> (task + 1) * KEYS);
  for (let i = <usize> task * KEYS; i < end; i += 4) {
    const x = v128.load(keys + (i << 2)), k = v128.load(keys + ((size + i) << 2));
    const a = tableWords(tables, i, 0), modulus = tableWords(tables, i, 2);
    let hash: v128;
    if (prime == 0) {
      const first = i32x4.splat(MIX_FIRST), second = i32x4.splat(MIX_SECOND);
      const row = mix4(i32x4.add(i32x4.mul(x, a), tableWords(tables, i, 1)), first, second);
      hash = mix4(i32x4.add(row, i32x4.mul(k, i32x4.splat(0x9e3779b1))), first, second);
      const step = i32x4.mul(i32x4.shr_u(k, 5), i32x4.splat(0xc2b2ae35));
      const signs = mix4(v128.xor(row, i32x4.add(step, i32x4.splat(0x5bd1e995))), first, second);
      v128.store(out + ((size + i) << 2), signs);
    } else {
      hash = i32x4.splat(affine(cx, v128.extract_lane<u32>(x, 0), ck, v128.extract_lane<u32>(k, 0), v128.extract_lane<u32>(a, 0), prime));
      hash = v128.replace_lane<u32>(hash, 1, affine(cx, v128.extract_lane<u32>(x, 1), ck, v128.extract_lane<u32>(k, 1), v128.extract_lane<u32>(a, 1), prime));
      hash = v128.replace_lane<u32>(hash, 2, affine(cx, v128.extract_lane<u32>(x, 2), ck, v128.extract_lane<u32>(k, 2), v128.extract_lane<u32>(a, 2), prime));
      hash = v128.replace_lane<u32>(hash, 3, affine(cx, v128.extract_lane<u32>(x, 3), ck, v128.extract_lane<u32>(k, 3), v128.extract_lane<u32>(a, 3), prime));
    }
    let reciprocals = i32x4.splat(reciprocal(v128.extract_lane<u32>(modulus, 0)));
    reciprocals = v128.replace_lane<u32>(reciprocals, 1, reciprocal(v128.extract_lane<u32>(modulus, 1)));
    reciprocals = v128.replace_lane<u32>(reciprocals, 2, reciprocal(v128.extract_lane<u32>(modulus, 2)));
    reciprocals = v128.replace_lane<u32>(reciprocals, 3, reciprocal(v128.extract_lane<u32>(modulus, 3)));
    v128.store(out + (i << 2), i32x4.mul(align, modulo4(hash, modulus, reciprocals)));
  }
}
