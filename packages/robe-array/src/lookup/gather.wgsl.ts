/**
 * How a kernel reads a row of the array: WGSL text that look-up and fused interaction share.
 *
 * @module
 */
import { hashLabel, hashWgsl } from "../hash/hash.wgsl.ts";
import { type RobeLayout, robeLayout, type RobeLayoutOptions, rowShape } from "../layout.ts";

/** What reading a row is specialised for. The array's size is not among it: a grown array needs no new pipeline. */
export interface GatherVariant {
  readonly layout: RobeLayout;
  readonly dim: number;
  /** The array holds f16. */
  readonly half: boolean;
}

/** Elements that one thread reads at once: 4 where each four of a row lie together and aligned. */
export function gatherWidth({ layout, dim }: GatherVariant): 1 | 4 {
  return layout.align >= 4 && dim % 4 === 0 ? 4 : 1;
}

/** Type of what a thread reads. */
export function vectorType(variant: GatherVariant): "vec4<f32>" | "f32" {
  return gatherWidth(variant) === 4 ? "vec4<f32>" : "f32";
}

/** What {@linkcode gatherWgsl} depends on, for labels. */
export function gatherLabel(variant: GatherVariant): string {
  const { layout, dim, half } = variant;
  const flags = [layout.sign && "sign", half && "half"].filter(Boolean).map((flag) => `,${flag}`).join("");
  return `${hashLabel(layout)},z=${layout.blockSize},dim=${dim}${flags}`;
}

/**
 * WGSL: bindings 1 `array_` and 2 `records`, and `row_part(table, id, element)`, the `width` elements of a row from
 * `element` on; zeros for padding and for ids beyond the table. The kernel's uniform `p` has `size` and `modulus` of the
 * layout.
 */
export function gatherWgsl(variant: GatherVariant): string {
  const { layout, dim, half } = variant;
  const wide = gatherWidth(variant) === 4, vector = vectorType(variant);
  const { rowsPerBlock } = rowShape(layout, dim);
  const element = half ? (wide ? "vec2<u32>" : "u32") : vector;
  const read = half
    ? wide
      ? "let pair = array_[at >> 2u];\n  let values = vec4(unpack2x16float(pair.x), unpack2x16float(pair.y));"
      : "let values = unpack2x16float(array_[at >> 1u])[at & 1u];"
    : `let values = array_[at${wide ? " >> 2u" : ""}];`;
  const bits = wide ? "(vec4(bits) << vec4(31u, 30u, 29u, 28u)) & vec4(0x80000000u)" : "bits << 31u";
  return hashWgsl(layout) + /* wgsl */ `
@group(0) @binding(1) var<storage, read> array_: array<${element}>;
@group(0) @binding(2) var<storage, read> records: array<u32>;

fn is_padding(table: u32, id: u32) -> bool { return records[table * 8u + 3u] == 1u && id == records[table * 8u + 4u]; }
fn scale_of(table: u32) -> f32 { return bitcast<f32>(records[table * 8u + 5u]); }

fn row_part(table: u32, id: u32, element: u32) -> ${vector} {
  if (id > records[table * 8u + 2u] || is_padding(table, id)) { return ${vector}(0.0); }
  let key = row_key(id / ${rowsPerBlock}u, records[table * 8u], records[table * 8u + 1u]);
  // Position inside a row, or a block that several rows share.
  let inside = id % ${rowsPerBlock}u * ${dim}u + element;
  let block = element / ${layout.blockSize}u;
  var at = block_start(key, block, p.modulus) + inside - block * ${layout.blockSize}u;
  if (at >= p.size) { at -= p.size; }
  ${read}
  ${layout.sign ? `let bits = sign_bits(key, inside, ${wide ? 4 : 1}u);` : ""}
  return ${layout.sign ? `bitcast<${vector}>(bitcast<${wide ? "vec4<u32>" : "u32"}>(values) ^ (${bits}))` : "values"};
}
`;
}

/** Variants that stand for all in the test that compiles every kernel. */
export function sampleVariants(): GatherVariant[] {
  const layouts: RobeLayoutOptions[] = [
    { size: 4096 },
    { size: 4096, align: 1, blockSize: 5 },
    { size: 4096, blockSize: 64, sign: false },
    { size: 4096, hash: "m31", align: 8 },
    { size: 4096, hash: "ref1" },
  ];
  return layouts.flatMap((options) => [false, true].map((half) => ({ layout: robeLayout(options), dim: 16, half })));
}
