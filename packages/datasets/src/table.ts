import { encodeBlock } from "./crow_block.ts";
import { HashMapping } from "./preprocess/category_map.ts";
import { CATEGORIES, type RawBlock } from "./layout.ts";
import { U32Dictionary } from "./u32_dictionary.ts";

/**
 * How categories are stored in a table: as places in a dictionary of first appearance (values optionally reduced modulo
 * a number first), or as hashes, which need no dictionary at all.
 */
export type Coding = { readonly kind: "dictionary"; readonly modulo: number } | {
  readonly kind: "hash";
  readonly rows: number;
};

/** Distinct values of one column, in order of first appearance. */
export interface ColumnDictionary {
  /** Values; the one at `missingId` stands for "missing". */
  readonly values: Uint32Array;
  /** Place of "missing", or -1. */
  readonly missingId: number;
}

/** What is known about a table besides its blocks. */
export interface TableSummary {
  /** Rows of every source file, in order. */
  readonly fileRows: readonly number[];
  /** Rows of every block, in order. */
  readonly blockRows: readonly number[];
  /** Whether the rows carry labels. */
  readonly labelled: boolean;
  /** Rows with label 1. */
  readonly positives: number;
  /** How categories are stored. */
  readonly coding: Coding;
  /** SHA-256 (hex) of the source files' bytes. */
  readonly contentHash: string;
  /** Rows refused. */
  readonly badRows: number;
  /** Messages of the first ten refused rows. */
  readonly badRowExamples: readonly string[];
}

/** Parsed rows in encoded blocks, held in memory or in `.crow` files. */
export interface BlockTable {
  /** Counts and origin. */
  readonly summary: TableSummary;
  /** `[26]`; empty under hash coding. */
  readonly dictionaries: readonly ColumnDictionary[];
  /** The bytes of one encoded block. */
  read(block: number): Uint8Array | Promise<Uint8Array>;
  /** Closes files. */
  close(): Promise<void>;
}

/** Codes raw blocks and hands the encoded bytes on. */
export class TableBuilder {
  /** Rows of every block so far. */
  readonly blockRows: number[] = [];
  /** Rows with label 1 so far. */
  positives = 0;
  readonly #coding: Coding;
  readonly #dictionaries: U32Dictionary[];
  readonly #hashes: HashMapping[];

  /** An empty table. @param coding how to store categories */
  constructor(coding: Coding) {
    this.#coding = coding;
    const hashed = coding.kind === "hash";
    this.#dictionaries = hashed ? [] : Array.from({ length: CATEGORIES }, () => new U32Dictionary());
    this.#hashes = hashed ? Array.from({ length: CATEGORIES }, (_, c) => new HashMapping(coding.rows, c)) : [];
  }

  /** `[26]` dictionaries as they stand; empty under hash coding. */
  get dictionaries(): ColumnDictionary[] {
    return this.#dictionaries.map(({ values, missingId }) => ({ values, missingId }));
  }

  /** Codes and encodes a block; its arrays are overwritten. */
  encode(block: RawBlock): Uint8Array {
    const { rows, labels, cats, catMissing } = block;
    const modulo = this.#coding.kind === "dictionary" ? this.#coding.modulo : 0;
    for (let column = 0; column < CATEGORIES; column++) {
      const dictionary = this.#dictionaries[column], hash = this.#hashes[column];
      for (let r = 0, at = column; r < rows; r++, at += CATEGORIES) {
        const missing = ((catMissing[r]! >>> column) & 1) !== 0;
        if (hash) cats[at] = hash.id(cats[at]!, missing);
        else if (modulo > 0) cats[at] = dictionary!.add(cats[at]! % modulo);
        else cats[at] = missing ? dictionary!.addMissing() : dictionary!.add(cats[at]!);
      }
    }
    for (let r = 0; r < rows; r++) this.positives += labels[r]!;
    this.blockRows.push(rows);
    return encodeBlock(block);
  }
}
