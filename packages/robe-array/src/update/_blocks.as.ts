/** From rows to blocks: the start of each in the array and a record of what is to be added there. */
import { affine, affineSignWord, blockHash, rowHash, signWord } from "../hash/_hash.as";
import { slot, word } from "./_slots.as";

/**
 * Slots that say how rows lie in the array, from `LAYOUT` on: 0 dim, 1 Z, 2 blocks per row, 3 rows per block, 4 size,
 * 5 modulus, 6 align, 7 sign, 8 whether hashes are affine, 9 prime, 10 starts' x, 11 starts' k, 12 signs' x, 13 signs' k,
 * 14 shift of keys, 15 keys out, 16 records out, 17 bytes of a record, 18 words of signs.
 *
 * A record: address of the first gradient element, number of elements, two words for the kernels (fixed point: factor
 * and scale), words of signs; bit i of them negates element i.
 */
export const LAYOUT: i32 = 32;
/** Offset of the words of signs in a record. */
export const SIGNS: usize = 16;

/** Lists the blocks of row `id`, as pairs `first` on; `gradient` = address of the row's gradient. */
export function listBlocks(args: usize, table: usize, id: u32, gradient: usize, first: usize, a: u32, b: u32): void {
  const dim = <u32> slot(args, LAYOUT), z = <u32> slot(args, LAYOUT + 1), blocks = <u32> slot(args, LAYOUT + 2);
  const perBlock = <u32> slot(args, LAYOUT + 3), size = <u32> slot(args, LAYOUT + 4);
  const modulus = <u32> slot(args, LAYOUT + 5), align = <u32> slot(args, LAYOUT + 6);
  const isAffine = slot(args, LAYOUT + 8) != 0, shift = <u32> slot(args, LAYOUT + 14);
  const stride = slot(args, LAYOUT + 17), signed = slot(args, LAYOUT + 7) != 0;
  let key = slot(args, LAYOUT + 15) + (first << 2), record = slot(args, LAYOUT + 16) + first * stride;
  const x = perBlock == 1 ? id : id / perBlock, inBlock = perBlock == 1 ? 0 : (id - x * perBlock) * dim;
  const row = isAffine ? 0 : rowHash(x, a, b);
  for (let k: u32 = 0, element: u32 = 0; k < blocks; k++, element += z) {
    const hash = isAffine ? affineStart(args, x, k, a) : blockHash(row, k);
    let start = align * (hash % modulus) + inBlock;
    start = start >= size ? start - size : start;
    store<u32>(key, start >> shift);
    store<u32>(record, <u32> gradient + (element << 2));
    store<u32>(record, min(z, dim - element), 4);
    if (signed) listSigns(args, x, row, b, isAffine, inBlock + element, record + SIGNS);
    key += 4;
    record += stride;
  }
}

@inline
function affineStart(args: usize, x: u32, k: u32, constant: u32): u32 {
  const prime = <u32> slot(args, LAYOUT + 9);
  return affine(<u32> slot(args, LAYOUT + 10), x, <u32> slot(args, LAYOUT + 11), k, constant, prime);
}

/** Signs of the elements from `element` on, moved down so that the first has bit 0. */
function listSigns(args: usize, x: u32, row: u32, b: u32, isAffine: bool, element: u32, out: usize): void {
  const words = <u32> slot(args, LAYOUT + 18), move = element & 31;
  let at = element >> 5;
  let low = wordOfSigns(args, x, row, b, isAffine, at);
  for (let i: u32 = 0; i < words; i++) {
    if (move) {
      const high = wordOfSigns(args, x, row, b, isAffine, ++at);
      store<u32>(out, (low >> move) | (high << (32 - move)));
      low = high;
    } else {
      store<u32>(out, low);
      if (i + 1 < words) low = wordOfSigns(args, x, row, b, isAffine, ++at);
    }
    out += 4;
  }
}

function wordOfSigns(args: usize, x: u32, row: u32, b: u32, isAffine: bool, at: u32): u32 {
  if (!isAffine) return signWord(row, at);
  const prime = <u32> slot(args, LAYOUT + 9), cx = <u32> slot(args, LAYOUT + 12), ck = <u32> slot(args, LAYOUT + 13);
  return affineSignWord(cx, x, ck, at, b, prime);
}
