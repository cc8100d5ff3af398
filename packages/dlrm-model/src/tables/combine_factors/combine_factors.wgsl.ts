import type { WgslKernel } from "@pocketrec/compute";

/** Threads per workgroup; one thread per element of the combined vectors. */
export const COMBINE_WORKGROUP = 256;

const HEAD = /* wgsl */ `
struct Parameters { elements: u32, tables: u32, dim: u32, operation: u32 }
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> first: array<f32>;
@group(0) @binding(2) var<storage, read> second: array<f32>;
@group(0) @binding(3) var<storage, read> single: array<u32>;
`;

const BODY = /* wgsl */ `
@compute @workgroup_size(${COMBINE_WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.x + group.y * groups.x) * ${COMBINE_WORKGROUP}u + local;
  if (i >= p.elements) { return; }
  let bag = i / p.dim;
  let column = i % p.dim;
  let half = p.dim / 2u;
  let at = bag * half + column % half; // side by side: place in a factor
  let alone = single[bag % p.tables] != 0u;
`;

/** out[bag] = first * second, first + second, or both side by side. */
export const combineKernel: WgslKernel = {
  label: "dlrm-model/combine_factors",
  parameters: ["u32", "u32", "u32", "u32"],
  buffers: ["read", "read", "read", "read-write"],
  code: /* wgsl */ `${HEAD}
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
${BODY}
  if (p.operation == 2u) {
    if (column < half) { out[i] = first[at]; } else { out[i] = second[at]; }
  } else if (alone) { out[i] = first[i]; }
  else if (p.operation == 1u) { out[i] = first[i] + second[i]; }
  else { out[i] = first[i] * second[i]; }
}
`,
};

/** Gradients of both factors from that of the combined vector. */
export const combineBackwardKernel: WgslKernel = {
  label: "dlrm-model/combine_factors_backward",
  parameters: ["u32", "u32", "u32", "u32"],
  buffers: ["read", "read", "read", "read", "read-write", "read-write"],
  code: /* wgsl */ `${HEAD}
@group(0) @binding(4) var<storage, read> grad: array<f32>;
@group(0) @binding(5) var<storage, read_write> grad_first: array<f32>;
@group(0) @binding(6) var<storage, read_write> grad_second: array<f32>;
${BODY}
  let g = grad[i];
  if (p.operation == 2u) {
    if (column < half) { grad_first[at] = g; } else { grad_second[at] = g; }
  } else if (alone) {
    grad_first[i] = g;
    grad_second[i] = 0.0;
  } else if (p.operation == 1u) {
    grad_first[i] = g;
    grad_second[i] = g;
  } else {
    grad_first[i] = g * second[i];
    grad_second[i] = g * first[i];
  }
}
`,
};
