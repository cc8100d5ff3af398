import {
  ARGUMENTS,
  Bindings,
  GROUP_INDEX,
  MAX_LANES,
  SUM_CHUNK,
  TREE_WORKGROUP,
  treeSum,
} from "../segmented_sum/_parts.wgsl.ts";
import type { WgslKernel } from "../webgpu/kernel.ts";

/** What the kernels of an update are specialised for. */
export interface UpdateVariant {
  /** Elements that one thread handles: 4 where rows are whole vec4s. */
  readonly width: 1 | 4;
  /** Occurrences have a bag and a scale of their own; otherwise occurrence = bag, scale = 1. */
  readonly info: boolean;
  /** Threads side by side on one row, a power of two up to MAX_LANES. */
  readonly lanes: number;
  /** Rows that are added one by one before chunks begin; also positions per block. */
  readonly chunk: number;
}

/** The chunk where one thread adds up a column: that of the CPU, so that it is the same sum. */
export const LONG_CHUNK = 256;

/** The vector type of a variant. */
export function vectorOf({ width }: UpdateVariant): string {
  return width === 4 ? "vec4<f32>" : "f32";
}

/** Parameters that all kernels behind the sort share: positions, columns (vectors per row) and rows. */
const SHAPE = "n: u32, columns: u32, rows: u32";

/** `term`: the scaled gradient at a sorted position; needs the bindings `order`, `grads` and, with info, `info`. */
function termFunction(variant: UpdateVariant): string {
  const vector = vectorOf(variant);
  return variant.info
    ? /* wgsl */ `
fn term(position: u32, column: u32) -> ${vector} {
  let source = info[order[position]];
  return bitcast<f32>(source.y) * grads[source.x * p.columns + column];
}`
    : /* wgsl */ `
fn term(position: u32, column: u32) -> ${vector} {
  return grads[order[position] * p.columns + column];
}`;
}

/** First and last positions of runs of equal keys, by doubling steps and bisection. */
const runFunctions = (chunk: number): string => /* wgsl */ `
fn run_start(position: u32, low: u32) -> u32 {
  let key = keys[position];
  var inside = position;
  var step = 1u;
  while (inside - low >= step && keys[inside - step] == key) {
    inside -= step;
    step <<= 1u;
  }
  var first = select(low, inside - step + 1u, inside - low >= step);
  while (first < inside) {
    let middle = (first + inside) >> 1u;
    if (keys[middle] == key) { inside = middle; } else { first = middle + 1u; }
  }
  return inside;
}

fn run_end(position: u32) -> u32 {
  let key = keys[position];
  var inside = position;
  var step = 1u;
  while (p.n - inside > step && keys[inside + step] == key) {
    inside += step;
    step <<= 1u;
  }
  var end = select(p.n, inside + step, p.n - inside > step);
  var next = inside + 1u;
  while (next < end) {
    let middle = (next + end) >> 1u;
    if (keys[middle] == key) { next = middle + 1u; } else { end = middle; }
  }
  return end;
}

/** Whether the run that starts at a position is cut into chunks. */
fn is_long(start: u32) -> bool {
  return start + ${chunk}u < p.n && keys[start + ${chunk}u] == keys[start];
}

/** Where the sum of the chunk at \`position\` lies; \`start\` is that of the run. */
fn chunk_slot(position: u32, start: u32) -> u32 {
  let inside_block = position == start && position % ${chunk}u != 0u;
  return 2u * (position / ${chunk}u) + select(0u, 1u, inside_block);
}
`;

/**
 * Sums of the chunks of long runs. One workgroup per chunk slot, two slots per block of positions: the first for the run
 * that covers the block's start, the second for a run that starts inside the block and leaves it. Each row-lane
 * adds the rows that are as far apart as there are lanes, then the lanes are added as a tree. Most workgroups find no chunk and end.
 */
export function chunkSumsKernel(variant: UpdateVariant): WgslKernel {
  const vector = vectorOf(variant), { lanes, chunk } = variant;
  const bindings = new Bindings().add("keys", "u32").add("order", "u32").add("grads", vector)
    .add("sums", vector, "read-write");
  if (variant.info) bindings.add("info", "vec2<u32>");
  return {
    label: `compute/sparse_update.chunk_sums[${nameOf(variant)}]`,
    parameters: ["u32", "u32", "u32"],
    buffers: bindings.buffers,
    code: /* wgsl */ `
struct Parameters { ${SHAPE} }
@group(0) @binding(0) var<uniform> p: Parameters;
${bindings.text}
var<workgroup> partial: array<${vector}, ${TREE_WORKGROUP}>;
${termFunction(variant)}
${runFunctions(chunk)}

/** First position of the chunk that belongs to a slot, or n. */
fn chunk_of(slot: u32) -> u32 {
  let block = (slot >> 1u) * ${chunk}u;
  if (block >= p.n) { return p.n; }
  if ((slot & 1u) == 0u) {
    if (keys[block] >= p.rows) { return p.n; }
    let start = run_start(block, 0u);
    if (!is_long(start)) { return p.n; }
    let behind = (block - start) % ${chunk}u;
    let first = select(block + ${chunk}u - behind, block, behind == 0u);
    if (first >= p.n || keys[first] != keys[block]) { return p.n; }
    return first;
  }
  let next = block + ${chunk}u;
  if (next >= p.n || keys[next] >= p.rows || keys[next] == keys[block]) { return p.n; }
  let start = run_start(next, block);
  if (start == next || !is_long(start)) { return p.n; }
  return start;
}

@compute @workgroup_size(${TREE_WORKGROUP})
fn main(${ARGUMENTS}) {
  ${GROUP_INDEX}
  let first = chunk_of(group_index);
  if (first >= p.n) { return; }
  let lane = local / ${lanes}u;
  for (var left = 0u; left < p.columns; left += ${lanes}u) {
    let column = left + local % ${lanes}u;
    var sum = ${vector}(0.0);
    if (column < p.columns) {
      for (var i = first + lane; i < min(first + ${chunk}u, p.n); i += ${TREE_WORKGROUP / lanes}u) {
        if (keys[i] == keys[first]) { sum += term(i, column); }
      }
    }
    ${treeSum(lanes)}
    if (column < p.columns && lane == 0u) { sums[group_index * p.columns + column] = partial[local]; }
  }
}
`,
  };
}

