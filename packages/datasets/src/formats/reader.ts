import { DataFormatError } from "../errors.ts";
import { createRawBlock, type RawBlock } from "../layout.ts";
import type { BadRowPolicy, BadRows, LabelMode } from "./bad_rows.ts";

/** Receives parsed rows. The block is reused after the call returns. */
export type BlockSink = (block: RawBlock) => void;

/** Options that all readers share. */
export interface ReaderOptions {
  /** Name used in error messages. */
  file: string;
  /** Default "required". */
  labels?: LabelMode;
  /** Default "fail". */
  onBadRow?: BadRowPolicy;
  /** Rows per block handed to the sink. Default 16,384. */
  blockRows?: number;
}

/** Rows per block unless asked otherwise. */
export const BLOCK_ROWS = 16384;

/** What a reader says when it is through. */
export interface ReaderResult {
  /** Rows delivered. */
  readonly rows: number;
  /** Whether they carry labels. */
  readonly labelled: boolean;
  /** Rows refused. */
  readonly bad: BadRows;
}

/** Collects rows into blocks and hands full ones on. */
export class BlockFiller {
  /** The block being filled; write row `block.rows`, then call {@linkcode BlockFiller.next}. */
  readonly block: RawBlock;
  /** Rows delivered so far. */
  rows = 0;
  readonly #capacity: number;
  readonly #sink: BlockSink;

  /** An empty block. @param capacity rows per block @param sink receives full blocks */
  constructor(capacity: number, sink: BlockSink) {
    this.block = createRawBlock(capacity);
    this.#capacity = capacity;
    this.#sink = sink;
  }

  /** The row just written is good. */
  next(): void {
    if (++this.block.rows === this.#capacity) this.flush();
  }

  /** Delivers what there is. */
  flush(): void {
    if (this.block.rows === 0) return;
    this.rows += this.block.rows;
    this.#sink(this.block);
    this.block.rows = 0;
  }
}

/** An input without a single good row is an error. */
export function refuseEmpty(file: string, rows: number, badRows: number): void {
  if (rows > 0) return;
  const reason = badRows > 0 ? `none of its ${badRows} rows can be read` : "it is empty";
  throw new DataFormatError({ file }, `Cannot read rows as ${reason}; want at least one row`);
}
