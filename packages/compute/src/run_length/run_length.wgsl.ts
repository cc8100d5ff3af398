import type { WgslKernel } from "../webgpu/kernel.ts";

/** Threads of a workgroup. */
export const RUN_WORKGROUP = 256;

const ARGUMENTS = /* wgsl */ `@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32`;

/** 1 where a run starts, 0 elsewhere, and 0 behind the last key. One thread per key, and one more. */
function makeFlags(counted: boolean): WgslKernel {
  return {
    label: `compute/run_length.flags[${counted ? "counted" : ""}]`,
    parameters: ["u32"],
    buffers: ["read", "read-write", ...(counted ? ["read" as const] : [])],
    code: /* wgsl */ `
struct Parameters { n: u32 }
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> keys: array<u32>;
@group(0) @binding(2) var<storage, read_write> flags: array<u32>;
${counted ? "@group(0) @binding(3) var<storage, read> live: array<u32>;" : ""}

@compute @workgroup_size(${RUN_WORKGROUP})
fn main(${ARGUMENTS}) {
  let i = (group.x + group.y * groups.x) * ${RUN_WORKGROUP}u + local;
  if (i > p.n) { return; }
  let n = ${counted ? "min(p.n, live[0])" : "p.n"};
  var flag = 0u;
  if (i < n) { flag = select(1u, u32(keys[i] != keys[max(i, 1u) - 1u]), i > 0u); }
  flags[i] = flag;
}
`,
  };
}

/** Writes each run to its place, which is the number of runs before it. One thread per key, and one more. */
function makeWrite(counted: boolean): WgslKernel {
  return {
    label: `compute/run_length.write[${counted ? "counted" : ""}]`,
    parameters: ["u32"],
    buffers: ["read", "read", "read-write", "read-write", "read-write", ...(counted ? ["read" as const] : [])],
    code: /* wgsl */ `
struct Parameters { n: u32 }
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> keys: array<u32>;
@group(0) @binding(2) var<storage, read> places: array<u32>;
@group(0) @binding(3) var<storage, read_write> out_keys: array<u32>;
@group(0) @binding(4) var<storage, read_write> starts: array<u32>;
@group(0) @binding(5) var<storage, read_write> run_count: array<u32>;
${counted ? "@group(0) @binding(6) var<storage, read> live: array<u32>;" : ""}

@compute @workgroup_size(${RUN_WORKGROUP})
fn main(${ARGUMENTS}) {
  let i = (group.x + group.y * groups.x) * ${RUN_WORKGROUP}u + local;
  let n = ${counted ? "min(p.n, live[0])" : "p.n"};
  if (i > n) { return; }
  let place = places[i];
  if (i == n) {
    starts[place] = n;
    run_count[0] = place;
  } else if (places[i + 1u] != place) {
    out_keys[place] = keys[i];
    starts[place] = i;
  }
}
`,
  };
}

/** The kernels, with the number of keys on the host or on the device. */
export const runKernels: Readonly<
  Record<"plain" | "counted", { readonly flags: WgslKernel; readonly write: WgslKernel }>
> = {
  plain: { flags: makeFlags(false), write: makeWrite(false) },
  counted: { flags: makeFlags(true), write: makeWrite(true) },
};
