/** Sorts blocks by the tiles of the array that they touch, stably. */
import { slot, word } from "./_slots.as";

@inline
export function increment(counts: usize, tile: u32): u32 {
  const at = counts + (<usize> tile << 2), count = load<u32>(at);
  store<u32>(at, count + 1);
  return count;
}

/** Counts a block in every tile that it touches. */
export function countBlock(counts: usize, start: u32, length: u32, size: u32, shift: u32): void {
  if (!length) return;
  const last = start + length - 1;
  if (last < size && start >> shift == last >> shift) {
    increment(counts, start >> shift);
  } else {
    for (let tile = start >> shift; tile <= min(last, size - 1) >> shift; tile++) increment(counts, tile);
    if (last >= size) { for (let tile: u32 = 0; tile <= (last - size) >> shift; tile++) increment(counts, tile); }
  }
}

/**
 * Turns counts into places: `counts[chunk, tile]` becomes the place of the chunk's first block on the tile. One task.
 *
 * Slots: 0 counts `[chunks, tiles]`, 1 chunks, 2 tiles, 3 first place of each tile, out `[tiles + 1]`.
 */
export function placeBlocks(args: usize, _task: i32): void {
  const counts = slot(args, 0), chunks = slot(args, 1), tiles = slot(args, 2), firsts = slot(args, 3);
  let sum: u32 = 0;
  for (let tile: usize = 0; tile < tiles; tile++) {
    store<u32>(firsts + (tile << 2), sum);
    for (let chunk: usize = 0; chunk < chunks; chunk++) {
      const at = counts + ((chunk * tiles + tile) << 2), count = load<u32>(at);
      store<u32>(at, sum);
      sum += count;
    }
  }
  store<u32>(firsts + (tiles << 2), sum);
}

@inline
function copyRecord(to: usize, from: usize, start: u32, bytes: usize): void {
  v128.store(to, i32x4.replace_lane(v128.load(from), 0, start));
  for (let at: usize = 16; at < bytes; at += 16) v128.store(to + at, v128.load(from + at));
}

/**
 * Copies the blocks of a chunk to their places; task = chunk. Of a block that wraps around the array's end, the copies for
 * the array's beginning start before slot 0.
 *
 * Slots: 0 places `[chunks, tiles]`, 1 pairs `[chunks, 2]`, 2 records, 3 records out, 4 bytes of a record, 5 tiles,
 * 6 log2 of a tile's slots, 7 size.
 */
export function sortChunk(args: usize, task: i32): void {
  const tiles = slot(args, 5), places = slot(args, 0) + ((<usize> task * tiles) << 2), pair = slot(args, 1) + (<usize> task << 3);
  const out = slot(args, 3), bytes = slot(args, 4), shift = <u32> slot(args, 6), size = <u32> slot(args, 7);
  let from = slot(args, 2) + <usize> load<u32>(pair) * bytes;
  for (let end = from + <usize> load<u32>(pair, 4) * bytes; from < end; from += bytes) {
    const start = load<u32>(from), length = load<u32>(from, 8), last = start + length - 1;
    if (!length) continue;
    if (last < size && start >> shift == last >> shift) {
      const to = out + <usize> increment(places, start >> shift) * bytes;
      copyRecord(to, from, start, bytes);
    } else {
      for (let tile = start >> shift; tile <= min(last, size - 1) >> shift; tile++) {
        copyRecord(out + <usize> increment(places, tile) * bytes, from, start, bytes);
      }
      if (last < size) continue;
      for (let tile: u32 = 0; tile <= (last - size) >> shift; tile++) {
        copyRecord(out + <usize> increment(places, tile) * bytes, from, start - size, bytes);
      }
    }
  }
}
