import type { WgslKernel } from "@pocketrec/compute";
import { gatherLabel, type GatherVariant, gatherWgsl, gatherWidth, sampleVariants } from "../lookup/gather.wgsl.ts";

/** What a fused kernel is specialised for. */
export interface InteractionVariant extends GatherVariant {
  /** Some table has a scale. */
  readonly scaled: boolean;
  /** vec4s of workgroup memory; 1024 are the 16 KiB that every device has. */
  readonly capacity: (typeof CAPACITIES)[number];
}

/** Sizes of workgroup memory, in vec4s. */
export const CAPACITIES = [256, 512, 1024] as const;

/** Threads of a workgroup: 27 vectors make 105 tiles of 2 by 2. */
const THREADS = 128;

/** vec4s between vectors in workgroup memory: odd, so that threads on different vectors meet different banks. */
function strideOf(dim: number): number {
  return Math.ceil(dim / 4) | 1;
}

/** The smallest workgroup memory that holds `vectors` of `dim` elements, if any does. */
export function capacityFor(vectors: number, dim: number): InteractionVariant["capacity"] | undefined {
  return CAPACITIES.find((capacity) => capacity >= vectors * strideOf(dim));
}

const kernels = new Map<string, WgslKernel>();

/**
 * The fused kernel of a variant: one workgroup per sample reads the sample's rows from the array into workgroup memory,
 * then each thread multiplies two vectors with two others, four products for four reads. Memory traffic is that of the
 * array alone, `4 dim` bytes per row at random, and 4 bytes per product.
 */
export function interactionKernel(variant: InteractionVariant): WgslKernel {
  const { scaled, capacity } = variant;
  const label = `robe-array/interaction[${gatherLabel(variant)}${scaled ? ",scaled" : ""},shared=${capacity}]`;
  let kernel = kernels.get(label);
  if (!kernel) kernels.set(label, kernel = makeKernel(label, variant));
  return kernel;
}

/** WGSL: four elements of a vector, of which those behind its end are 0. */
function four(dim: number, one: (element: string) => string): string {
  const parts = [0, 1, 2, 3].map((i) => {
    const value = one(`element + ${i}u`);
    return i === 0 || dim % 4 === 0 ? value : `select(0.0, ${value}, element + ${i}u < ${dim}u)`;
  });
  return `vec4(${parts.join(", ")})`;
}

function makeKernel(label: string, variant: InteractionVariant): WgslKernel {
  const { dim, scaled, capacity } = variant;
  const columns = Math.ceil(dim / 4), stride = strideOf(dim);
  const row = gatherWidth(variant) === 4
    ? "row_part(table, id, element)"
    : four(dim, (element) => `row_part(table, id, ${element})`);
  return {
    label,
    parameters: ["u32", "u32", "u32", "u32"],
    buffers: ["read", "read", "read", "read", "read-write"],
    code: /* wgsl */ `
struct Parameters { batch: u32, tables: u32, size: u32, modulus: u32 }
@group(0) @binding(0) var<uniform> p: Parameters;
${gatherWgsl(variant)}
@group(0) @binding(3) var<storage, read> ids: array<u32>;
@group(0) @binding(4) var<storage, read> dense: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

var<workgroup> vectors: array<vec4<f32>, ${capacity}>;

/// First tile of row a of the triangle of tiles.
fn tile_start(a: u32) -> u32 { return a * (a + 1u) / 2u; }

@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>,
        @builtin(local_invocation_index) local: u32) {
  let sample = group.x + group.y * groups.x;
  if (sample >= p.batch) { return; }
  let count = p.tables + 1u;
  let base = sample * (${dim}u + count * p.tables / 2u);
  for (var u = local; u < count * ${columns}u; u += ${THREADS}u) {
    let vector = u / ${columns}u;
    let element = u % ${columns}u * 4u;
    var values: vec4<f32>;
    if (vector == 0u) {
      let at = sample * ${dim}u;
      values = ${four(dim, (element) => `dense[at + ${element}]`)};
    } else {
      let table = vector - 1u;
      let id = ids[sample * p.tables + table];
      values = ${row}${scaled ? " * scale_of(table)" : ""};
    }
    vectors[vector * ${stride}u + u % ${columns}u] = values;
  }
  for (var e = local; e < ${dim}u; e += ${THREADS}u) { out[base + e] = dense[sample * ${dim}u + e]; }
  workgroupBarrier();
  let pairs = base + ${dim}u;
  let tiles = tile_start((count + 1u) / 2u);
  for (var tile = local; tile < tiles; tile += ${THREADS}u) {
    var a = u32((sqrt(1.0 + 8.0 * f32(tile)) - 1.0) * 0.5); // a guess
    while (tile_start(a + 1u) <= tile) { a++; }
    while (tile_start(a) > tile) { a--; }
    let i = 2u * a;
    let j = 2u * (tile - tile_start(a));
    let last = count - 1u;
    let i0 = i * ${stride}u;
    let i1 = min(i + 1u, last) * ${stride}u;
    let j0 = j * ${stride}u;
    let j1 = min(j + 1u, last) * ${stride}u;
    var s00 = 0.0;
    var s01 = 0.0;
    var s10 = 0.0;
    var s11 = 0.0;
    for (var k = 0u; k < ${columns}u; k++) {
      let x0 = vectors[i0 + k];
      let x1 = vectors[i1 + k];
      let y0 = vectors[j0 + k];
      let y1 = vectors[j1 + k];
      s00 += dot(x0, y0);
      s01 += dot(x0, y1);
      s10 += dot(x1, y0);
      s11 += dot(x1, y1);
    }
    // Row i of the triangle of products starts at i (i - 1) / 2; row i + 1 is i further on.
    let row0 = pairs + i * (max(i, 1u) - 1u) / 2u;
    let row1 = row0 + i;
    if (j < i) {
      out[row0 + j] = s00;
      out[row0 + j + 1u] = s01;
    }
    if (i < last) {
      out[row1 + j] = s10;
      if (j < i) { out[row1 + j + 1u] = s11; }
    }
  }
}
`,
  };
}

/** Kernels that stand for all, for the test that compiles them. */
export function allKernels(): WgslKernel[] {
  return sampleVariants().flatMap((variant) => [
    interactionKernel({ ...variant, scaled: false, capacity: 256 }),
    interactionKernel({ ...variant, dim: 6, scaled: true, capacity: 512 }),
    interactionKernel({ ...variant, dim: 128, scaled: false, capacity: 1024 }),
  ]);
}
