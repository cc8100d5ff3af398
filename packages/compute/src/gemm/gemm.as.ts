// CPU kernels of gemm, with relaxed SIMD. gemm_unfused.as.ts is the same without.
import { multiplyBlock } from "./_product.as";
import { dotRows, sumColumns } from "./_vector.as";
export { epilogue } from "./_epilogue.as";
export { pack } from "./_pack.as";
export { outer } from "./_vector.as";

export function multiply(args: usize, task: i32, thread: i32): void {
  multiplyBlock<f32>(args, task, thread);
}

export function dots(args: usize, task: i32): void {
  dotRows<f32>(args, task);
}

export function sums(args: usize, task: i32): void {
  sumColumns<f32>(args, task);
}
