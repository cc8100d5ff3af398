// Arguments of a kernel: f64 slots, of which integers up to 2^53 and addresses are whole numbers.

// @ts-ignore: decorator
@inline
export function slot(args: usize, i: usize): usize {
  return <usize>load<f64>(args + (i << 3));
}

// @ts-ignore: decorator
@inline
export function slotF32(args: usize, i: usize): f32 {
  return <f32>load<f64>(args + (i << 3));
}

// @ts-ignore: decorator
@inline
export function slotF64(args: usize, i: usize): f64 {
  return load<f64>(args + (i << 3));
}
