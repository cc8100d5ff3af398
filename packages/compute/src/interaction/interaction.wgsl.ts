import type { WgslKernel } from "../webgpu/kernel.ts";

/** Threads of a workgroup. */
export const THREADS = 256;

const SHARED = /* wgsl */ `
struct Shape {
  batch: u32,
  rows: u32,   // vectors per sample, F
  dim: u32,
  self_: u32,  // 1: the diagonal counts
}

fn pair_start(i: u32, self_: u32) -> u32 {
  return i * (i + 2u * self_ - min(i, 1u)) / 2u;
}

fn pair_index(i: u32, j: u32, self_: u32) -> u32 {
  let a = max(i, j);
  return pair_start(a, self_) + min(i, j);
}

// The row of the triangle that holds position p. The square root is only a guess.
fn pair_row(p: u32, self_: u32) -> u32 {
  var i = u32((1.0 + sqrt(1.0 + 8.0 * f32(p))) * 0.5);
  i = max(i, 1u) - self_;
  while (pair_start(i + 1u, self_) <= p) { i++; }
  while (pair_start(i, self_) > p) { i--; }
  return i;
}
`;

/**
 * Forward, one thread per element of `out`; rows come from global memory, 8 dim bytes per product, mostly from cache.
 * No barrier, which software adapters like best: they run a workgroup's threads one after another between barriers.
 */
const FORWARD_PLAIN = /* wgsl */ `${SHARED}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> dense: array<f32>;
@group(0) @binding(2) var<storage, read> embeddings: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

fn value(s: u32, row: u32, k: u32) -> f32 {
  if (row == 0u) { return dense[s * shape.dim + k]; }
  return embeddings[(s * (shape.rows - 1u) + row - 1u) * shape.dim + k];
}

@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let width = shape.dim + pair_start(shape.rows, shape.self_);
  let at = (group.x + group.y * groups.x) * ${THREADS}u + local;
  if (at >= shape.batch * width) { return; }
  let s = at / width;
  let c = at % width;
  if (c < shape.dim) {
    out[at] = dense[s * shape.dim + c];
    return;
  }
  let i = pair_row(c - shape.dim, shape.self_);
  let j = c - shape.dim - pair_start(i, shape.self_);
  var sums = vec4f();
  for (var k = 0u; k + 4u <= shape.dim; k += 4u) {
    let x = vec4f(value(s, i, k), value(s, i, k + 1u), value(s, i, k + 2u), value(s, i, k + 3u));
    let y = vec4f(value(s, j, k), value(s, j, k + 1u), value(s, j, k + 2u), value(s, j, k + 3u));
    sums = fma(x, y, sums);
  }
  for (var k = shape.dim & ~3u; k < shape.dim; k++) {
    sums[k & 3u] = fma(value(s, i, k), value(s, j, k), sums[k & 3u]);
  }
  out[at] = (sums.x + sums.y) + (sums.z + sums.w);
}
`;

/**
 * Forward, one workgroup per sample: its rows lie in workgroup memory, each read once from global memory, and one thread
 * makes a product at a time. Rows are padded to an odd length, so that threads on different rows meet different banks.
 */
function forwardShared(floats: number): string {
  return /* wgsl */ `${SHARED}
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> dense: array<f32>;
@group(0) @binding(2) var<storage, read> embeddings: array<f32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

var<workgroup> rows: array<f32, ${floats}>;

@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let s = group.x + group.y * groups.x;
  if (s >= shape.batch) { return; }
  let d = shape.dim;
  let stride = d | 1u;
  let pairs = pair_start(shape.rows, shape.self_);
  let base = s * (d + pairs);
  for (var e = local; e < d; e += ${THREADS}u) {
    let x = dense[s * d + e];
    rows[e] = x;
    out[base + e] = x;
  }
  let first = s * (shape.rows - 1u) * d;
  for (var e = local; e < (shape.rows - 1u) * d; e += ${THREADS}u) {
    rows[(e / d + 1u) * stride + e % d] = embeddings[first + e];
  }
  workgroupBarrier();
  for (var p = local; p < pairs; p += ${THREADS}u) {
    let i = pair_row(p, shape.self_);
    let a = i * stride;
    let b = (p - pair_start(i, shape.self_)) * stride;
    var sums = vec4f();
    for (var k = 0u; k + 4u <= d; k += 4u) {
      let x = vec4f(rows[a + k], rows[a + k + 1u], rows[a + k + 2u], rows[a + k + 3u]);
      let y = vec4f(rows[b + k], rows[b + k + 1u], rows[b + k + 2u], rows[b + k + 3u]);
      sums = fma(x, y, sums);
    }
    for (var k = d & ~3u; k < d; k++) { sums[k & 3u] = fma(rows[a + k], rows[b + k], sums[k & 3u]); }
    out[base + d + p] = (sums.x + sums.y) + (sums.z + sums.w);
  }
}
`;
}

