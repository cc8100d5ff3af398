import type { WgslKernel } from "../webgpu/kernel.ts";

/**
 * The kernels of gemm on WebGPU:
 *
 * - `naive`: one thread per element, the sum as it is written on paper. The explanation of the others, and the choice
 *   for products of a few rows or columns.
 * - `registers`: one thread per 4 x 4 elements, so that 8 loads serve 16 products; no barrier. For software adapters,
 *   which run a workgroup's threads in turns between barriers: 256-cube on SwiftShader 0.28 GFLOP/s (tiled 0.14, naive
 *   0.04), on llvmpipe up to 2.0 (0.9, 0.26), two busy cores.
 * - `tiled`: one workgroup per 64 x 64 elements; slices of 16 values of k pass through workgroup memory (8 KiB), each
 *   thread keeps 4 x 4 sums. Loads of device memory fall by 64.
 */
export type GemmKind = "naive" | "registers" | "tiled";

/** A kernel of gemm, in full. */
export interface GemmVariant {
  /** How threads map to elements. */
  readonly kind: GemmKind;
  /** `a` is stored as `[K, M]`. */
  readonly transposeA: boolean;
  /** `b` is stored as `[N, K]`. */
  readonly transposeB: boolean;
  /**
   * The grid's z cuts k into parts, each with a result of its own in `out [parts, M, N]`; {@linkcode reduceKernel} adds
   * them in order. For products with few elements and long sums (weight gradients), which leave a GPU idle otherwise.
   */
  readonly splitK: boolean;
}

/** Elements of a workgroup's tile: rows, columns. `naive` takes them in the order of memory, whatever the shape. */
export const TILE: Readonly<Record<GemmKind, readonly [rows: number, columns: number]>> = {
  naive: [1, 256],
  registers: [32, 32],
  tiled: [64, 64],
};

/** All variants that exist. */
export const GEMM_VARIANTS: readonly GemmVariant[] = (["naive", "registers", "tiled"] as const).flatMap((kind) =>
  [false, true].flatMap((transposeA) =>
    [false, true].flatMap((transposeB) =>
      [false, true].map((splitK) => ({ kind, transposeA, transposeB, splitK }) as const)
    )
  )
);

const EPILOGUE_PARAMETERS = ["f32", "f32", "u32", "u32", "u32"] as const;
const EPILOGUE_FIELDS = /* wgsl */ `alpha: f32, beta: f32, has_bias: u32, activation: u32, has_mask: u32`;

const EPILOGUE = /* wgsl */ `
fn finish(i: u32, j: u32, sum: f32) {
  let at = i * p.n + j;
  var v = p.alpha * sum;
  if (p.beta != 0.0) { v += p.beta * out[at]; }
  if (p.has_bias != 0u) { v += bias[j]; }
  if (p.activation == 1u) { v = max(v, 0.0); }
  // Clamped, as e^x may overflow to whatever the device likes.
  if (p.activation == 2u) { v = 1.0 / (1.0 + exp(-clamp(v, -80.0, 80.0))); }
  if (p.has_mask != 0u && !(mask[at] > 0.0)) { v = 0.0; }
  out[at] = v;
}`;

const cache = new Map<string, WgslKernel>();

/**
 * The kernel of a variant. Parameters: m, n, k, length of a part of k, then the epilogue's. Buffers: a, b, bias, mask
 * (any buffer where absent), out; with `splitK` a, b, out.
 */
export function gemmKernel(variant: GemmVariant): WgslKernel {
  const { kind, transposeA, transposeB, splitK } = variant;
  const flags = `${transposeA ? "t" : "n"}${transposeB ? "t" : "n"}${splitK ? ",split-k" : ""}`;
  const label = `compute/gemm[${kind},${flags}]`;
  const have = cache.get(label);
  if (have) return have;
  const kernel: WgslKernel = {
    label,
    code: `${head(variant)}\n${BODY[kind]}`,
    parameters: ["u32", "u32", "u32", "u32", ...EPILOGUE_PARAMETERS],
    buffers: splitK ? ["read", "read", "read-write"] : ["read", "read", "read", "read", "read-write"],
  };
  cache.set(label, kernel);
  return kernel;
}

