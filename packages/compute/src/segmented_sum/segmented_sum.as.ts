/**
 * Sums of rows by segment. Segments longer than CHUNK are cut into chunks counted from their start. `sumChunks` runs over
 * blocks of CHUNK positions, in each of which at most two chunks start (one of the segment that covers the block's start, one
 * of a segment that starts inside and leaves it), so chunk sums have fixed places. `sumSegments` runs over segments.
 *
 * Slots: 0 values, 1 starts, 2 segments, 3 order (0: none), 4 dim, 5 out, 6 chunk, 7 chunk sums, 8 segments per task,
 * 9 positions.
 */
import { sumRows } from "../sparse_update/_row_sum.as";

@inline
function slot(args: usize, index: i32): usize {
  return <usize>load<f64>(args + ((<usize>index) << 3));
}

@inline
function startOf(starts: usize, segment: usize): usize {
  return <usize>load<u32>(starts + (segment << 2));
}

/** The segment that holds a position: the last that starts at or before it. */
function segmentAt(starts: usize, segments: usize, position: usize): usize {
  let low: usize = 0, high = segments;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (startOf(starts, middle) <= position) low = middle;
    else high = middle;
  }
  return low;
}

export function sumChunks(args: usize, task: i32): void {
  const values = slot(args, 0), starts = slot(args, 1), segments = slot(args, 2), order = slot(args, 3);
  const stride = slot(args, 4) << 2, chunk = slot(args, 6), positions = slot(args, 9);
  const block = <usize>task * chunk, sums = slot(args, 7) + 2 * <usize>task * stride;
  const last = min(startOf(starts, segments), positions);
  if (block >= last) return;
  const covering = segmentAt(starts, segments, block);
  const start = startOf(starts, covering), end = min(startOf(starts, covering + 1), positions);
  if (start <= block && end - start > chunk) {
    const behind = (block - start) % chunk;
    const first = behind ? block + chunk - behind : block;
    if (first < end) sumRows(first, min(first + chunk, end), order, 0, 0, values, stride, sums);
  }
  const next = block + chunk;
  if (next >= last) return;
  const leaving = segmentAt(starts, segments, next);
  const from = startOf(starts, leaving), to = min(startOf(starts, leaving + 1), positions);
  if (from > block && from < next && to - from > chunk) {
    sumRows(from, from + chunk, order, 0, 0, values, stride, sums + stride);
  }
}

export function sumSegments(args: usize, task: i32): void {
  const values = slot(args, 0), starts = slot(args, 1), segments = slot(args, 2), order = slot(args, 3);
  const stride = slot(args, 4) << 2, chunk = slot(args, 6), sums = slot(args, 7), positions = slot(args, 9);
  const first = <usize>task * slot(args, 8), stop = min(first + slot(args, 8), segments);
  for (let segment = first; segment < stop; segment++) {
    const out = slot(args, 5) + segment * stride;
    const start = min(startOf(starts, segment), positions), end = min(startOf(starts, segment + 1), positions);
    if (end <= start + chunk) {
      sumRows(start, end, order, 0, 0, values, stride, out);
      continue;
    }
    memory.fill(out, 0, stride);
    for (let position = start; position < end; position += chunk) {
      const block = position / chunk;
      const sum = sums + (2 * block + (position == start && position != block * chunk ? 1 : 0)) * stride;
      let at: usize = 0;
      for (; at + 16 <= stride; at += 16) v128.store(out + at, f32x4.add(v128.load(out + at), v128.load(sum + at)));
      for (; at < stride; at += 4) store<f32>(out + at, load<f32>(out + at) + load<f32>(sum + at));
    }
  }
}
