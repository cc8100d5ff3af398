// Fields of k bits, gathering of rows.

export function pack(values: usize, count: i32, min: u32, bits: u32, dst: usize): void {
  let pending: u64 = 0, held: u64 = 0;
  for (const end = values + (<usize> count << 2); values < end; values += 4) {
    const field: u32 = load<u32>(values) - min; // a u32 first: in the midst of u64 it would be computed as one
    pending |= <u64> field << held;
    held += bits;
    if (held >= 32) {
      store<u32>(dst, <u32> pending);
      dst += 4;
      pending >>>= 32;
      held -= 32;
    }
  }
  if (held) store<u32>(dst, <u32> pending);
}

export function unpack(src: usize, first: u32, count: i32, min: u32, bits: u32, values: usize): void {
  const mask = (<u64> 1 << bits) - 1;
  let bit = <u64> first * bits;
  for (const end = values + (<usize> count << 2); values < end; values += 4, bit += bits) {
    const field = load<u64>(src + <usize> (bit >>> 3)) >>> (bit & 7) & mask;
    store<u32>(values, <u32> field + min);
  }
}

export function gatherRows(dict: usize, rowBytes: usize, rowToUnique: usize, rows: u32, dst: usize): void {
  for (const end = rowToUnique + (<usize> rows << 2); rowToUnique < end; rowToUnique += 4, dst += rowBytes) {
    const from = dict + <usize> load<u32>(rowToUnique) * rowBytes;
    // A call of memory.copy would cost more than the copy of a short row.
    let i: usize = 0;
    for (; i + 32 <= rowBytes; i += 32) {
      v128.store(dst + i, v128.load(from + i));
      v128.store(dst + i, v128.load(from + i, 16), 16);
    }
    for (; i < rowBytes; i += 2) store<u16>(dst + i, load<u16>(from + i));
  }
}
