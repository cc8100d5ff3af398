import type { WgslKernel } from "../webgpu/kernel.ts";
import {
  ARGUMENTS,
  Bindings,
  GROUP_INDEX,
  MAX_LANES,
  SUM_CHUNK,
  SUM_WORKGROUP,
  TREE_WORKGROUP,
  treeSum,
} from "./_parts.wgsl.ts";

/** What the kernels of a segmented sum are specialised for. */
export interface SumVariant {
  /** Elements that one thread handles: 4 where rows are whole vec4s. */
  readonly width: 1 | 4;
  /** Rows are looked up by position. */
  readonly order: boolean;
  /** Threads side by side on one row, a power of two up to MAX_LANES. */
  readonly lanes: number;
}

/** The kernels of a variant, in the order of running. */
export interface SumKernels {
  /** Sums of the chunks of long segments: one workgroup per slot, two slots per block of positions. */
  readonly chunkSums: WgslKernel;
  /** Sums of the chunk sums of a long segment: one workgroup per block, in which at most one such segment starts. */
  readonly longSums: WgslKernel;
  /** Short segments, row by row, and copies of the long ones' sums: one thread per (segment, `width` columns). */
  readonly segments: WgslKernel;
}

const cache = new Map<string, SumKernels>();

/** The kernels of a variant. */
export function sumKernels(variant: SumVariant): SumKernels {
  const name = `x${variant.width},${variant.lanes}${variant.order ? ",order" : ""}`;
  let kernels = cache.get(name);
  if (!kernels) cache.set(name, kernels = makeKernels(name, variant));
  return kernels;
}

const HEADER = /* wgsl */ `
struct Parameters { segments: u32, positions: u32, columns: u32 }
@group(0) @binding(0) var<uniform> p: Parameters;
`;

const FIND = /* wgsl */ `
/** The segment that holds a position: the last that starts at or before it. */
fn segment_at(position: u32, segments: u32) -> u32 {
  var low = 0u;
  var high = segments;
  while (high - low > 1u) {
    let middle = (low + high) >> 1u;
    if (starts[middle] <= position) { low = middle; } else { high = middle; }
  }
  return low;
}

/** The long segment that starts in a block and leaves it, or covers it from its start on; x: start, y: end, or both 0. */
fn long_start(block: u32, segments: u32) -> vec2<u32> {
  let last = min(starts[segments], p.positions);
  let next = block + ${SUM_CHUNK}u;
  if (next >= last) { return vec2<u32>(0u); }
  let segment = segment_at(next, segments);
  let start = starts[segment];
  let end = min(starts[segment + 1u], p.positions);
  if (start < block || start >= next || end - start <= ${SUM_CHUNK}u) { return vec2<u32>(0u); }
  return vec2<u32>(start, end);
}
`;

