import type { WgslKernel } from "../webgpu/kernel.ts";

/** Threads of a workgroup. */
export const THREADS = 256;

/** Most workgroups of the first pass, so that one workgroup can finish. */
export const MAX_GROUPS = 1024;

/**
 * Each thread sums with the grid's stride, then a workgroup adds its 256 sums as a tree. The order depends on the number
 * of elements and workgroups alone.
 */
function kernel(name: string, term: string): WgslKernel {
  return {
    label: `compute/reduce[${name}]`,
    parameters: ["u32"],
    buffers: ["read", "read-write"],
    code: /* wgsl */ `
@group(0) @binding(0) var<uniform> size: u32;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

var<workgroup> sums: array<f32, ${THREADS}>;

@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = group.x * ${THREADS}u + local; i < size; i += groups.x * ${THREADS}u) {
    let x = a[i];
    sum += ${term};
  }
  sums[local] = sum;
  for (var half = ${THREADS / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { sums[local] += sums[local + half]; }
  }
  if (local == 0u) { out[group.x] = sums[0]; }
}
`,
  };
}

/** Kernels by what they sum. */
export const REDUCE_KERNELS: Readonly<Record<"sum" | "sumSquares", WgslKernel>> = {
  sum: kernel("sum", "x"),
  sumSquares: kernel("sumSquares", "x * x"),
};
