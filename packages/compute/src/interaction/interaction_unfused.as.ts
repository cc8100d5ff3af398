// CPU kernels of the dot interaction for hosts without relaxed SIMD.
import { backwardSamples, forwardSamples } from "./_samples.as";

export function forward(args: usize, task: i32): void {
  forwardSamples<f64>(args, task);
}

export function backward(args: usize, task: i32): void {
  backwardSamples<f64>(args, task);
}
