import { ARGUMENTS, Bindings, GROUP_INDEX, SUM_WORKGROUP } from "../segmented_sum/_parts.wgsl.ts";
import type { WgslKernel } from "../webgpu/kernel.ts";

/** What the list of occurrences holds. */
export interface OccurrenceVariant {
  /** Bags have offsets; otherwise one id per bag. */
  readonly offsets: boolean;
  /** Ids have factors. */
  readonly weights: boolean;
  /** Divide by the number of ids of a bag. */
  readonly mean: boolean;
}

/** Whether a variant lists bags and scales, too. */
export function hasInfo({ offsets, weights }: OccurrenceVariant): boolean {
  return offsets || weights;
}

const kernels = new Map<string, WgslKernel>();

/**
 * Lists occurrences: the row among all rows (ids in no bag, or beyond the tables: `rows`, which none has) and, where it
 * is not trivial, bag and scale (as bits). One thread per id; it finds its bag by bisection of the offsets.
 */
export function occurrencesKernel(variant: OccurrenceVariant): WgslKernel {
  const { offsets, weights, mean } = variant;
  const label = `compute/sparse_update.occurrences[${
    [offsets && "offsets", weights && "weights", mean && "mean"].filter(Boolean)
  }]`;
  let kernel = kernels.get(label);
  if (!kernel) kernels.set(label, kernel = makeKernel(label, variant));
  return kernel;
}

function makeKernel(label: string, variant: OccurrenceVariant): WgslKernel {
  const { offsets, weights, mean } = variant;
  const bindings = new Bindings().add("row_base", "u32").add("ids", "u32").add("keys", "u32", "read-write");
  if (hasInfo(variant)) bindings.add("info", "vec2<u32>", "read-write");
  if (offsets) bindings.add("offsets", "u32");
  if (weights) bindings.add("factors", "f32");
  const findBag = /* wgsl */ `
  if (i < offsets[0] || i >= offsets[p.bags]) {
    keys[i] = p.rows;
    info[i] = vec2<u32>(0u, 0u);
    return;
  }
  // The last bag that starts at or before i: the offset behind it is larger.
  var bag = 0u;
  var end = p.bags;
  while (end - bag > 1u) {
    let middle = (bag + end) >> 1u;
    if (offsets[middle] <= i) { bag = middle; } else { end = middle; }
  }`;
  return {
    label,
    parameters: ["u32", "u32", "u32", "u32"],
    buffers: bindings.buffers,
    code: /* wgsl */ `
struct Parameters { n: u32, bags: u32, tables: u32, rows: u32 }
@group(0) @binding(0) var<uniform> p: Parameters;
${bindings.text}
@compute @workgroup_size(${SUM_WORKGROUP})
fn main(${ARGUMENTS}) {
  ${GROUP_INDEX}
  let i = group_index * ${SUM_WORKGROUP}u + local;
  if (i >= p.n) { return; }
  ${offsets ? findBag : "let bag = i;"}
  let base = row_base[bag % p.tables];
  let row = base + ids[i];
  keys[i] = select(p.rows, row, row < p.rows && row >= base);
  ${hasInfo(variant) ? `var scale = ${weights ? "factors[i]" : "1.0"};` : ""}
  ${mean ? "scale /= f32(min(offsets[bag + 1u], p.n) - offsets[bag]);" : ""}
  ${hasInfo(variant) ? "info[i] = vec2<u32>(bag, bitcast<u32>(scale));" : ""}
}
`,
  };
}

/** Every variant, for the test that compiles them all. A mean needs offsets: one id is its own. */
export function allKernels(): WgslKernel[] {
  return [false, true].flatMap((weights) =>
    [[false, false], [true, false], [true, true]].map(([offsets, mean]) =>
      occurrencesKernel({ offsets: offsets!, weights, mean: mean! })
    )
  );
}
