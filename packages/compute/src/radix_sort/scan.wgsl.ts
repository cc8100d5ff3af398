import type { WgslKernel } from "../webgpu/kernel.ts";

const THREADS = 256;
const PER_THREAD = 8;
/** Elements of a workgroup. */
export const SCAN_TILE: number = THREADS * PER_THREAD;

const ARGUMENTS = /* wgsl */ `@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32`;

/**
 * Exclusive prefix sums of each tile in place, and the tile's sum. Each thread adds up its consecutive elements; the
 * threads' sums are scanned in workgroup memory by doubling distances.
 */
export const scanTiles: WgslKernel = {
  label: "compute/scan.tiles",
  parameters: ["u32"],
  buffers: ["read-write", "read-write"],
  code: /* wgsl */ `
struct Parameters { n: u32 }
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read_write> data: array<u32>;
@group(0) @binding(2) var<storage, read_write> sums: array<u32>;
var<workgroup> partial: array<u32, ${THREADS}>;

@compute @workgroup_size(${THREADS})
fn main(${ARGUMENTS}) {
  let tile = group.x + group.y * groups.x;
  let own = tile * ${SCAN_TILE}u + local * ${PER_THREAD}u;
  let end = min(own + ${PER_THREAD}u, p.n);
  var sum = 0u;
  for (var i = own; i < end; i++) { sum += data[i]; }
  partial[local] = sum;
  workgroupBarrier();
  for (var distance = 1u; distance < ${THREADS}u; distance <<= 1u) {
    var left = 0u;
    if (local >= distance) { left = partial[local - distance]; }
    workgroupBarrier();
    partial[local] += left;
    workgroupBarrier();
  }
  var before = partial[local] - sum;
  for (var i = own; i < end; i++) {
    let value = data[i];
    data[i] = before;
    before += value;
  }
  if (local == ${THREADS - 1}u && tile * ${SCAN_TILE}u < p.n) { sums[tile] = partial[local]; }
}
`,
};

/** Adds to each tile the sum of the tiles before it. */
export const addTileSums: WgslKernel = {
  label: "compute/scan.add",
  parameters: ["u32"],
  buffers: ["read-write", "read"],
  code: /* wgsl */ `
struct Parameters { n: u32 }
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read_write> data: array<u32>;
@group(0) @binding(2) var<storage, read> sums: array<u32>;

@compute @workgroup_size(${THREADS})
fn main(${ARGUMENTS}) {
  let i = (group.x + group.y * groups.x) * ${THREADS}u + local;
  if (i < p.n) { data[i] += sums[i / ${SCAN_TILE}u]; }
}
`,
};

/** Threads of a workgroup of {@linkcode addTileSums}. */
export const ADD_WORKGROUP: number = THREADS;
