import type { WgslKernel } from "@pocketrec/compute";
import { gatherLabel, type GatherVariant, gatherWgsl, gatherWidth, sampleVariants, vectorType } from "./gather.wgsl.ts";

/** What a look-up kernel is specialised for. */
export interface LookupVariant extends GatherVariant {
  /** Bags with offsets; otherwise one id per bag. */
  readonly offsets: boolean;
  /** Ids have factors. */
  readonly weights: boolean;
  /** Divide by the number of ids that are not padding. */
  readonly mean: boolean;
  /** Some table has a scale. */
  readonly scaled: boolean;
}

/** Threads per workgroup. */
export const LOOKUP_WORKGROUP = 256;

const kernels = new Map<string, WgslKernel>();

/**
 * The look-up kernel of a variant, for all tables at once. One thread per bag and 4 elements (or 1), so neighbouring
 * threads read neighbours of a block and write neighbouring bytes; each hashes its own block, which is cheaper than
 * sharing hashes. Rows of a bag are added in the order of their ids. Bound by memory: `dim * 4` bytes read at random per
 * id, as many written per bag.
 */
export function lookupKernel(variant: LookupVariant): WgslKernel {
  const { offsets, weights, mean, scaled } = variant;
  const flags = [offsets && "offsets", weights && "weights", mean && "mean", scaled && "scaled"];
  const label = `robe-array/lookup[${[gatherLabel(variant), ...flags.filter(Boolean)].join(",")}]`;
  let kernel = kernels.get(label);
  if (!kernel) kernels.set(label, kernel = makeKernel(label, variant));
  return kernel;
}

function makeKernel(label: string, variant: LookupVariant): WgslKernel {
  const { dim, offsets, weights, mean, scaled } = variant;
  const width = gatherWidth(variant), vector = vectorType(variant), columns = dim / width;
  const bound = [offsets && "offsets: array<u32>", weights && "factors: array<f32>"].filter(Boolean);
  const part = `${weights ? "factors[i] * " : ""}row_part(table, ids[i], element)`;
  const bag = offsets
    ? `var sum = ${vector}(0.0);
  ${mean ? "var count = 0u;" : ""}
  let end = min(offsets[bag + 1u], p.ids);
  for (var i = offsets[bag]; i < end; i++) {
    sum += ${part};
    ${mean ? "count += select(1u, 0u, is_padding(table, ids[i]));" : ""}
  }
  ${mean ? "if (count > 1u) { sum /= f32(count); }" : ""}`
    : `let i = bag;\n  var sum = ${part};`;
  return {
    label,
    parameters: ["u32", "u32", "u32", "u32", "u32"],
    buffers: ["read", "read", "read", "read-write", ...bound.map(() => "read" as const)],
    code: /* wgsl */ `
struct Parameters { bags: u32, tables: u32, ids: u32, size: u32, modulus: u32 }
@group(0) @binding(0) var<uniform> p: Parameters;
${gatherWgsl(variant)}
@group(0) @binding(3) var<storage, read> ids: array<u32>;
@group(0) @binding(4) var<storage, read_write> out: array<${vector}>;
${bound.map((name, at) => `@group(0) @binding(${5 + at}) var<storage, read> ${name};`).join("\n")}

@compute @workgroup_size(${LOOKUP_WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let index = (group.x + group.y * groups.x) * ${LOOKUP_WORKGROUP}u + local;
  if (index >= p.bags * ${columns}u) { return; }
  let bag = index / ${columns}u;
  let element = index % ${columns}u * ${width}u;
  let table = bag % p.tables;
  ${bag}
  out[index] = sum${scaled ? " * scale_of(table)" : ""};
}
`,
  };
}

/** Kernels that stand for all, for the test that compiles them. */
export function allKernels(): WgslKernel[] {
  const flags = { offsets: false, weights: false, mean: false, scaled: false };
  return [
    ...sampleVariants().map((variant) => lookupKernel({ ...variant, ...flags })),
    ...sampleVariants().slice(0, 3).flatMap((variant) =>
      [{ offsets: true }, { weights: true }, { offsets: true, mean: true, scaled: true, weights: true }]
        .map((some) => lookupKernel({ ...variant, ...flags, ...some }))
    ),
  ];
}
