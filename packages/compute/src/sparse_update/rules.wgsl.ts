import { ARGUMENTS, Bindings, GROUP_INDEX, SUM_WORKGROUP, TREE_WORKGROUP } from "../segmented_sum/_parts.wgsl.ts";
import type { WgslKernel } from "../webgpu/kernel.ts";
import { gradientFunction, nameOf, UPDATE_VARIANTS, type UpdateVariant, vectorOf } from "./sparse_update.wgsl.ts";

const PARAMETERS = "n: u32, columns: u32, rows: u32, rate: f32, epsilon: f32, blend1: f32, blend2: f32";
/** Types of the parameters of the kernels here. */
const TYPES = ["u32", "u32", "u32", "f32", "f32", "f32", "f32"] as const;

/** Bodies of the rules by kind number, given `g`, `at` (vector of the row) and `row`. */
const RULES: readonly string[] = [
  "weights[at] -= p.rate * g;",
  /* wgsl */ `
  let s = state1[at] + g * g;
  state1[at] = s;
  weights[at] -= p.rate * (g / (sqrt(s) + p.epsilon));`,
  "weights[at] -= p.rate / (sqrt(state1[row]) + p.epsilon) * g;",
  /* wgsl */ `
  var m = state1[at];
  var v = state2[at];
  m += (g - m) * p.blend1;
  v += (g * g - v) * p.blend2;
  state1[at] = m;
  state2[at] = v;
  weights[at] -= p.rate * (m / (sqrt(v) + p.epsilon));`,
];

function sourceBindings(variant: UpdateVariant): Bindings {
  const vector = vectorOf(variant);
  const bindings = new Bindings().add("keys", "u32").add("order", "u32").add("grads", vector).add("sums", vector);
  return variant.info ? bindings.add("info", "vec2<u32>") : bindings;
}

/**
 * Applies a rule. One thread per (sorted position, `width` columns); the threads of positions where no row starts end at
 * once, the others add up the row's gradient (of a long run: fetch its sum) and update their columns.
 */
export function ruleKernel(kind: number, variant: UpdateVariant): WgslKernel {
  const vector = vectorOf(variant);
  const bindings = sourceBindings(variant).add("weights", vector, "read-write");
  if (kind === 2) bindings.add("state1", "f32");
  else if (kind !== 0) bindings.add("state1", vector, "read-write");
  if (kind === 3) bindings.add("state2", vector, "read-write");
  return {
    label: `compute/sparse_update.rule[${kind},${nameOf(variant)}]`,
    parameters: TYPES,
    buffers: bindings.buffers,
    code: /* wgsl */ `
struct Parameters { ${PARAMETERS} }
@group(0) @binding(0) var<uniform> p: Parameters;
${bindings.text}
${gradientFunction(variant)}
@compute @workgroup_size(${SUM_WORKGROUP})
fn main(${ARGUMENTS}) {
  ${GROUP_INDEX}
  let index = group_index * ${SUM_WORKGROUP}u + local;
  let position = index / p.columns;
  if (!starts_row(position)) { return; }
  let column = index % p.columns;
  let g = row_gradient(position, column);
  let row = keys[position];
  let at = row * p.columns + column;
  ${RULES[kind]}
}
`,
  };
}

/**
 * Row-wise Adagrad's state: `m[row] += mean(g * g)`. `lanes` threads per position, whose sums are added as a tree.
 */
export function rowStateKernel(variant: UpdateVariant): WgslKernel {
  const { lanes, width } = variant;
  const bindings = sourceBindings(variant).add("state1", "f32", "read-write");
  return {
    label: `compute/sparse_update.row_state[${nameOf(variant)}]`,
    parameters: TYPES,
    buffers: bindings.buffers,
    code: /* wgsl */ `
struct Parameters { ${PARAMETERS} }
@group(0) @binding(0) var<uniform> p: Parameters;
${bindings.text}
var<workgroup> partial: array<f32, ${TREE_WORKGROUP}>;
${gradientFunction(variant)}
@compute @workgroup_size(${TREE_WORKGROUP})
fn main(${ARGUMENTS}) {
  ${GROUP_INDEX}
  let position = group_index * ${TREE_WORKGROUP / lanes}u + local / ${lanes}u;
  let lane = local % ${lanes}u;
  let ours = starts_row(position);
  var sums = ${vectorOf(variant)}();
  if (ours) {
    for (var column = lane; column < p.columns; column += ${lanes}u) {
      let g = row_gradient(position, column);
      sums += g * g;
    }
  }
  partial[local] = ${width === 4 ? "(sums.x + sums.z) + (sums.y + sums.w)" : "sums"};
  workgroupBarrier();
  for (var step = ${lanes >> 1}u; step > 0u; step >>= 1u) {
    if (lane < step) { partial[local] += partial[local + step]; }
    workgroupBarrier();
  }
  if (ours && lane == 0u) { state1[keys[position]] += partial[local] / f32(p.columns * ${width}u); }
}
`,
  };
}

/** Every variant, for the test that compiles them all. */
export function allKernels(): WgslKernel[] {
  return UPDATE_VARIANTS.flatMap((variant) => [
    rowStateKernel(variant),
    ...RULES.map((_, kind) => ruleKernel(kind, variant)),
  ]);
}
