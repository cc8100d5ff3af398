/**
 * What encoding a chunk takes and gives.
 *
 * @module
 */
import { fieldBytes } from "../format/fields.ts";
import { elementBytes } from "../dtype.ts";
import type { Codebook } from "../entropy/plan.ts";
import { chunkHeaderBytes, type Coder, RAW } from "../format/chunk_header.ts";
import type { DtypeId } from "../kernels/kernels.ts";
import type { CodesPlan } from "./codes_plan.ts";
import type { Link, Mode } from "./mode.ts";
import type { RowMapPlan } from "./row_map.ts";
import type { Distinct, Stored } from "./rows.ts";
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
  /** Chooses in place of the encoder what chunks that are not CONST are written as. */
  readonly choose?: Choice | undefined;
}

/** Writes a chunk by the encoder's means; `quantised` is missing where nothing has codes. */
export type Choice = (means: ChunkMeans, distinct: Distinct, quantised: Quantised | undefined) => EncodedChunk;

/** What an encoder lends to a {@linkcode Choice}. */
export interface ChunkMeans {
  /** The candidate that codes of stored rows make up, as planned, with a map of these by one of the coders. */
  codedCandidate(stored: Stored, plan: CodesPlan, coders: readonly Coder[]): Candidate;
  /** Writes a candidate; without one, the elements of all rows. */
  write(candidate?: Candidate): EncodedChunk;
}

/** Codes of distinct rows, and which rows have none. */
export interface Quantised {
  /** Byte offset of i32[unique d]. */
  readonly codes: number;
  /** Byte offset of u8[unique]: 1 for rows that escaped. */
  readonly escapes: number;
  /** How many did. */
  readonly escaped: number;
  /** Least code. */
  readonly least: number;
  /** Greatest code. */
  readonly greatest: number;
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
  return chunkHeaderBytes(RAW, false, dtype) + fieldBytes(elements, 8 * elementBytes(dtype));
}