const BACKWARD_HEAD = /* wgsl */ `${SHARED}
// The t-th partner of row i: rows go in pairs, and a pair meets all others first, then itself.
fn partner(i: u32, t: u32) -> u32 {
  let first = i & ~1u;
  let own = min(2u, shape.rows - first);
  if (t < first) { return t; }
  return select(t + own, t + own + first - shape.rows, t + own >= shape.rows);
}

@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> grad_out: array<f32>;
@group(0) @binding(2) var<storage, read> dense: array<f32>;
@group(0) @binding(3) var<storage, read> embeddings: array<f32>;
@group(0) @binding(4) var<storage, read_write> grad_dense: array<f32>;
@group(0) @binding(5) var<storage, read_write> grad_embeddings: array<f32>;
`;

/** Backward, one thread per element of a gradient; no barrier, see the forward variants. */
const BACKWARD_PLAIN = /* wgsl */ `${BACKWARD_HEAD}
fn value(s: u32, row: u32, k: u32) -> f32 {
  if (row == 0u) { return dense[s * shape.dim + k]; }
  return embeddings[(s * (shape.rows - 1u) + row - 1u) * shape.dim + k];
}

@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let elements = shape.rows * shape.dim;
  let at = (group.x + group.y * groups.x) * ${THREADS}u + local;
  if (at >= shape.batch * elements) { return; }
  let s = at / elements;
  let i = at % elements / shape.dim;
  let k = at % shape.dim;
  let base = s * (shape.dim + pair_start(shape.rows, shape.self_));
  let pairs = base + shape.dim;
  var sum = 0.0;
  if (i == 0u) { sum = grad_out[base + k]; }
  for (var t = 0u; t < shape.rows; t++) {
    let j = partner(i, t);
    if (j != i) {
      sum = fma(grad_out[pairs + pair_index(i, j, shape.self_)], value(s, j, k), sum);
    } else if (shape.self_ == 1u) {
      sum = fma(2.0 * grad_out[pairs + pair_index(i, i, 1u)], value(s, i, k), sum);
    }
  }
  if (i == 0u) {
    grad_dense[s * shape.dim + k] = sum;
  } else {
    grad_embeddings[(s * (shape.rows - 1u) + i - 1u) * shape.dim + k] = sum;
  }
}
`;

/**
 * Backward, one workgroup per sample: rows and the gradients of the products lie in workgroup memory; threads next to
 * one another take neighbouring columns, so the products' gradients are broadcast.
 */
function backwardShared(floats: number): string {
  return /* wgsl */ `${BACKWARD_HEAD}
// The rows, then the gradients of the products.
var<workgroup> held: array<f32, ${floats}>;

@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let s = group.x + group.y * groups.x;
  if (s >= shape.batch) { return; }
  let d = shape.dim;
  let elements = shape.rows * d;
  let pairs = pair_start(shape.rows, shape.self_);
  let base = s * (d + pairs);
  let first = s * (shape.rows - 1u) * d;
  for (var e = local; e < d; e += ${THREADS}u) { held[e] = dense[s * d + e]; }
  for (var e = local; e < elements - d; e += ${THREADS}u) { held[d + e] = embeddings[first + e]; }
  for (var e = local; e < pairs; e += ${THREADS}u) { held[elements + e] = grad_out[base + d + e]; }
  workgroupBarrier();
  for (var e = local; e < elements; e += ${THREADS}u) {
    let i = e / d;
    let k = e % d;
    var sum = 0.0;
    if (i == 0u) { sum = grad_out[base + k]; }
    for (var t = 0u; t < shape.rows; t++) {
      let j = partner(i, t);
      if (j != i) {
        sum = fma(held[elements + pair_index(i, j, shape.self_)], held[j * d + k], sum);
      } else if (shape.self_ == 1u) {
        sum = fma(2.0 * held[elements + pair_index(i, i, 1u)], held[e], sum);
      }
    }
    if (i == 0u) {
      grad_dense[s * d + k] = sum;
    } else {
      grad_embeddings[first + e - d] = sum;
    }
  }
}
`;
}

/** Which kernel: `0` without workgroup memory, else so many floats of it. */
export type InteractionVariant = (typeof INTERACTION_VARIANTS)[number];

/** All variants; 4096 floats are the 16 KiB that every device has. */
export const INTERACTION_VARIANTS = [0, 1024, 2048, 4096] as const;

function kernel(direction: "forward" | "backward", variant: InteractionVariant): WgslKernel {
  const forward = direction === "forward";
  const shared = forward ? forwardShared : backwardShared;
  return {
    label: `compute/interaction[${direction},${variant === 0 ? "plain" : `shared ${variant}`}]`,
    code: variant === 0 ? (forward ? FORWARD_PLAIN : BACKWARD_PLAIN) : shared(variant),
    parameters: ["u32", "u32", "u32", "u32"],
    buffers: forward ? ["read", "read", "read-write"] : ["read", "read", "read", "read-write", "read-write"],
  };
}

function kernels(direction: "forward" | "backward"): ReadonlyMap<InteractionVariant, WgslKernel> {
  return new Map(INTERACTION_VARIANTS.map((variant) => [variant, kernel(direction, variant)]));
}

/** Forward kernels by variant. */
export const FORWARD_KERNELS: ReadonlyMap<InteractionVariant, WgslKernel> = kernels("forward");

/** Backward kernels by variant. */
export const BACKWARD_KERNELS: ReadonlyMap<InteractionVariant, WgslKernel> = kernels("backward");
