/** Stable counting passes of the LSD radix sort, shared by the kernels that sort. */

/** `counts[digit]++` for each of `n` keys; digit = bits `shift` on, as many as `mask` has. */
@inline
export function countDigits(keys: usize, n: u32, shift: u32, mask: u32, counts: usize): void {
  for (let at = keys, end = keys + (<usize>n << 2); at < end; at += 4) {
    const count = counts + (<usize>((load<u32>(at) >> shift) & mask) << 2);
    store<u32>(count, load<u32>(count) + 1);
  }
}

/** Replaces counts by the sum of the counts before them. */
@inline
export function scanCounts(counts: usize, digits: u32): void {
  let sum: u32 = 0;
  for (let at = counts, end = counts + (<usize>digits << 2); at < end; at += 4) {
    const count = load<u32>(at);
    store<u32>(at, sum);
    sum += count;
  }
}

/** Moves each key and value to the next free place of its digit; `values` 0: the value is the index, from `base` on. */
@inline
export function scatterByDigit(
  keys: usize,
  values: usize,
  base: u32,
  n: u32,
  shift: u32,
  mask: u32,
  places: usize,
  outKeys: usize,
  outValues: usize,
): void {
  for (let i: u32 = 0; i < n; i++) {
    const key = load<u32>(keys + (<usize>i << 2));
    const value = values ? load<u32>(values + (<usize>i << 2)) : base + i;
    const next = places + (<usize>((key >> shift) & mask) << 2);
    const place = load<u32>(next);
    store<u32>(next, place + 1);
    store<u32>(outKeys + (<usize>place << 2), key);
    store<u32>(outValues + (<usize>place << 2), value);
  }
}
