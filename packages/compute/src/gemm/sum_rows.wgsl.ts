import type { WgslKernel } from "../webgpu/kernel.ts";

/**
 * One level of the tree of `sumRows`: sums `chunk` rows after one another, `[M, N]` to `[ceil(M / chunk), N]`. One
 * thread per output; neighbouring threads read neighbouring columns. Memory-bound: 4 bytes per addition.
 */
export const sumRowsKernel: WgslKernel = {
  label: "compute/sumRows",
  code: /* wgsl */ `
struct Parameters { m: u32, n: u32, chunk: u32 }
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let element = (group.x + group.y * groups.x) * 64u + local;
  let chunks = (p.m + p.chunk - 1u) / p.chunk;
  if (element >= chunks * p.n) { return; }
  let first = element / p.n * p.chunk;
  let j = element % p.n;
  var sum = a[first * p.n + j];
  for (var i = first + 1u; i < min(first + p.chunk, p.m); i++) { sum += a[i * p.n + j]; }
  out[element] = sum;
}`,
  parameters: ["u32", "u32", "u32"],
  buffers: ["read", "read-write"],
};
