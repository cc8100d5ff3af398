// CPU kernels of gemm, with relaxed SIMD. gemm_unfused.as.ts is the same without.
import { multiplyBlock } from "./_product.as";
export { epilogue } from "./_epilogue.as";
export { pack } from "./_pack.as";

export function multiply(args: usize, task: i32, thread: i32): void {
  multiplyBlock<f32>(args, task, thread);
}
