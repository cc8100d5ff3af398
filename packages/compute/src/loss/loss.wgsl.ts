import type { WgslKernel } from "../webgpu/kernel.ts";
import { LOSS_CARRY } from "./_carry.ts";

/** Threads of a workgroup. */
export const THREADS = 256;

/** What a loss kernel writes. */
export interface LossVariant {
  /** Which loss. */
  readonly kind: "bce" | "softmax";
  /** Gradients of the logits. */
  readonly grad: boolean;
  /** One loss per sample, for {@linkcode ACCUMULATE}. */
  readonly loss: boolean;
}

const BCE = (v: LossVariant) => /* wgsl */ `
  let s = logits[i];
  let y = labels[i];
  let weight = p.weight0 + y * (p.weight1 - p.weight0);
  let e = exp_negative(-abs(s));
  ${v.loss ? LOSS_OF_BCE : ""}
  ${v.grad ? GRADIENT_OF_BCE : ""}
`;

// sigmoid(s) - y; for label 1 without cancellation, so that confident predictions keep their small gradients.
const GRADIENT_OF_BCE = /* wgsl */ `
  let total = 1.0 + e;
  let click = select(1.0, e, s < 0.0) / total;
  let none = select(e, 1.0, s < 0.0) / total;
  grads[i] = weight * select(click - y, -none, y == 1.0) * p.scale;
`;

// e^x for x <= 0 by Cephes' expf: 2^n e^r, |r| <= ln 2 / 2. WGSL's own may be off by 3 + 2 |x| ulps. The same operations
// as in loss.as.ts, so that adapters that neither fuse nor flush give the same bits. Below -87 it stays at 1e-38.
const EXP_NEGATIVE = /* wgsl */ `
fn exp_negative(argument: f32) -> f32 {
  let x = max(argument, -87.0);
  let n = round(x * 1.44269504);
  let r = (x - n * 0.693359375) - n * -2.12194440e-4;
  var y = 1.9875691500e-4 * r + 1.3981999507e-3;
  y = y * r + 8.3334519073e-3;
  y = y * r + 4.1665795894e-2;
  y = y * r + 1.6666665459e-1;
  y = y * r + 5.0000001201e-1;
  y = y * r + 1.0; // not two additions in a row, which compilers may turn around
  y = y * r + 1.0;
  return y * bitcast<f32>((i32(n) + 127) << 23u);
}
`;

// WGSL has no log1p. With u the rounded 1 + e, log(u) e / (u - 1) cancels the rounding (Kahan).
const LOSS_OF_BCE = /* wgsl */ `
  let u = 1.0 + e;
  let log1p = select(log(u) * (e / (u - 1.0)), e, u == 1.0);
  losses[i] = weight * (max(s, 0.0) - s * y + log1p);
`;

const SOFTMAX = (v: LossVariant) => /* wgsl */ `
  let row = i * p.classes;
  let label = labels[i];
  var top = logits[row];
  for (var c = 1u; c < p.classes; c++) { top = max(top, logits[row + c]); }
  var total = 0.0;
  for (var c = 0u; c < p.classes; c++) { total += exp(logits[row + c] - top); }
  // A label that is no class poisons its row; WGSL refuses NaN as a constant.
  var poison = 0.0;
  if (label >= p.classes) { poison = bitcast<f32>(0x7fc00000u | (p.classes & 1u)); }
  ${v.loss ? "losses[i] = log(total) + top - logits[row + min(label, p.classes - 1u)] + poison;" : ""}
  ${v.grad ? GRADIENT_OF_SOFTMAX : ""}
`;

const GRADIENT_OF_SOFTMAX = /* wgsl */ `
  for (var c = 0u; c < p.classes; c++) {
    let q = exp(logits[row + c] - top) / total;
    grads[row + c] = (q - f32(c == label)) * p.scale + poison;
  }
`;

function kernel(v: LossVariant): WgslKernel {
  const written = [...(v.grad ? ["grads"] : []), ...(v.loss ? ["losses"] : [])];
  return {
    label: `compute/loss[${v.kind}${v.grad ? ",grad" : ""}${v.loss ? ",loss" : ""}]`,
    parameters: ["u32", "u32", "f32", "f32", "f32"],
    buffers: ["read", "read", ...written.map(() => "read-write" as const)],
    code: /* wgsl */ `
struct Parameters {
  batch: u32,
  classes: u32,
  scale: f32,
  weight0: f32,
  weight1: f32,
}
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> labels: array<${v.kind === "bce" ? "f32" : "u32"}>;
${written.map((name, at) => `@group(0) @binding(${3 + at}) var<storage, read_write> ${name}: array<f32>;`).join("\n")}
${v.kind === "bce" ? EXP_NEGATIVE : ""}
// One thread per sample.
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) local: u32) {
  let i = (group.x + group.y * groups.x) * ${THREADS}u + local;
  if (i >= p.batch) { return; }
  ${v.kind === "bce" ? BCE(v) : SOFTMAX(v)}
}
`,
  };
}

/** All variants that write something. */
export const LOSS_KERNELS: ReadonlyMap<string, WgslKernel> = new Map(
  (["bce", "softmax"] as const).flatMap((kind) =>
    [[true, false], [false, true], [true, true]].map(([grad, loss]) => {
      const variant = { kind, grad: grad!, loss: loss! };
      return [lossKey(variant), kernel(variant)];
    })
  ),
);

/** Key of {@linkcode LOSS_KERNELS}. */
export function lossKey(variant: LossVariant): string {
  return `${variant.kind} ${variant.grad} ${variant.loss}`;
}

/**
 * Adds the losses of a batch to the running sum: one workgroup, each thread a strided sum, then a tree. The order
 * depends on the batch size alone.
 */
export const ACCUMULATE: WgslKernel = {
  label: "compute/loss[accumulate]",
  parameters: ["u32", "u32"],
  buffers: ["read", "read-write"],
  code: /* wgsl */ `
struct Parameters {
  batch: u32,
  elements: u32,
}
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> losses: array<f32>;
@group(0) @binding(2) var<storage, read_write> running: array<f32>;

var<workgroup> sums: array<f32, ${THREADS}>;

@compute @workgroup_size(${THREADS})
fn main(@builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = local; i < p.batch; i += ${THREADS}u) { sum += losses[i]; }
  sums[local] = sum;
  for (var half = ${THREADS / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (local < half) { sums[local] += sums[local + half]; }
  }
  if (local != 0u) { return; }
  let low = running[0] + sums[0];
  if (p.elements == 1u) {
    running[0] = low;
    return;
  }
  // The floor keeps compilers from simplifying this; multiples of ${LOSS_CARRY} are exact.
  let whole = floor(low / ${LOSS_CARRY}.0) * ${LOSS_CARRY}.0;
  running[0] = low - whole;
  running[1] += whole;
}
`,
};
