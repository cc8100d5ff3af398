import type { WgslKernel } from "../webgpu/kernel.ts";

/** Threads of a workgroup. */
export const THREADS = 256;

const HEAD = /* wgsl */ `
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.x + group.y * groups.x) * ${THREADS}u + local;
`;

/** One thread per element; `names` are the read-only operands, the last binding is `out`. */
function kernel(name: string, names: readonly string[], statement: string, type = "f32"): WgslKernel {
  const binding = (at: number, access: string, operand: string) =>
    `@group(0) @binding(${at}) var<storage, ${access}> ${operand}: array<${type}>;`;
  return {
    label: `compute/elementwise[${name}]`,
    parameters: ["u32", type === "u32" ? "u32" : "f32"],
    buffers: [...names.map(() => "read" as const), "read-write"],
    code: /* wgsl */ `
struct Parameters {
  size: u32,
  alpha: ${type},
}
@group(0) @binding(0) var<uniform> p: Parameters;
${names.map((operand, at) => binding(at + 1, "read", operand)).join("\n")}
${binding(names.length + 1, "read_write", "out")}
${HEAD}
  if (i >= p.size) { return; }
  ${statement}
}
`,
  };
}

/** Names of the elementwise operators. */
export type ElementwiseName = "add" | "mul" | "mulAdd" | "axpy" | "scale" | "sigmoid" | "fill";

/** Kernels of the elementwise operators; parameters: number of elements, alpha. */
export const ELEMENTWISE_KERNELS: Readonly<Record<ElementwiseName, WgslKernel>> = {
  add: kernel("add", ["a", "b"], "out[i] = a[i] + b[i];"),
  mul: kernel("mul", ["a", "b"], "out[i] = a[i] * b[i];"),
  mulAdd: kernel("mulAdd", ["a", "b", "c"], "out[i] = a[i] * b[i] + c[i];"),
  axpy: kernel("axpy", ["x"], "out[i] += p.alpha * x[i];"),
  scale: kernel("scale", [], "out[i] *= p.alpha;"),
  sigmoid: kernel("sigmoid", ["x"], "let e = exp(-abs(x[i])); out[i] = select(1.0, e, x[i] < 0.0) / (1.0 + e);"),
  fill: kernel("fill", [], "out[i] = p.alpha;", "u32"),
};

/** Copies a range of columns; one thread per element of it. */
export const COPY_COLUMNS: WgslKernel = {
  label: "compute/elementwise[copyColumns]",
  parameters: ["u32", "u32", "u32", "u32", "u32", "u32"],
  buffers: ["read", "read-write"],
  code: /* wgsl */ `
struct Parameters {
  rows: u32,
  columns: u32,
  from_width: u32,
  from_column: u32,
  to_width: u32,
  to_column: u32,
}
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> source: array<u32>;
@group(0) @binding(2) var<storage, read_write> target_: array<u32>;
${HEAD}
  if (i >= p.rows * p.columns) { return; }
  let row = i / p.columns;
  let column = i % p.columns;
  target_[row * p.to_width + p.to_column + column] = source[row * p.from_width + p.from_column + column];
}
`,
};
