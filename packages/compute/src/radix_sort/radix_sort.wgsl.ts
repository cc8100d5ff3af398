import type { WgslKernel } from "../webgpu/kernel.ts";

/** Bits sorted per pass: 16 counters per thread fit into two words. */
export const DIGIT_BITS = 4;
const DIGITS = 1 << DIGIT_BITS;
const THREADS = 256;
/** Consecutive keys of a thread; below 16, so that a count fits four bits. */
const KEYS_PER_THREAD = 8;
/** Keys of a workgroup. */
export const SORT_TILE: number = THREADS * KEYS_PER_THREAD;

/** What a pass is specialised for. */
export interface SortVariant {
  /** The number of keys lies on the device. */
  readonly counted: boolean;
  /** There are values; otherwise each key's value is its index. */
  readonly values: boolean;
}

function header(parameters: string): string {
  return /* wgsl */ `
struct Parameters { ${parameters} }
@group(0) @binding(0) var<uniform> p: Parameters;
`;
}

const TILE_OF_GROUP = /* wgsl */ `
  let tile = group.x + group.y * groups.x;
  let first = tile * ${SORT_TILE}u;
`;
const ARGUMENTS = /* wgsl */ `@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32`;

function keyCount(counted: boolean, binding: number): { declare: string; n: string } {
  if (!counted) return { declare: "", n: "let n = p.n;" };
  return {
    declare: `@group(0) @binding(${binding}) var<storage, read> live: array<u32>;`,
    n: "let n = min(p.n, live[0]);",
  };
}

/** Counts each digit in each tile: `counts[digit, tile]`. One workgroup per tile; integer atomics, so order-free. */
function makeCount(counted: boolean): WgslKernel {
  const { declare, n } = keyCount(counted, 3);
  return {
    label: `compute/radix_sort.count[${counted ? "counted" : ""}]`,
    parameters: ["u32", "u32", "u32", "u32"],
    buffers: ["read", "read-write", ...(counted ? ["read" as const] : [])],
    code: header("n: u32, tiles: u32, shift: u32, mask: u32") + /* wgsl */ `
@group(0) @binding(1) var<storage, read> keys: array<u32>;
@group(0) @binding(2) var<storage, read_write> counts: array<u32>;
${declare}
var<workgroup> found: array<atomic<u32>, ${DIGITS}>;

@compute @workgroup_size(${THREADS})
fn main(${ARGUMENTS}) {
  ${TILE_OF_GROUP}
  ${n}
  for (var i = first + local; i < first + ${SORT_TILE}u; i += ${THREADS}u) {
    if (i < n) { atomicAdd(&found[(keys[i] >> p.shift) & p.mask], 1u); }
  }
  workgroupBarrier();
  if (local < ${DIGITS}u && tile < p.tiles) { counts[local * p.tiles + tile] = atomicLoad(&found[local]); }
}
`,
  };
}

/**
 * Moves keys and values to their places, stably. One workgroup per tile, each thread owns consecutive keys and counts
 * its digits in nibbles. A key's place is the scanned count of its digit and tile, plus the digit's keys in the
 * threads before, plus those of its own thread before it.
 */
function makeScatter({ counted, values }: SortVariant): WgslKernel {
  const { declare, n } = keyCount(counted, values ? 6 : 5);
  const flags = [counted && "counted", values && "values"].filter(Boolean).join(",");
  return {
    label: `compute/radix_sort.scatter[${flags}]`,
    parameters: ["u32", "u32", "u32", "u32"],
    buffers: [
      "read",
      "read",
      "read-write",
      "read-write",
      ...(values ? ["read" as const] : []),
      ...(counted ? ["read" as const] : []),
    ],
    code: header("n: u32, tiles: u32, shift: u32, mask: u32") + /* wgsl */ `
@group(0) @binding(1) var<storage, read> keys: array<u32>;
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read_write> out_keys: array<u32>;
@group(0) @binding(4) var<storage, read_write> out_values: array<u32>;
${values ? "@group(0) @binding(5) var<storage, read> values: array<u32>;" : ""}
${declare}
// 16 counters of four bits per thread.
var<workgroup> nibbles: array<vec2<u32>, ${THREADS}>;
// Two digits per word, 16 bits each: keys of a pair of digits in 8 threads; before each thread.
var<workgroup> group_sums: array<u32, ${THREADS}>;
var<workgroup> before: array<u32, ${THREADS * 8}>;

fn pair_of(thread: u32, pair: u32) -> u32 {
  let both = (nibbles[thread][pair >> 2u] >> ((pair & 3u) * 8u)) & 0xffu;
  return (both & 15u) | ((both >> 4u) << 16u);
}

@compute @workgroup_size(${THREADS})
fn main(${ARGUMENTS}) {
  ${TILE_OF_GROUP}
  ${n}
  let own = first + local * ${KEYS_PER_THREAD}u;
  var counts = vec2<u32>(0u);
  for (var i = own; i < min(own + ${KEYS_PER_THREAD}u, n); i++) {
    let digit = (keys[i] >> p.shift) & p.mask;
    counts[digit >> 3u] += 1u << ((digit & 7u) * 4u);
  }
  nibbles[local] = counts;
  workgroupBarrier();
  // Thread (pair, g) adds up the pair's keys of threads 8 g to 8 g + 7.
  let pair = local >> 5u;
  let g = local & 31u;
  var sum = 0u;
  for (var t = g * 8u; t < g * 8u + 8u; t++) { sum += pair_of(t, pair); }
  group_sums[local] = sum;
  workgroupBarrier();
  sum = 0u;
  for (var h = 0u; h < g; h++) { sum += group_sums[pair * 32u + h]; }
  for (var t = g * 8u; t < g * 8u + 8u; t++) {
    before[t * 8u + pair] = sum;
    sum += pair_of(t, pair);
  }
  workgroupBarrier();
  counts = vec2<u32>(0u);
  for (var i = own; i < min(own + ${KEYS_PER_THREAD}u, n); i++) {
    let key = keys[i];
    let digit = (key >> p.shift) & p.mask;
    let shift = (digit & 7u) * 4u;
    let mine = (counts[digit >> 3u] >> shift) & 15u;
    counts[digit >> 3u] += 1u << shift;
    let others = (before[local * 8u + (digit >> 1u)] >> ((digit & 1u) * 16u)) & 0xffffu;
    let place = starts[digit * p.tiles + tile] + others + mine;
    out_keys[place] = key;
    out_values[place] = ${values ? "values[i]" : "i"};
  }
}
`,
  };
}

/** Counting kernels by whether the number of keys lies on the device. */
export const countKernels: { readonly plain: WgslKernel; readonly counted: WgslKernel } = {
  plain: makeCount(false),
  counted: makeCount(true),
};

const scatterKernels = new Map<string, WgslKernel>();

/** The scatter kernel of a variant. */
export function scatterKernel(variant: SortVariant): WgslKernel {
  const key = `${variant.counted},${variant.values}`;
  let kernel = scatterKernels.get(key);
  if (!kernel) scatterKernels.set(key, kernel = makeScatter(variant));
  return kernel;
}

/** Every scatter kernel, for the test that compiles all kernels. */
export function allKernels(): WgslKernel[] {
  return [false, true].flatMap((counted) => [false, true].map((values) => scatterKernel({ counted, values })));
}
