import type { WgslKernel } from "@pocketrec/compute";

/** Threads per workgroup; one thread per bag. */
export const MAP_WORKGROUP = 256;

/** The kernel of `mapIds`, for bags with offsets or one id per bag. */
export function mapIdsKernel(offsets: boolean): WgslKernel {
  return offsets ? BAGS : ONE_HOT;
}

const ONE_HOT = makeKernel(false), BAGS = makeKernel(true);

function makeKernel(offsets: boolean): WgslKernel {
  return {
    label: `dlrm-model/map_ids[${offsets ? "offsets" : "one-hot"}]`,
    parameters: ["u32", "u32", "u32", "u32"],
    buffers: ["read", "read", "read", "read", "read-write", ...(offsets ? ["read"] as const : [])],
    code: /* wgsl */ `
struct Parameters { bags: u32, tables: u32, start: u32, end: u32 }
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read> divisors: array<u32>;
@group(0) @binding(3) var<storage, read> moduli: array<u32>;
@group(0) @binding(4) var<storage, read> row_base: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<u32>;
${offsets ? "@group(0) @binding(6) var<storage, read> offsets: array<u32>;" : ""}

const NO_ROW = 0xffffffffu;

@compute @workgroup_size(${MAP_WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let bag = (group.x + group.y * groups.x) * ${MAP_WORKGROUP}u + local;
  if (bag >= p.bags) { return; }
  let table = bag % p.tables;
  let divisor = divisors[table];
  let modulus = moduli[table];
  let base = row_base[table];
  ${offsets ? "let first = offsets[bag];\n  let last = offsets[bag + 1u];" : "let first = bag;\n  let last = bag + 1u;"}
  for (var i = first; i < last; i++) {
    let id = ids[i];
    var row = NO_ROW;
    if (id != NO_ROW && modulus != 0u) {
      row = base + (id / divisor) % modulus;
      if (row >= p.start && row < p.end) { row -= p.start; } else { row = NO_ROW; }
    }
    out[i] = row;
  }
}
`,
  };
}

/** Every variant, for the test that compiles them all. */
export function allKernels(): WgslKernel[] {
  return [ONE_HOT, BAGS];
}
