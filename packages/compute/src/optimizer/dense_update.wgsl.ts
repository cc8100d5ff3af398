import type { WgslKernel } from "../webgpu/kernel.ts";
import type { DenseOptimizer } from "./dense_update.ts";

/** Threads of a workgroup. */
export const THREADS = 256;

const RULES = {
  sgd: {
    states: [],
    rule: "w[i] -= p.rate * x;",
  },
  adagrad: {
    states: ["s"],
    rule: `
  let sum = s[i] + x * x;
  s[i] = sum;
  w[i] -= p.rate * (x / (sqrt(sum) + p.epsilon));`,
  },
  adam: {
    states: ["m", "v"],
    rule: `
  let mean = m[i] + (x - m[i]) * p.blend1;
  let square = v[i] + (x * x - v[i]) * p.blend2;
  m[i] = mean;
  v[i] = square;
  w[i] -= p.rate * (mean / (sqrt(square) * p.root + p.epsilon));`,
  },
} as const;

function kernel(kind: DenseOptimizer["kind"]): WgslKernel {
  const { states, rule } = RULES[kind];
  return {
    label: `compute/dense_update[${kind}]`,
    parameters: ["u32", "f32", "f32", "f32", "f32", "f32"],
    buffers: ["read-write", "read", ...states.map(() => "read-write" as const)],
    code: /* wgsl */ `
struct Parameters {
  size: u32,
  rate: f32,
  epsilon: f32,
  blend1: f32,
  blend2: f32,
  root: f32,
}
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read_write> w: array<f32>;
@group(0) @binding(2) var<storage, read> grads: array<f32>;
${states.map((name, at) => `@group(0) @binding(${3 + at}) var<storage, read_write> ${name}: array<f32>;`).join("\n")}

// One thread per parameter: 12 to 28 bytes moved, so memory binds.
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.x + group.y * groups.x) * ${THREADS}u + local;
  if (i >= p.size) { return; }
  let x = grads[i];
  ${rule}
}
`,
  };
}

/** A kernel per rule. */
export const UPDATE_KERNELS: Readonly<Record<DenseOptimizer["kind"], WgslKernel>> = {
  sgd: kernel("sgd"),
  adagrad: kernel("adagrad"),
  adam: kernel("adam"),
};
