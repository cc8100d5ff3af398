/** Arguments of kernels: f64 slots. */
@inline
export function slot(args: usize, index: i32): usize {
  return <usize> load<f64>(args + ((<usize> index) << 3));
}

@inline
export function word(array: usize, index: usize): u32 {
  return load<u32>(array + (index << 2));
}
