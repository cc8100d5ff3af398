import type { WgslKernel } from "../webgpu/kernel.ts";

/** What a look-up kernel is specialised for. */
export interface LookupVariant {
  /** Elements that one thread handles: 4 where rows are whole vec4s. */
  readonly width: 1 | 4;
  /** Bags with offsets; otherwise one id per bag. */
  readonly offsets: boolean;
  /** Ids have factors. */
  readonly weights: boolean;
  /** Divide by the number of ids. */
  readonly mean: boolean;
}

/** Threads per workgroup. */
export const LOOKUP_WORKGROUP = 256;

const kernels = new Map<string, WgslKernel>();

/**
 * The look-up kernel of a variant. One thread per (bag, `width` columns), so neighbouring threads read and write
 * neighbouring bytes; rows of a bag are added in the order of their ids. Bound by memory: `dim * 4` bytes read at random
 * per id, as many written per bag.
 */
export function lookupKernel(variant: LookupVariant): WgslKernel {
  const { width, offsets, weights, mean } = variant;
  const flags = [offsets && "offsets", weights && "weights", mean && "mean"].filter(Boolean);
  const label = `compute/embedding_lookup[${["x" + width, ...flags].join(",")}]`;
  let kernel = kernels.get(label);
  if (!kernel) {
    kernels.set(label, kernel = makeKernel(label, variant));
  }
  return kernel;
}

function makeKernel(label: string, { width, offsets, weights, mean }: LookupVariant): WgslKernel {
  const vector = width === 4 ? "vec4<f32>" : "f32";
  let binding = 5;
  const declareOffsets = offsets ? `@group(0) @binding(${binding++}) var<storage, read> offsets: array<u32>;` : "";
  const declareWeights = weights ? `@group(0) @binding(${binding++}) var<storage, read> factors: array<f32>;` : "";
  return {
    label,
    parameters: ["u32", "u32", "u32", "u32", "u32"],
    buffers: [
      "read",
      "read",
      "read",
      "read-write",
      ...(offsets ? ["read"] as const : []),
      ...(weights ? ["read"] as const : []),
    ],
    code: /* wgsl */ `
struct Parameters { bags: u32, tables: u32, columns: u32, rows: u32, ids: u32 }
@group(0) @binding(0) var<uniform> p: Parameters;
@group(0) @binding(1) var<storage, read> table: array<${vector}>;
@group(0) @binding(2) var<storage, read> row_base: array<u32>;
@group(0) @binding(3) var<storage, read> ids: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<${vector}>;
${declareOffsets}
${declareWeights}

@compute @workgroup_size(${LOOKUP_WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.x + group.y * groups.x) * ${LOOKUP_WORKGROUP}u + local;
  if (index >= p.bags * p.columns) { return; }
  let bag = index / p.columns;
  let column = index % p.columns;
  let base = row_base[bag % p.tables];
  var sum = ${vector}(0.0);
  ${
      offsets
        ? "let first = offsets[bag];\n  let end = min(offsets[bag + 1u], p.ids);"
        : "let first = bag;\n  let end = bag + 1u;"
    }
  for (var i = first; i < end; i++) {
    let row = base + ids[i];
    if (row < p.rows && row >= base) { sum += ${weights ? "factors[i] * " : ""}table[row * p.columns + column]; }
  }
  ${mean ? "if (end > first + 1u) { sum /= f32(end - first); }" : ""}
  out[index] = sum;
}
`,
  };
}

/** Every variant, for the test that compiles them all. A mean needs offsets: one id is its own. */
export function allKernels(): WgslKernel[] {
  return ([1, 4] as const).flatMap((width) =>
    [false, true].flatMap((weights) =>
      [[false, false], [true, false], [true, true]].map(([offsets, mean]) =>
        lookupKernel({ width, offsets: offsets!, weights, mean: mean! })
      )
    )
  );
}
