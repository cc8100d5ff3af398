/**
 * From ids to blocks: occurrences are listed, sorted by row (elsewhere), summed per row, and each row's blocks listed.
 *
 * @module
 */
import type { WgslKernel } from "@pocketrec/compute";
import { hashLabel, hashWgsl } from "../hash/hash.wgsl.ts";
import { type RobeLayout, robeLayout, type RobeLayoutOptions, rowShape } from "../layout.ts";
import { kernelOf, productFunction } from "./_parts.wgsl.ts";

/**
 * Occurrences of a row that are added one by one; longer lists are cut into chunks of so many. CPU kernels have the same cut.
 */
export const CHUNK = 64;

/** What the list of occurrences holds. */
export interface OccurrenceVariant {
  /** Bags have offsets; otherwise one id per bag. */
  readonly offsets: boolean;
  /** Ids have factors. */
  readonly weights: boolean;
  /** Divide by the number of ids that are not padding. */
  readonly mean: boolean;
}

/** Whether a variant lists bags and factors, too. */
export function hasInfo({ offsets, weights }: OccurrenceVariant): boolean {
  return offsets || weights;
}

/** Marks rows and bags that there are not. */
const NONE = "0xffffffffu";

/** `is_live(table, id)`; needs the binding `records`. */
export const IS_LIVE = /* wgsl */ `
fn is_padding(table: u32, id: u32) -> bool {
  return records[table * 8u + 3u] == 1u && id == records[table * 8u + 4u];
}
fn is_live(table: u32, id: u32) -> bool { return id <= records[table * 8u + 2u] && !is_padding(table, id); }`;

/** `bag_of(i)`: the last bag that starts at or before id i, or NONE; needs `offsets` and `p.bags`. */
export const BAG_OF: string = /* wgsl */ `
fn bag_of(i: u32) -> u32 {
  if (i < offsets[0] || i >= offsets[p.bags]) { return ${NONE}; }
  var bag = 0u;
  var end = p.bags;
  while (end - bag > 1u) {
    let middle = (bag + end) >> 1u;
    if (offsets[middle] <= i) { bag = middle; } else { end = middle; }
  }
  return bag;
}`;

/** `live_count(bag, table)`: ids of a bag that a mean counts; needs `offsets`, `ids` and `p.n`. */
export const LIVE_COUNT = /* wgsl */ `
fn live_count(bag: u32, table: u32) -> u32 {
  let end = min(offsets[bag + 1u], p.n);
  var count = 0u;
  for (var at = offsets[bag]; at < end; at++) { count += select(1u, 0u, is_padding(table, ids[at])); }
  return max(count, 1u);
}`;

function flagsOf(variant: OccurrenceVariant): string {
  return (["offsets", "weights", "mean"] as const).filter((flag) => variant[flag]).join(",");
}

/**
 * Key of each occurrence: its row among the rows of all tables; `p.total` where there is none. One thread per id. Where
 * `wide`, all rows together are more than a key can tell: the key is the id, and {@linkcode rankKernel} adds the table.
 */
export function occurrencesKernel(variant: OccurrenceVariant, wide: boolean): WgslKernel {
  const { offsets, weights, mean } = variant, info = hasInfo(variant);
  const key = wide ? "keys[i] = id;" : /* wgsl */ `
  var key = p.total;
  if (bag != ${NONE} && is_live(table, id)) {
    key = id;
    for (var t = 0u; t < table; t++) { key += records[t * 8u + 2u] + 1u; }
  }
  keys[i] = key;`;
  return kernelOf({
    label: `robe-array/update.occurrences[${[flagsOf(variant), wide && "wide"].filter(Boolean)}]`,
    parameters: { n: "u32", bags: "u32", tables: "u32", total: "u32" },
    buffers: [
      ["records", "u32"],
      ["ids", "u32"],
      ["keys", "u32", "read-write"],
      info && ["info", "vec2<u32>", "read-write"],
      offsets && ["offsets", "u32"],
      weights && ["factors", "f32"],
    ],
    scope: IS_LIVE + (offsets ? BAG_OF : "") + (mean ? LIVE_COUNT : ""),
    body: /* wgsl */ `
  let i = index;
  if (i >= p.n) { return; }
  let id = ids[i];
  let bag = ${offsets ? "bag_of(i)" : "i"};
  let table = bag % p.tables;
  ${key}
  ${info ? `var factor = ${weights ? "factors[i]" : "1.0"};` : ""}
  ${mean ? `if (bag != ${NONE}) { factor *= 1.0 / f32(live_count(bag, table)); }` : ""}
  ${info ? "info[i] = vec2(bag, bitcast<u32>(factor));" : ""}`,
  });
}

