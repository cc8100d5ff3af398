// Arguments of the look-up kernels, f64 slots, and the scratch memory of a thread.

export const ARRAY = 0, RECORDS = 1, IDS = 2, OUT = 3, BAGS = 4, TABLES = 5, DIM = 6, BAGS_PER_TASK = 7;
/** 0: one id per bag. */
export const OFFSETS = 8;
/** 0: none. */
export const WEIGHTS = 9;
export const MEAN = 10, KNOWN_IDS = 11;
/** Scratch of thread 0, bytes per thread, and rows that are hashed together: a multiple of 4. */
export const SCRATCH = 12, SCRATCH_BYTES = 13, CHUNK = 14;
export const BLOCK = 15, SIZE = 16, MODULUS = 17, ALIGN = 18, SIGN = 19, BLOCKS = 20, ROWS_PER_BLOCK = 21;
/** 0: mix32. Else P and the coefficients of id and block, and those of id and element in the signs' hash. */
export const PRIME = 22, CX = 23, CK = 24, SX = 25, SK = 26;
/** log2 of the bytes of an element of the array: 2, or 1 for f16. */
export const ELEMENT_SHIFT = 27;

// @ts-ignore: decorator
@inline
export function slot(args: usize, index: usize): usize {
  return <usize>load<f64>(args + (index << 3));
}

// Scratch of a thread: HEADER bytes of constants, then addresses of blocks, u32 [blocks, chunk], signs, u32 [words,
// chunk], ids of the chunk [chunk], their factors [chunk] and their bags [chunk].

/**
 * Bytes in front of a thread's addresses: constants of the hashes and of the copies, 16 bytes each. Loops keep vectors that
 * were read from memory in registers; those written out are built anew, by three or four instructions, at every use.
 */
export const HEADER: usize = 384;

// @ts-ignore: decorator
@inline
export function scratchOf(args: usize, thread: i32): usize {
  return slot(args, SCRATCH) + <usize>thread * slot(args, SCRATCH_BYTES) + HEADER;
}

// @ts-ignore: decorator
@inline
export function signWords(args: usize): usize {
  return slot(args, SIGN) ? (slot(args, DIM) + 31) >> 5 : 0;
}
