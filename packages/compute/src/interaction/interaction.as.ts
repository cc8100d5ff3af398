// CPU kernels of the dot interaction, with relaxed SIMD. interaction_unfused.as.ts is the same without.
import { backwardSamples, forwardSamples } from "./_samples.as";

export function forward(args: usize, task: i32): void {
  forwardSamples<f32>(args, task);
}

export function backward(args: usize, task: i32): void {
  backwardSamples<f32>(args, task);
}