/**
 * Keys of occurrences that are sorted by id: number of the table, then rank of the id. One thread per occurrence.
 */
export function rankKernel(info: boolean): WgslKernel {
  return kernelOf({
    label: `robe-array/update.rank[${info ? "info" : ""}]`,
    parameters: { n: "u32", tables: "u32" },
    buffers: [
      ["records", "u32"],
      ["ids", "u32"],
      ["starts", "u32"],
      ["count", "u32"],
      ["order", "u32"],
      ["keys", "u32", "read-write"],
      info && ["info", "vec2<u32>"],
    ],
    scope: IS_LIVE,
    body: /* wgsl */ `
  if (index >= p.n) { return; }
  let occurrence = order[index];
  let bag = ${info ? "info[occurrence].x" : "occurrence"};
  let table = bag % p.tables;
  var low = 0u;
  var high = count[0];
  while (high - low > 1u) {
    let middle = (low + high) >> 1u;
    if (starts[middle] <= index) { low = middle; } else { high = middle; }
  }
  keys[index] = select(p.tables * p.n, table * p.n + low, bag != ${NONE} && is_live(table, ids[occurrence]));`,
  });
}

/** What kernels that hash are specialised for. The array's size is not among it. */
export interface HashVariant {
  readonly layout: RobeLayout;
  readonly dim: number;
  /** Occurrences have a bag and a factor. */
  readonly info: boolean;
}

function hashVariantLabel({ layout, dim, info }: HashVariant): string {
  const flags = [layout.sign && "sign", info && "info"].filter(Boolean).map((flag) => `,${flag}`).join("");
  return `${hashLabel(layout)},z=${layout.blockSize},dim=${dim}${flags}`;
}

/**
 * `rows[u]` of the u-th distinct row: both words of its hash key, position of the row inside its block (NONE: there is no
 * such row), bits of its table's scale. One thread per possible row.
 */
export function rowsKernel(variant: HashVariant): WgslKernel {
  const { layout, dim, info } = variant, { rowsPerBlock } = rowShape(layout, dim);
  return kernelOf({
    label: `robe-array/update.rows[${hashVariantLabel(variant)}]`,
    parameters: { n: "u32", tables: "u32", total: "u32" },
    buffers: [
      ["keys", "u32"],
      ["starts", "u32"],
      ["count", "u32"],
      ["order", "u32"],
      ["ids", "u32"],
      ["records", "u32"],
      ["rows", "vec4<u32>", "read-write"],
      info && ["info", "vec2<u32>"],
    ],
    scope: hashWgsl(layout),
    body: /* wgsl */ `
  if (index >= p.n) { return; }
  if (index >= count[0] || keys[index] >= p.total) {
    rows[index] = vec4(0u, 0u, ${NONE}, 0u);
    return;
  }
  let occurrence = order[starts[index]];
  let table = ${info ? "info[occurrence].x" : "occurrence"} % p.tables;
  let id = ids[occurrence];
  let key = row_key(id / ${rowsPerBlock}u, records[table * 8u], records[table * 8u + 1u]);
  rows[index] = vec4(key, id % ${rowsPerBlock}u * ${dim}u, records[table * 8u + 5u]);`,
  });
}

/**
 * Starts of blocks as sort keys (`p.mark`: no such block) and, where they are not all of one length, offset in the row sums
 * and length. One thread per possible block.
 */
