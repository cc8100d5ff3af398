/**
 * Words that host and kernels exchange.
 *
 * @module
 */

/** Words of a chunk's descriptor, at the beginning of `plan`. `...Base`: what the chunks before take. */
export const FIELDS = {
  ROWS: 0,
  D: 1,
  /** Index of the first u32 of elements to encode, or of the chunk to decode. */
  SRC: 2,
  /** Index of the first u32 to write; `PACKED`: behind the chunk before. */
  DST: 3,
  /** Bits 0-3 the coder wanted, then see `FLAG`. */
  FLAGS: 4,
  /** Index in `plan` of the steps to choose from; 0: none. */
  UNIT: 5,
  /** Index in `plan` of the head of a coded sequence: number of words, then the words (decoding: and a mask for each); 0: none. */
  HEAD: 6,
  /** Index in `tables` of the table. */
  TABLE: 7,
  ROW_BASE: 8,
  ELEMENT_BASE: 9,
  SLOT_BASE: 10,
  /** log2 of the slots of the row table. */
  SLOT_BITS: 11,
  TILE_BASE: 12,
  /** log2 of the threads that share a row. */
  LANE_SHIFT: 13,
  GROUP_BASE: 14,
  /** Most groups that the chunk can have. */
  GROUPS: 15,
  WORDS_BASE: 16,
  HASH_BASE: 17,
  /** u32 of the chunk to decode. */
  SRC_WORDS: 18,
} as const;
/** u32 per descriptor. */
export const DESCRIPTOR_WORDS = 20;

/** Bits of `FLAGS`. */
export const FLAG = { DICT: 16, CHECKSUM: 32, DIRECT: 64 } as const;

/** `DST` of a chunk that follows the one before. */
export const PACKED = 0xffffffff;

/** Words of a chunk's statistics, gathered by `atomicMax` from 0 on; `...INVERTED` are the complements of least values. */
export const STATISTICS = {
  GREATEST: 0,
  BITS_INVERTED: 1,
  BITS: 2,
  CODE_INVERTED: 3,
  CODE: 4,
  UNIQUE: 5,
  ESCAPED: 6,
  UNCODED: 7,
  GROUP_WORDS: 8,
  GROUP_WORDS_MOST: 9,
  GROUP_WORDS_INVERTED: 10,
} as const;
/** u32 per chunk. */
export const STATISTICS_WORDS = 12;

/** Words of what is known of a chunk that is decoded. */
export const INFO = {
  CODER: 0,
  /** Pattern of the step. */
  STEP: 1,
  UNIQUE: 2,
  CODED: 3,
  /** Index of the codes' first u32. */
  CODES: 4,
  /** Index of the raw rows' first u32. */
  RAW: 5,
  /** Bits of a packed code. */
  BITS: 6,
  /** Bit 0: rows repeat. Bit 1: rows escaped. */
  FLAGS: 7,
  /** Groups. */
  GROUPS: 8,
} as const;
/** u32 per chunk. */
export const INFO_WORDS = 12;

/** Words of one of the steps to choose from. */
export const STEP_WORDS = 5;

/** Threads of most kernels. */
export const WORKGROUP = 256;
/** Threads of the entropy coders: each has a group of a thousand symbols, so they shall spread. */
export const CODER_WORKGROUP = 64;
/** Output words of a workgroup that restores elements. */
export const RESTORE_TILE = 1024;

/** What is wrong with a chunk, as {@linkcode WebGpuCodec.errors} reports it. */
export const CHUNK_ERRORS = ["", "TRUNCATED", "CHECKSUM", "CORRUPT", "UNSUPPORTED", "TABLE"] as const;

/** `const NAME = value` of each. */
export function wgslConstants(values: Readonly<Record<string, number>>, prefix = ""): string {
  return Object.entries(values).map(([name, value]) => `const ${prefix}${name} = ${value}u;`).join("\n");
}