function head({ transposeA, transposeB, splitK }: GemmVariant): string {
  return /* wgsl */ `
struct Parameters { m: u32, n: u32, k: u32, part: u32, ${EPILOGUE_FIELDS} }
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
${
    splitK
      ? /* wgsl */ `
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
var<private> part_offset: u32;
fn finish(i: u32, j: u32, sum: f32) { out[part_offset + i * p.n + j] = sum; }`
      : /* wgsl */ `
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> mask: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;
${EPILOGUE}`
  }
fn at_a(i: u32, q: u32) -> u32 { return ${transposeA ? "q * p.m + i" : "i * p.k + q"}; }
fn at_b(q: u32, j: u32) -> u32 { return ${transposeB ? "j * p.k + q" : "q * p.n + j"}; }
/// The values of k that this workgroup sums, from x to y.
fn range(part: u32) -> vec2u {
  ${splitK ? "part_offset = part * p.m * p.n;" : ""}
  return vec2u(part * p.part, min(p.k, (part + 1u) * p.part));
}
// Which index runs fastest in memory: neighbouring threads take neighbouring elements.
const A_BY_ROWS = ${!transposeA};
const B_BY_COLUMNS = ${!transposeB};`;
}

/** First element of a workgroup's tile; tiles are numbered row by row. */
const ORIGIN = (rows: number, columns: number): string => /* wgsl */ `
fn origin(tile: u32) -> vec2u {
  let across = (p.n + ${columns - 1}u) / ${columns}u;
  return vec2u(tile / across * ${rows}u, tile % across * ${columns}u);
}`;

/** `0 .. 3` in a line of WGSL each: function-scope arrays indexed by variables end up in slow memory on some drivers. */
const four = (line: (at: number) => string): string => [0, 1, 2, 3].map(line).join("\n");