export function blocksKernel(variant: HashVariant, uniform: boolean): WgslKernel {
  const { layout, dim } = variant, { blocks } = rowShape(layout, dim), z = layout.blockSize;
  const part = /* wgsl */ `
  parts[p.first + index] = vec2(p.sums + row * ${dim}u + k * ${z}u, min(${z}u, ${dim}u - k * ${z}u));`;
  return kernelOf({
    label: `robe-array/update.blocks[${hashVariantLabel({ ...variant, info: false })}${uniform ? ",uniform" : ""}]`,
    parameters: { n: "u32", first: "u32", sums: "u32", size: "u32", modulus: "u32", shift: "u32", mark: "u32" },
    buffers: [
      ["rows", "vec4<u32>"],
      ["starts", "u32", "read-write"],
      !uniform && ["parts", "vec2<u32>", "read-write"],
    ],
    scope: hashWgsl(layout),
    body: /* wgsl */ `
  let row = index / ${blocks}u;
  let k = index % ${blocks}u;
  if (row >= p.n) { return; }
  let source = rows[row];
  var start = block_start(source.xy, k, p.modulus) + source.z;
  if (start >= p.size) { start -= p.size; }
  starts[p.first + index] = select(start >> p.shift, p.mark, source.z == ${NONE});
  ${uniform ? "" : part}`,
  });
}

/** What kernels that add up are specialised for. */
export interface SumVariant {
  /** Elements that one thread adds at once. */
  readonly width: 1 | 4;
  readonly info: boolean;
}

/** `term`: a gradient at a sorted position, times its factor; needs `order`, `grads` and, with info, `info`. */
function termFunction(vector: string, info: boolean): string {
  return info
    ? productFunction(vector) + /* wgsl */ `
fn term(position: u32, column: u32) -> ${vector} {
  let source = info[order[position]];
  return rounded_product(${vector}(bitcast<f32>(source.y)), grads[source.x * p.columns + column]);
}`
    : /* wgsl */ `
fn term(position: u32, column: u32) -> ${vector} { return grads[order[position] * p.columns + column]; }`;
}

/** Place of the sum of the chunk at a position: two per block of positions, the second for a row that starts inside. */
const CHUNK_PLACE = /* wgsl */ `
fn chunk_place(position: u32, start: u32) -> u32 {
  let inside = position == start && position % ${CHUNK}u != 0u;
  return 2u * (position / ${CHUNK}u) + select(0u, 1u, inside);
}`;

/**
 * Sums of the chunks of rows with more than {@linkcode CHUNK} occurrences. One thread per place and `width` columns: the
 * place's chunk, if any, is found by bisection of the rows' starts.
 */
export function chunkSumsKernel({ width, info }: SumVariant): WgslKernel {
  const vector = width === 4 ? "vec4<f32>" : "f32";
  return kernelOf({
    label: `robe-array/update.chunk_sums[x${width}${info ? ",info" : ""}]`,
    parameters: { n: "u32", columns: "u32", places: "u32", total: "u32", zero: "u32" },
    buffers: [
      ["keys", "u32"],
      ["starts", "u32"],
      ["count", "u32"],
      ["order", "u32"],
      ["grads", vector],
      ["chunks", vector, "read-write"],
      info && ["info", "vec2<u32>"],
    ],
    scope: termFunction(vector, info) + /* wgsl */ `
fn row_at(position: u32) -> u32 {
  var low = 0u;
  var high = count[0];
  while (high - low > 1u) {
    let middle = (low + high) >> 1u;
    if (starts[middle] <= position) { low = middle; } else { high = middle; }
  }
  return low;
}`,
    body: /* wgsl */ `
  let place = index / p.columns;
  if (place >= p.places) { return; }
  let block = (place >> 1u) * ${CHUNK}u;
  let second = (place & 1u) == 1u;
  let probe = block + select(0u, ${CHUNK}u, second);
  if (probe >= p.n) { return; }
  let row = row_at(probe);
  if (keys[row] >= p.total) { return; }
  let start = starts[row];
  let end = starts[row + 1u];
  if (end - start <= ${CHUNK}u) { return; }
  var first = start;
  if (second) {
    if (start <= block || start >= probe) { return; }
  } else {
    first = start + (block - start + ${CHUNK - 1}u) / ${CHUNK}u * ${CHUNK}u;
    if (first >= end) { return; }
  }
  let column = index % p.columns;
  var sum = ${vector}(0.0);
  for (var i = first; i < min(first + ${CHUNK}u, end); i++) { sum += term(i, column); }
  chunks[index] = sum;`,
  });
}

