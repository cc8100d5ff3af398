/**
 * One pass of a stable radix sort, cut into chunks of keys. Tasks are chunks; between `countChunk` and `scatterChunk`
 * one task runs `scanChunks`.
 *
 * Slots: 0 keys, 1 values (0: the index), 2 out keys, 3 out values, 4 number of keys, 5 keys per chunk, 6 shift,
 * 7 digits (a power of two), 8 counts `[chunks, digits]`, 9 chunks.
 */
import { countDigits, scatterByDigit } from "./_radix.as";

@inline
function slot(args: usize, index: i32): usize {
  return <usize>load<f64>(args + ((<usize>index) << 3));
}

export function countChunk(args: usize, task: i32): void {
  const digits = slot(args, 7), counts = slot(args, 8) + ((<usize>task * digits) << 2);
  const first = <usize>task * slot(args, 5), n = min(slot(args, 4) - first, slot(args, 5));
  memory.fill(counts, 0, digits << 2);
  countDigits(slot(args, 0) + (first << 2), <u32>n, <u32>slot(args, 6), <u32>digits - 1, counts);
}

/** Counts become places: those of smaller digits first, then those of earlier chunks. */
export function scanChunks(args: usize, task: i32): void {
  const digits = slot(args, 7), counts = slot(args, 8), chunks = slot(args, 9);
  let sum: u32 = 0;
  for (let digit: usize = 0; digit < digits; digit++) {
    for (let chunk: usize = 0; chunk < chunks; chunk++) {
      const at = counts + ((chunk * digits + digit) << 2);
      const count = load<u32>(at);
      store<u32>(at, sum);
      sum += count;
    }
  }
}

export function scatterChunk(args: usize, task: i32): void {
  const digits = slot(args, 7), values = slot(args, 1);
  const first = <usize>task * slot(args, 5), n = min(slot(args, 4) - first, slot(args, 5));
  scatterByDigit(
    slot(args, 0) + (first << 2),
    values ? values + (first << 2) : 0,
    <u32>first,
    <u32>n,
    <u32>slot(args, 6),
    <u32>digits - 1,
    slot(args, 8) + ((<usize>task * digits) << 2),
    slot(args, 2),
    slot(args, 3),
  );
}

/** Copies chunks, for sorts of zero bits. */
export function copyChunk(args: usize, task: i32): void {
  const values = slot(args, 1), first = <usize>task * slot(args, 5);
  const end = min(slot(args, 4), first + slot(args, 5));
  for (let i = first; i < end; i++) {
    store<u32>(slot(args, 2) + (i << 2), load<u32>(slot(args, 0) + (i << 2)));
    store<u32>(slot(args, 3) + (i << 2), values ? load<u32>(values + (i << 2)) : <u32>i);
  }
}
