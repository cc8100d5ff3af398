/**
 * Text that the update's kernels share.
 *
 * @module
 */
import type { Access, ParameterType, WgslKernel } from "@pocketrec/compute";

/** Threads of a workgroup. */
export const WORKGROUP = 256;

/** Builtins of an entry point. */
const ARGUMENTS = /* wgsl */ `@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32`;

/** A storage buffer of a kernel. */
export type Buffer = readonly [name: string, element: string, access?: Access];

/** A kernel before its declarations are written out. */
export interface KernelText {
  readonly label: string;
  readonly parameters: Readonly<Record<string, ParameterType>>;
  readonly buffers: readonly (Buffer | false)[];
  /** Module scope. */
  readonly scope?: string;
  /** Body of `main`, which knows `group_index`, `local` and `index`, the thread's number. */
  readonly body: string;
}

const kernels = new Map<string, WgslKernel>();

/** Makes a kernel once per label. */
export function kernelOf(text: KernelText): WgslKernel {
  let kernel = kernels.get(text.label);
  if (!kernel) kernels.set(text.label, kernel = makeKernel(text));
  return kernel;
}

function makeKernel({ label, parameters, buffers, scope = "", body }: KernelText): WgslKernel {
  const bound = buffers.filter((buffer) => buffer !== false);
  const fields = Object.entries(parameters).map(([name, type]) => `${name}: ${type}`);
  return {
    label,
    parameters: Object.values(parameters),
    buffers: bound.map(([, , access = "read"]) => access),
    code: /* wgsl */ `
struct Parameters { ${fields.join(", ")} }
@group(0) @binding(0) var<uniform> p: Parameters;
${
      bound.map(([name, element, access = "read"], i) =>
        `@group(0) @binding(${i + 1}) var<storage, ${
          access === "read" ? "read" : "read_write"
        }> ${name}: array<${element}>;`
      ).join("\n")
    }
${scope}
@compute @workgroup_size(${WORKGROUP})
fn main(${ARGUMENTS}) {
  let group_index = group.x + group.y * groups.x;
  let index = group_index * ${WORKGROUP}u + local;
  ${body}
}
`,
  };
}

/**
 * `rounded_product(a, b)`: rounded to a float before anything is added to it, as `p.zero` is known at run time only; a compiler
 * may otherwise fuse multiplication and addition, and CPUs do not.
 */
export function productFunction(vector: string): string {
  const words = vector.replace("f32", "u32");
  return /* wgsl */ `
fn rounded_product(a: ${vector}, b: ${vector}) -> ${vector} {
  return bitcast<${vector}>(bitcast<${words}>(a * b) ^ ${words}(p.zero));
}`;
}
