import type { WgslKernel } from "../webgpu/kernel.ts";
import type { WebGpuDevice } from "../webgpu/webgpu_device.ts";

const KERNEL: WgslKernel = {
  label: "testing/rounding",
  parameters: ["f32"],
  buffers: ["read-write"],
  code: /* wgsl */ `
@group(0) @binding(0) var<uniform> x: f32;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(1)
fn main() {
  let z = out[2];
  out[0] = fma(x, x, z);
  out[1] = x * x + z;
}`,
};

/**
 * Whether an adapter rounds products before it adds, in `fma(x, y, z)` and in `x * y + z` alike. WGSL leaves both open. Only
 * where this holds may a test want the bits of a CPU device with portable arithmetic.
 */
export async function roundsProducts(device: WebGpuDevice): Promise<boolean> {
  // (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24, of which rounding drops the last term.
  const x = 1 + 2 ** -12;
  using out = device.tensor("f32", [3], { data: Float32Array.of(1, 1, -(1 + 2 ** -11)) });
  device.dispatch(KERNEL, [x], [out], [1, 1, 1]);
  const [fused, separate] = await out.read();
  return fused === 0 && separate === 0;
}