/**
 * Gradients of rows: added up, scaled, with the signs that they have in the array. One thread per possible row and `width`
 * columns.
 */
export function rowSumsKernel(variant: HashVariant, width: 1 | 4): WgslKernel {
  const { layout, info } = variant, vector = width === 4 ? "vec4<f32>" : "f32";
  const words = vector.replace("f32", "u32");
  const spread = width === 4 ? "(vec4(bits) << vec4(31u, 30u, 29u, 28u)) & vec4(0x80000000u)" : "bits << 31u";
  return kernelOf({
    label: `robe-array/update.row_sums[x${width},${hashVariantLabel(variant)}]`,
    parameters: { n: "u32", columns: "u32", sums: "u32", zero: "u32" },
    buffers: [
      ["rows", "vec4<u32>"],
      ["starts", "u32"],
      ["order", "u32"],
      ["grads", vector],
      ["chunks", vector],
      ["out", vector, "read-write"],
      info && ["info", "vec2<u32>"],
    ],
    scope: (layout.sign ? hashWgsl(layout) : "") + termFunction(vector, info) + CHUNK_PLACE,
    body: /* wgsl */ `
  let row = index / p.columns;
  if (row >= p.n) { return; }
  let source = rows[row];
  if (source.z == ${NONE}) { return; }
  let column = index % p.columns;
  let start = starts[row];
  let end = starts[row + 1u];
  var sum = ${vector}(0.0);
  if (end - start <= ${CHUNK}u) {
    for (var i = start; i < end; i++) { sum += term(i, column); }
  } else {
    for (var i = start; i < end; i += ${CHUNK}u) { sum += chunks[chunk_place(i, start) * p.columns + column]; }
  }
  sum *= bitcast<f32>(source.w);
  ${layout.sign ? `let bits = sign_bits(source.xy, source.z + column * ${width}u, ${width}u);` : ""}
  ${layout.sign ? `sum = bitcast<${vector}>(bitcast<${words}>(sum) ^ (${spread}));` : ""}
  out[p.sums + index] = sum;`,
  });
}

/** Layouts that stand for all in the test that compiles every kernel. */
export const SAMPLE_LAYOUTS: readonly RobeLayoutOptions[] = [
  { size: 4096 },
  { size: 4096, align: 1, blockSize: 5 },
  { size: 4096, blockSize: 64, sign: false },
  { size: 4096, hash: "m31", align: 8 },
  { size: 4096, hash: "ref1" },
];

/** Variants that stand for all in the test that compiles every kernel. */
export function allKernels(): WgslKernel[] {
  const flags = [false, true], widths = [1, 4] as const;
  const lists = flags.flatMap((weights) =>
    [[false, false], [true, false], [true, true]].flatMap(([offsets, mean]) =>
      flags.map((wide) => occurrencesKernel({ offsets: offsets!, weights, mean: mean! }, wide))
    )
  );
  const hashed = SAMPLE_LAYOUTS.flatMap((options) =>
    flags.flatMap((info) => {
      const variant = { layout: robeLayout(options), dim: 16, info };
      return [
        rowsKernel(variant),
        ...flags.map((uniform) => blocksKernel(variant, uniform)),
        ...widths.map((width) => rowSumsKernel(variant, width)),
      ];
    })
  );
  const sums = widths.flatMap((width) => flags.map((info) => chunkSumsKernel({ width, info })));
  return [...lists, ...flags.map(rankKernel), ...hashed, ...sums];
}
