import { DataFormatError } from "../errors.ts";
import { createRawBlock, type RawBlock } from "../layout.ts";
import { type BadRowPolicy, BadRows, type LabelMode } from "./bad_rows.ts";

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

/** What a reader says when it is through. */
export interface ReaderResult {
  /** Rows delivered. */
  readonly rows: number;
  /** Whether they carry labels. */
  readonly labelled: boolean;
  /** Rows refused. */
  readonly bad: BadRows;
}

/** What every reader does with its rows: collects good ones into blocks, hands full blocks on, counts bad ones. */
export class BlockFiller {
  /** The block being filled; write row `block.rows`, then call {@linkcode BlockFiller.next}. */
  readonly block: RawBlock;
  /** Rows delivered so far. */
  rows = 0;
  readonly #file: string;
  readonly #bad: BadRows;
  readonly #capacity: number;
  readonly #sink: BlockSink;

  /** An empty block. @param options of the reader @param sink receives full blocks */
  constructor({ file, onBadRow, blockRows = 16384 }: ReaderOptions, sink: BlockSink) {
    this.block = createRawBlock(blockRows);
    this.#file = file;
    this.#bad = new BadRows(onBadRow);
    this.#capacity = blockRows;
    this.#sink = sink;
  }

  /** The row just written is good. */
  next(): void {
    if (++this.block.rows === this.#capacity) this.#flush();
  }

  /** The row just met is bad. @throws the error itself unless bad rows are skipped */
  refuse(error: DataFormatError): void {
    this.#bad.refuse(error);
  }

  /** Delivers the last block. @throws {DataFormatError} without a single good row */
  finish(labelled: boolean): ReaderResult {
    this.#flush();
    const bad = this.#bad;
    if (this.rows === 0) {
      const reason = bad.count > 0 ? `none of its ${bad.count} rows can be read` : "it is empty";
      throw new DataFormatError({ file: this.#file }, `Cannot read rows as ${reason}; want at least one row`);
    }
    return { rows: this.rows, labelled, bad };
  }

  #flush(): void {
    if (this.block.rows === 0) return;
    this.rows += this.block.rows;
    this.#sink(this.block);
    this.block.rows = 0;
  }
}