const BODY: Readonly<Record<GemmKind, string>> = {
  naive: /* wgsl */ `
@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let element = (group.x + group.y * groups.x) * 256u + local;
  if (element >= p.m * p.n) { return; }
  let i = element / p.n;
  let j = element % p.n;
  let r = range(group.z);
  var q = r.x;
  var lanes = vec4f();
  // A vector and a matrix whose sums run along memory: four sums side by side, the order of the CPU.
  if ((p.n == 1u && A_BY_ROWS) || (p.n != 1u && p.m == 1u && !B_BY_COLUMNS)) {
    for (; q + 4u <= r.y; q += 4u) {
      let x = vec4f(a[at_a(i, q)], a[at_a(i, q + 1u)], a[at_a(i, q + 2u)], a[at_a(i, q + 3u)]);
      let y = vec4f(b[at_b(q, j)], b[at_b(q + 1u, j)], b[at_b(q + 2u, j)], b[at_b(q + 3u, j)]);
      lanes = fma(x, y, lanes);
    }
  }
  var sum = (lanes.x + lanes.z) + (lanes.y + lanes.w);
  for (; q < r.y; q++) { sum = fma(a[at_a(i, q)], b[at_b(q, j)], sum); }
  finish(i, j, sum);
}`,

  registers: /* wgsl */ `
${ORIGIN(32, 32)}
@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let o = origin(group.x + group.y * groups.x) + 4u * local.yx;
  if (o.x >= p.m || o.y >= p.n) { return; }
  let r = range(group.z);
  // Past the edge, the last row and column again: loads need no branch, and only real elements are stored.
  let i = min(vec4u(o.x) + vec4u(0, 1, 2, 3), vec4u(p.m - 1u));
  let j = min(vec4u(o.y) + vec4u(0, 1, 2, 3), vec4u(p.n - 1u));
  var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
  for (var q = r.x; q < r.y; q++) {
    let y = vec4f(b[at_b(q, j.x)], b[at_b(q, j.y)], b[at_b(q, j.z)], b[at_b(q, j.w)]);
    s0 = fma(vec4f(a[at_a(i.x, q)]), y, s0);
    s1 = fma(vec4f(a[at_a(i.y, q)]), y, s1);
    s2 = fma(vec4f(a[at_a(i.z, q)]), y, s2);
    s3 = fma(vec4f(a[at_a(i.w, q)]), y, s3);
  }
  ${
    four((c) =>
      `if (o.y + ${c}u < p.n) {
    finish(o.x, o.y + ${c}u, s0[${c}]);
    if (o.x + 1u < p.m) { finish(o.x + 1u, o.y + ${c}u, s1[${c}]); }
    if (o.x + 2u < p.m) { finish(o.x + 2u, o.y + ${c}u, s2[${c}]); }
    if (o.x + 3u < p.m) { finish(o.x + 3u, o.y + ${c}u, s3[${c}]); }
  }`
    )
  }
}`,

  tiled: /* wgsl */ `
${ORIGIN(64, 64)}
// 16 values of k: [k][64 rows of A] and [k][64 columns of B], four to a vector.
var<workgroup> tile_a: array<vec4f, 256>;
var<workgroup> tile_b: array<vec4f, 256>;

@compute @workgroup_size(16, 16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let first = origin(group.x + group.y * groups.x);
  let r = range(group.z);
  var s0 = vec4f(); var s1 = vec4f(); var s2 = vec4f(); var s3 = vec4f();
  for (var slice = r.x; slice < r.y; slice += 16u) {
    for (var e = thread; e < 1024u; e += 256u) {
      // (x: row or column of the tile, y: k), in the order of memory.
      let ea = select(vec2u(e % 64u, e / 64u), vec2u(e / 16u, e % 16u), A_BY_ROWS);
      let eb = select(vec2u(e / 16u, e % 16u), vec2u(e % 64u, e / 64u), B_BY_COLUMNS);
      var x = 0.0;
      var y = 0.0;
      if (first.x + ea.x < p.m && slice + ea.y < r.y) { x = a[at_a(first.x + ea.x, slice + ea.y)]; }
      if (first.y + eb.x < p.n && slice + eb.y < r.y) { y = b[at_b(slice + eb.y, first.y + eb.x)]; }
      tile_a[ea.y * 16u + ea.x / 4u][ea.x % 4u] = x;
      tile_b[eb.y * 16u + eb.x / 4u][eb.x % 4u] = y;
    }
    workgroupBarrier();
    for (var q = 0u; q < 16u; q++) {
      let x = tile_a[q * 16u + local.y];
      let y = tile_b[q * 16u + local.x];
      s0 = fma(vec4f(x.x), y, s0);
      s1 = fma(vec4f(x.y), y, s1);
      s2 = fma(vec4f(x.z), y, s2);
      s3 = fma(vec4f(x.w), y, s3);
    }
    workgroupBarrier();
  }
  let o = first + 4u * local.yx;
  ${
    four((c) =>
      `if (o.y + ${c}u < p.n) {
    if (o.x < p.m) { finish(o.x, o.y + ${c}u, s0[${c}]); }
    if (o.x + 1u < p.m) { finish(o.x + 1u, o.y + ${c}u, s1[${c}]); }
    if (o.x + 2u < p.m) { finish(o.x + 2u, o.y + ${c}u, s2[${c}]); }
    if (o.x + 3u < p.m) { finish(o.x + 3u, o.y + ${c}u, s3[${c}]); }
  }`
    )
  }
}`,
};

/**
 * Adds the parts of a `splitK` kernel in order, one thread per element, and applies the epilogue. Parameters as
 * {@linkcode gemmKernel}, but for k: the number of parts. Buffers: parts, bias, mask, out.
 */
export const reduceKernel: WgslKernel = {
  label: "compute/gemm[reduce]",
  code: /* wgsl */ `
struct Parameters { m: u32, n: u32, parts: u32, part: u32, ${EPILOGUE_FIELDS} }
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> partial: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read> mask: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
${EPILOGUE}
@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let element = (group.x + group.y * groups.x) * 256u + local;
  if (element >= p.m * p.n) { return; }
  var sum = 0.0;
  for (var part = 0u; part < p.parts; part++) { sum += partial[part * p.m * p.n + element]; }
  finish(element / p.n, element % p.n, sum);
}`,
  parameters: ["u32", "u32", "u32", "u32", ...EPILOGUE_PARAMETERS],
  buffers: ["read", "read", "read", "read-write"],
};

/** Every variant, for the test that compiles them all. */
export function allKernels(): WgslKernel[] {
  return [...GEMM_VARIANTS.map(gemmKernel), reduceKernel];
}
