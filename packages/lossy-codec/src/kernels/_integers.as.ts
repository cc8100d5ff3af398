// Lorenzo residuals, fields of k bits, gathering of rows.

/** q[k] -= q[k - distance] from the last to the first of `count`, so that each still finds its neighbour as it was. */
function difference(codes: usize, count: u32, distance: u32): void {
  if (count <= distance) return;
  const back = <usize> distance << 2, begin = codes + back;
  let at = codes + (<usize> count << 2);
  for (; at >= begin + 16; at -= 16) {
    v128.store(at - 16, i32x4.sub(v128.load(at - 16), v128.load(at - 16 - back)));
  }
  for (; at > begin; at -= 4) store<i32>(at - 4, load<i32>(at - 4) - load<i32>(at - 4 - back));
}

/** Inverts difference(). */
function accumulate(codes: usize, count: u32, distance: u32): void {
  if (count <= distance) return;
  const back = <usize> distance << 2, end = codes + (<usize> count << 2);
  codes += back;
  if (distance == 1) {
    let sum = load<i32>(codes - 4);
    for (; codes < end; codes += 4) {
      sum += load<i32>(codes);
      store<i32>(codes, sum);
    }
    return;
  }
  // Nearer than a vector, the neighbours would not be sums yet.
  if (distance >= 4) {
    for (; codes + 16 <= end; codes += 16) v128.store(codes, i32x4.add(v128.load(codes), v128.load(codes - back)));
  }
  for (; codes < end; codes += 4) store<i32>(codes, load<i32>(codes) + load<i32>(codes - back));
}

export function lorenzo(codes: usize, rows: u32, d: u32, order: i32): void {
  if (order == 1) return difference(codes, rows * d, 1);
  for (let r: u32 = 0; r < rows; r++) difference(codes + <usize> r * (<usize> d << 2), d, 1);
  difference(codes, rows * d, d);
}

export function unlorenzo(codes: usize, rows: u32, d: u32, order: i32): void {
  if (order == 1) return accumulate(codes, rows * d, 1);
  accumulate(codes, rows * d, d);
  for (let r: u32 = 0; r < rows; r++) accumulate(codes + <usize> r * (<usize> d << 2), d, 1);
}

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
