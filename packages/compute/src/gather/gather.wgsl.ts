import type { WgslKernel } from "../webgpu/kernel.ts";

/** Threads per workgroup. */
export const GATHER_WORKGROUP = 256;

/** One thread per (output row, `width` columns): neighbouring threads copy neighbouring bytes. Bound by memory. */
function makeKernel(width: 1 | 4): WgslKernel {
  const vector = width === 4 ? "vec4<f32>" : "f32";
  return {
    label: `compute/gather[x${width}]`,
    parameters: ["u32", "u32", "u32"],
    buffers: ["read", "read", "read-write"],
    code: /* wgsl */ `
struct Parameters { size: u32, columns: u32, rows: u32 }
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> table: array<${vector}>;
@group(0) @binding(2) var<storage, read> ids: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<${vector}>;

@compute @workgroup_size(${GATHER_WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.x + group.y * groups.x) * ${GATHER_WORKGROUP}u + local;
  if (index >= p.size) { return; }
  let row = ids[index / p.columns];
  var value = ${vector}(0.0);
  if (row < p.rows) { value = table[row * p.columns + index % p.columns]; }
  out[index] = value;
}
`,
  };
}

/** The kernel for rows of whole vec4s (4), and for any other (1). */
export const gatherKernels: Readonly<Record<1 | 4, WgslKernel>> = { 1: makeKernel(1), 4: makeKernel(4) };
