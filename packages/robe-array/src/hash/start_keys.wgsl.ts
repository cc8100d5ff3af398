/**
 * Hashes keys given one by one: what tests compare with the hashes in TypeScript.
 *
 * @module
 */
import type { WgslKernel } from "@pocketrec/compute";
import { type RobeLayout, robeLayout } from "../layout.ts";
import { hashLabel, hashWgsl } from "./hash.wgsl.ts";

/** Threads of a workgroup. */
export const KEY_THREADS = 256;
/** Tables of a batch; key i belongs to table i mod this. */
export const KEY_TABLES = 256;

const kernels = new Map<string, WgslKernel>();

/** One thread per key. */
export function startKeysKernel(layout: RobeLayout): WgslKernel {
  const label = `robe-array/start_keys[${hashLabel(layout)}]`;
  const have = kernels.get(label);
  if (have) return have;
  const kernel: WgslKernel = {
    label,
    parameters: ["u32"],
    buffers: ["read", "read", "read-write"],
    code: /* wgsl */ `
struct Parameters { size: u32 }
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> keys: array<u32>;          // all x, then all k
@group(0) @binding(2) var<storage, read> tables: array<vec4<u32>>;  // a, b, modulus
@group(0) @binding(3) var<storage, read_write> out: array<u32>;     // all starts, then all sign words
${hashWgsl(layout)}
@compute @workgroup_size(${KEY_THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.x + group.y * groups.x) * ${KEY_THREADS}u + local;
  if (i >= p.size) { return; }
  let k = keys[p.size + i];
  let table = tables[i % ${KEY_TABLES}u];
  let key = row_key(keys[i], table.x, table.y);
  out[i] = block_start(key, k, table.z);
  out[p.size + i] = sign_word(key, k >> 5u);
}
`,
  };
  kernels.set(label, kernel);
  return kernel;
}

/** Every hash with every alignment it allows. */
export function allKernels(): WgslKernel[] {
  const variants = [1, 4, 8] as const;
  return [
    ...(["mix32", "m31"] as const).flatMap((hash) => variants.map((align) => ({ hash, align }))),
    { hash: "ref1" } as const,
    { hash: "ref2" } as const,
  ].map((options) => startKeysKernel(robeLayout({ size: 4096, ...options })));
}