function makeKernels(name: string, { width, order, lanes }: SumVariant): SumKernels {
  const vector = width === 4 ? "vec4<f32>" : "f32";
  const rowAt = order ? "order[i]" : "i";
  const parameters = ["u32", "u32", "u32"] as const;
  const bindings = () => {
    const made = new Bindings().add("starts", "u32").add("segment_count", "u32").add("values", vector);
    return order ? made.add("order", "u32") : made;
  };
  const columnsLoop = (body: string, target: string) => /* wgsl */ `
  let lane = local / ${lanes}u;
  for (var left = 0u; left < p.columns; left += ${lanes}u) {
    let column = left + local % ${lanes}u;
    var sum = ${vector}(0.0);
    if (column < p.columns) {
      ${body}
    }
    ${treeSum(lanes)}
    if (column < p.columns && lane == 0u) { sums[${target} * p.columns + column] = partial[local]; }
  }`;

  const chunkBindings = bindings().add("sums", vector, "read-write");
  const longBindings = new Bindings().add("starts", "u32").add("segment_count", "u32").add(
    "sums",
    vector,
    "read-write",
  );
  const segmentBindings = bindings().add("sums", vector).add("out", vector, "read-write");
  return {
    chunkSums: {
      label: `compute/segmented_sum.chunk_sums[${name}]`,
      parameters,
      buffers: chunkBindings.buffers,
      code: HEADER + chunkBindings.text + /* wgsl */ `
var<workgroup> partial: array<${vector}, ${TREE_WORKGROUP}>;
${FIND}
/** First and last positions of the chunk that belongs to a slot; both 0: none. */
fn chunk_of(slot: u32, segments: u32) -> vec2<u32> {
  let block = (slot >> 1u) * ${SUM_CHUNK}u;
  let last = min(starts[segments], p.positions);
  if (segments == 0u || block >= last) { return vec2<u32>(0u); }
  if ((slot & 1u) == 1u) {
    let found = long_start(block, segments);
    if (found.x == block) { return vec2<u32>(0u); }
    return vec2<u32>(found.x, select(0u, found.x + ${SUM_CHUNK}u, found.y > 0u));
  }
  let segment = segment_at(block, segments);
  let start = starts[segment];
  let end = min(starts[segment + 1u], p.positions);
  if (start > block || end - start <= ${SUM_CHUNK}u) { return vec2<u32>(0u); }
  let behind = (block - start) % ${SUM_CHUNK}u;
  let first = select(block + ${SUM_CHUNK}u - behind, block, behind == 0u);
  return vec2<u32>(first, min(first + ${SUM_CHUNK}u, end));
}

@compute @workgroup_size(${TREE_WORKGROUP})
fn main(${ARGUMENTS}) {
  ${GROUP_INDEX}
  let chunk = chunk_of(group_index, min(p.segments, segment_count[0]));
  if (chunk.x >= chunk.y) { return; }
  ${
        columnsLoop(
          /* wgsl */ `for (var i = chunk.x + lane; i < chunk.y; i += ${TREE_WORKGROUP / lanes}u) {
        sum += values[${rowAt} * p.columns + column];
      }`,
          "group_index",
        )
      }
}
`,
    },
    longSums: {
      label: `compute/segmented_sum.long_sums[${name}]`,
      parameters,
      buffers: longBindings.buffers,
      code: HEADER + longBindings.text + /* wgsl */ `
var<workgroup> partial: array<${vector}, ${TREE_WORKGROUP}>;
${FIND}
fn chunk_slot(position: u32, start: u32) -> u32 {
  return 2u * (position / ${SUM_CHUNK}u) + select(0u, 1u, position == start && position % ${SUM_CHUNK}u != 0u);
}

@compute @workgroup_size(${TREE_WORKGROUP})
fn main(${ARGUMENTS}) {
  ${GROUP_INDEX}
  let segments = min(p.segments, segment_count[0]);
  var found = vec2<u32>(0u);
  if (segments > 0u) { found = long_start(group_index * ${SUM_CHUNK}u, segments); }
  if (found.y == 0u) { return; }
  let chunks = (found.y - found.x + ${SUM_CHUNK - 1}u) / ${SUM_CHUNK}u;
  ${
        columnsLoop(
          /* wgsl */ `for (var chunk = lane; chunk < chunks; chunk += ${TREE_WORKGROUP / lanes}u) {
        sum += sums[chunk_slot(found.x + chunk * ${SUM_CHUNK}u, found.x) * p.columns + column];
      }`,
          "chunk_slot(found.x, found.x)",
        )
      }
}
`,
    },
    segments: {
      label: `compute/segmented_sum.segments[${name}]`,
      parameters,
      buffers: segmentBindings.buffers,
      code: HEADER + segmentBindings.text + /* wgsl */ `
@compute @workgroup_size(${SUM_WORKGROUP})
fn main(${ARGUMENTS}) {
  ${GROUP_INDEX}
  let index = group_index * ${SUM_WORKGROUP}u + local;
  let segment = index / p.columns;
  if (segment >= min(p.segments, segment_count[0])) { return; }
  let column = index % p.columns;
  let start = min(starts[segment], p.positions);
  let end = min(starts[segment + 1u], p.positions);
  var sum = ${vector}(0.0);
  if (end > start + ${SUM_CHUNK}u) {
    let slot = 2u * (start / ${SUM_CHUNK}u) + select(0u, 1u, start % ${SUM_CHUNK}u != 0u);
    sum = sums[slot * p.columns + column];
  } else {
    for (var i = start; i < end; i++) { sum += values[${rowAt} * p.columns + column]; }
  }
  out[index] = sum;
}
`,
    },
  };
}

/** Every code path and both ends of the lanes, for the test that compiles all kernels. */
export function allKernels(): WgslKernel[] {
  return ([1, 4] as const).flatMap((width) =>
    [false, true].flatMap((order) =>
      [1, MAX_LANES].flatMap((lanes) => Object.values(sumKernels({ width, order, lanes })) as WgslKernel[])
    )
  );
}
