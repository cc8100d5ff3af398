import { DataFormatError } from "../errors.ts";
import { CATEGORIES, DENSE_FEATURES } from "../layout.ts";
import { BlockFiller, type BlockSink, type ReaderOptions, type ReaderResult } from "./reader.ts";

const ROW_BYTES = 4 * (1 + DENSE_FEATURES + CATEGORIES);

/**
 * Parser of the MLPerf binary layout of facebookresearch/dlrm: rows of 40 little-endian int32, `label, 13 integers, 26
 * ids`, nothing else. Ids are read as unsigned. Pushed in chunks of any size.
 */
export class CriteoBinParser {
  readonly #file: string;
  readonly #filler: BlockFiller;
  readonly #row: Uint8Array = new Uint8Array(ROW_BYTES);
  #held = 0;
  #rowNumber = 0;

  /** A parser for one file. @param options see {@linkcode ReaderOptions} @param sink receives blocks of rows */
  constructor(options: ReaderOptions, sink: BlockSink) {
    this.#file = options.file;
    this.#filler = new BlockFiller(options, sink);
  }

  /** Rows delivered so far. */
  get rows(): number {
    return this.#filler.rows;
  }

  /** Parses the complete rows of what has been pushed. @throws {DataFormatError} on a bad row */
  push(chunk: Uint8Array): void {
    let from = 0;
    if (this.#held > 0) {
      from = Math.min(ROW_BYTES - this.#held, chunk.length);
      this.#row.set(chunk.subarray(0, from), this.#held);
      this.#held += from;
      if (this.#held < ROW_BYTES) return;
      this.#read(new DataView(this.#row.buffer), 0);
    }
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (; from + ROW_BYTES <= chunk.length; from += ROW_BYTES) this.#read(view, from);
    this.#held = chunk.length - from;
    this.#row.set(chunk.subarray(from));
  }

  /** Delivers the last block. @throws {DataFormatError} if the file ends within a row, or is empty */
  finish(): ReaderResult {
    if (this.#held > 0) {
      const position = { file: this.#file, line: this.#rowNumber + 1 };
      throw new DataFormatError(
        position,
        `Cannot read the row as the file ends after ${this.#held} of its ${ROW_BYTES} bytes`,
      );
    }
    return this.#filler.finish(true);
  }

  #read(view: DataView, at: number): void {
    this.#rowNumber++;
    const { block } = this.#filler;
    const label = view.getInt32(at, true);
    if (label !== 0 && label !== 1) {
      const position = { file: this.#file, line: this.#rowNumber, column: 1, byte: 1 };
      this.#filler.refuse(new DataFormatError(position, `Cannot read the label as it is not 0 or 1: ${label}`));
      return;
    }
    block.labels[block.rows] = label;
    block.intMissing[block.rows] = 0;
    block.catMissing[block.rows] = 0;
    for (let i = 0, to = block.rows * DENSE_FEATURES; i < DENSE_FEATURES; i++) {
      block.ints[to + i] = view.getInt32(at + 4 + 4 * i, true);
    }
    for (let i = 0, to = block.rows * CATEGORIES; i < CATEGORIES; i++) {
      block.cats[to + i] = view.getUint32(at + 4 + 4 * (DENSE_FEATURES + i), true);
    }
    this.#filler.next();
  }
}
