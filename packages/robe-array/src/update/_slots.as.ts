/** Arguments of kernels: f64 slots. */
@inline
export function slot(args: usize, index: i32): usize {
  return <usize> load<f64>(args + ((<usize> index) << 3));
}

@inline
export function word(array: usize, index: usize): u32 {
  return load<u32>(array + (index << 2));
}

/** First of `n` ascending keys that is at least `key`. */
export function lowerBound(keys: usize, n: usize, key: u32): usize {
  let low: usize = 0, high = n;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (word(keys, middle) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
