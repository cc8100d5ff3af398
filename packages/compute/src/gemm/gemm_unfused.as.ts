// CPU kernels of gemm for hosts without relaxed SIMD.
import { multiplyBlock } from "./_product.as";
export { epilogue } from "./_epilogue.as";
export { pack } from "./_pack.as";

export function multiply(args: usize, task: i32, thread: i32): void {
  multiplyBlock<f64>(args, task, thread);
}
