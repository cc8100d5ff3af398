/**
 * What encoding a chunk takes and gives.
 *
 * @module
 */
import { elementBytes } from "../dtype.ts";
import type { Codebook } from "../entropy/plan.ts";
import type { GivenTable } from "../entropy/given_table.ts";
import { chunkHeaderBytes, type Coder, RAW } from "../format/chunk_header.ts";
import type { DtypeId } from "../kernels/kernels.ts";
import type { CodesPlan } from "./codes_plan.ts";
import type { Link, Mode } from "./mode.ts";
import type { RowMapPlan } from "./row_map.ts";
import type { Stored } from "./rows.ts";
import type { Bound } from "./unit.ts";

/** Tables that later chunks of the same origin may refer to. */
export interface ChunkBooks {
  /** Of the codes. */
  readonly codes: Codebook | undefined;
  /** Of the row map. */
  readonly map: Codebook | undefined;
}

/** What to encode, and how. */
export interface ChunkJob {
  /** Of the elements. */
  readonly dtype: DtypeId;
  /** Elements per row. */
  readonly d: number;
  /** 1 to 65,536. */
  readonly rows: number;
  /** Elements, in the last row maybe fewer than `d`. */
  readonly elements: number;
  /** Byte offset of `rows * d` elements; those that the last row lacks are copies of the last one. */
  readonly src: number;
  /** What values may be off; `rel` refers to the range of this chunk. */
  readonly bound: Bound | { readonly kind: "rel"; readonly error: number };
  /** A magnitude that no finite value exceeds, if one is known. */
  readonly magnitude?: number | undefined;
  /** Ways to store that may be used. */
  readonly mode: Mode;
  /** What speed matters, if it does. */
  readonly link: Link | undefined;
  /** Whether to add a checksum. */
  readonly checksum: boolean;
  /** Tables to refer to; without them, the chunk stands alone. */
  readonly books?: ChunkBooks | undefined;
  /** Nothing to choose: see {@linkcode Fixed}. */
  readonly fixed?: Fixed | undefined;
}

/**
 * A device that encodes many chunks at once does not weigh tables. With this, a chunk is CONST where it can be, else the smallest
 * of three: codes with the given table (if the mode has it, and it has all of their tokens), packed codes (unless the mode is
 * `"raw"`), and RAW without a row map. Row maps are packed. Of equal sizes, the first is taken. Modes are `"raw"`, and `"pack"`,
 * `"huff"` and `"ans"` with or without `"dict+"`.
 */
export interface Fixed {
  /** The table of the codes, for `"huff"` and `"ans"`. */
  readonly table?: GivenTable | undefined;
}

/** An encoded chunk. */
export interface EncodedChunk {
  /** Byte offset. */
  readonly at: number;
  /** A multiple of 4. */
  readonly bytes: number;
  /** What values may be off. */
  readonly bound: Bound;
  /** Greatest |x - x^|. */
  readonly maxError: number;
  /** How it is stored. */
  readonly coder: Coder;
  /** Tables after this chunk. */
  readonly books: ChunkBooks;
}

/** A way to store a chunk. */
export interface Candidate {
  /** Estimated bytes of all sections. */
  readonly bytes: number;
  /** How codes are stored. */
  readonly coder: Coder;
  /** Rows that are. */
  readonly stored: Stored;
  /** Order of residuals; 0: codes as they are. */
  readonly lorenzo: 0 | 1 | 2;
  /** The row map, if rows repeat. */
  readonly map: RowMapPlan | undefined;
  /** The codes, if there are any. */
  readonly codes: CodesPlan | undefined;
}

/** No table yet. */
export const NO_BOOKS: ChunkBooks = { codes: undefined, map: undefined };

/** Most bytes that a chunk takes. */
export function maxChunkBytes(dtype: DtypeId, elements: number): number {
  return chunkHeaderBytes(RAW, false, dtype) + 4 * Math.ceil(elements * elementBytes(dtype) / 4);
}
