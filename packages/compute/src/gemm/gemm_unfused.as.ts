// CPU kernels of gemm for hosts without relaxed SIMD.
import { multiplyBlock } from "./_product.as";
import { dotRows, sumColumns } from "./_vector.as";
export { epilogue } from "./_epilogue.as";
export { pack } from "./_pack.as";
export { outer } from "./_vector.as";

export function multiply(args: usize, task: i32, thread: i32): void {
  multiplyBlock<f64>(args, task, thread);
}

export function dots(args: usize, task: i32): void {
  dotRows<f64>(args, task);
}

export function sums(args: usize, task: i32): void {
  sumColumns<f64>(args, task);
}