/**
 * Adds the chunk sums of each long run into the place of its first chunk. One workgroup per block of positions, in which
 * at most one long run starts.
 */
export function runSumsKernel(variant: UpdateVariant): WgslKernel {
  const vector = vectorOf(variant), { lanes, chunk } = variant;
  const bindings = new Bindings().add("keys", "u32").add("sums", vector, "read-write");
  return {
    label: `compute/sparse_update.run_sums[x${variant.width},${lanes}${chunk === SUM_CHUNK ? "" : `,chunk ${chunk}`}]`,
    parameters: ["u32", "u32", "u32"],
    buffers: bindings.buffers,
    code: /* wgsl */ `
struct Parameters { ${SHAPE} }
@group(0) @binding(0) var<uniform> p: Parameters;
${bindings.text}
var<workgroup> partial: array<${vector}, ${TREE_WORKGROUP}>;
${runFunctions(chunk)}

/** Start of the long run that starts in a block, or n. */
fn long_run_of(block: u32) -> u32 {
  if (block >= p.n) { return p.n; }
  if ((block == 0u || keys[block - 1u] != keys[block]) && keys[block] < p.rows && is_long(block)) { return block; }
  let next = block + ${chunk}u;
  if (next >= p.n || keys[next] >= p.rows || keys[next] == keys[block]) { return p.n; }
  let start = run_start(next, block);
  if (start == next || !is_long(start)) { return p.n; }
  return start;
}

@compute @workgroup_size(${TREE_WORKGROUP})
fn main(${ARGUMENTS}) {
  ${GROUP_INDEX}
  let start = long_run_of(group_index * ${chunk}u);
  if (start >= p.n) { return; }
  let chunks = (run_end(start) - start + ${chunk - 1}u) / ${chunk}u;
  let lane = local / ${lanes}u;
  for (var left = 0u; left < p.columns; left += ${lanes}u) {
    let column = left + local % ${lanes}u;
    var sum = ${vector}(0.0);
    if (column < p.columns) {
      for (var chunk = lane; chunk < chunks; chunk += ${TREE_WORKGROUP / lanes}u) {
        sum += sums[chunk_slot(start + chunk * ${chunk}u, start) * p.columns + column];
      }
    }
    ${treeSum(lanes)}
    if (column < p.columns && lane == 0u) {
      sums[chunk_slot(start, start) * p.columns + column] = partial[local];
    }
  }
}
`,
  };
}

/** `row_gradient`: the summed gradient of the run that starts at a position; needs `keys`, `sums` and `term`'s bindings. */
export function gradientFunction(variant: UpdateVariant): string {
  const vector = vectorOf(variant), { chunk } = variant;
  return /* wgsl */ `
${termFunction(variant)}
fn starts_row(position: u32) -> bool {
  return position < p.n && keys[position] < p.rows && (position == 0u || keys[position - 1u] != keys[position]);
}

fn row_gradient(position: u32, column: u32) -> ${vector} {
  let key = keys[position];
  let beyond = position + ${chunk}u;
  if (beyond < p.n && keys[beyond] == key) {
    let slot = 2u * (position / ${chunk}u) + select(0u, 1u, position % ${chunk}u != 0u);
    return sums[slot * p.columns + column];
  }
  var sum = term(position, column);
  for (var i = position + 1u; i < p.n && keys[i] == key; i++) { sum += term(i, column); }
  return sum;
}
`;
}

/** Name of a variant inside a label. */
export function nameOf({ width, info, lanes, chunk }: UpdateVariant): string {
  return `x${width},${lanes}${info ? ",info" : ""}${chunk === SUM_CHUNK ? "" : `,chunk ${chunk}`}`;
}

/** The variants that the test of all kernels compiles: every code path, and both ends of the lanes. */
export const UPDATE_VARIANTS: readonly UpdateVariant[] = ([1, 4] as const).flatMap((width) =>
  [false, true].flatMap((info) =>
    ([[1, SUM_CHUNK], [MAX_LANES, SUM_CHUNK], [TREE_WORKGROUP, LONG_CHUNK]] as const).map(([lanes, chunk]) => ({
      width,
      info,
      lanes,
      chunk,
    }))
  )
);

/** Every variant, for the test that compiles them all. */
export function allKernels(): WgslKernel[] {
  return UPDATE_VARIANTS.flatMap((variant) => [chunkSumsKernel(variant), runSumsKernel(variant)]);
}
