/**
 * Byte-level streaming parser of Criteo's tab-separated layout: no strings are built, memory is one block of rows and
 * one carried-over line, whatever the length of the file.
 *
 * @module
 */
import { DataFormatError } from "../errors.ts";
import { CATEGORIES, DENSE_FEATURES } from "../layout.ts";
import { BlockFiller, type BlockSink, type ReaderOptions, type ReaderResult } from "./reader.ts";
import { diagnoseLine } from "./tsv_diagnose.ts";

const MAX_LINE = 1 << 16;
const TAB = 9, LF = 10, CR = 13, MINUS = 45, ZERO = 48;
const HEX = new Int8Array(256).fill(-1);
for (let i = 0; i < 16; i++) {
  HEX["0123456789abcdef".charCodeAt(i)] = i;
  HEX["0123456789ABCDEF".charCodeAt(i)] = i;
}

/** Parses one file pushed in chunks of any size. */
export class CriteoTsvParser {
  readonly #file: string;
  readonly #filler: BlockFiller;
  readonly #buffer: Uint8Array = new Uint8Array(4 * MAX_LINE);
  #labelled: boolean | undefined;
  #held = 0;
  #line = 0;

  /** A parser for one file. @param options see {@linkcode ReaderOptions} @param sink receives blocks of rows */
  constructor(options: ReaderOptions, sink: BlockSink) {
    this.#file = options.file;
    this.#filler = new BlockFiller(options, sink);
    this.#labelled = options.labels === "auto" ? undefined : options.labels !== "absent";
  }

  /** Rows delivered so far. */
  get rows(): number {
    return this.#filler.rows;
  }

  /** Whether rows carry labels; `undefined` in mode "auto" before the first row. */
  get labelled(): boolean | undefined {
    return this.#labelled;
  }

  /** Parses the complete lines of what has been pushed. @throws {DataFormatError} on a bad row */
  push(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length;) {
      const part = chunk.subarray(from, from + this.#buffer.length - this.#held);
      this.#buffer.set(part, this.#held);
      from += part.length;
      const end = this.#held + part.length;
      const newline = this.#buffer.lastIndexOf(LF, end - 1);
      const consumed = newline >= 0 ? this.#parse(newline + 1) : 0;
      this.#buffer.copyWithin(0, consumed, end);
      this.#held = end - consumed;
      if (this.#held > MAX_LINE) {
        const position = { file: this.#file, line: this.#line + 1 };
        throw new DataFormatError(
          position,
          `Cannot read the line as it is longer than ${MAX_LINE} bytes: not a text file?`,
        );
      }
    }
  }

  /** Parses a last line without line end and delivers the last block. @throws {DataFormatError} also on an empty file */
  finish(): ReaderResult {
    if (this.#held > 0) {
      this.#buffer[this.#held] = LF; // fits: the buffer is larger than the longest line
      this.#parse(this.#held + 1);
      this.#held = 0;
    }
    return this.#filler.finish(this.#labelled!);
  }

  /** Parses lines of `buffer[0, end)`, whose last byte is a line feed; returns the bytes consumed, which is all. */
  #parse(end: number): number {
    const buffer = this.#buffer, filler = this.#filler, block = filler.block;
    const { labels, ints, intMissing, cats, catMissing } = block;
    let labelled = this.#labelled;
    let p = 0;
    block.labelled = labelled ?? true;
    while (p < end) {
      const start = p, row = block.rows;
      this.#line++;
      if (labelled === undefined) {
        let tabs = 0;
        for (let q = p; buffer[q] !== LF; q++) if (buffer[q] === TAB) tabs++;
        this.#labelled = labelled = block.labelled = tabs !== DENSE_FEATURES + CATEGORIES - 1;
      }
      good: {
        // Every inner loop stops at a byte that its field may not hold, and the line feed is one for all of them, so
        // no loop runs past the line.
        if (labelled) {
          const label = buffer[p]! - ZERO;
          if ((label !== 0 && label !== 1) || buffer[p + 1] !== TAB) break good;
          labels[row] = label;
          p += 2;
        } else {
          labels[row] = 0;
        }
        let missing = 0;
        for (let i = 0, at = row * DENSE_FEATURES; i < DENSE_FEATURES; i++, at++) {
          let c = buffer[p++]!;
          if (c === TAB) {
            ints[at] = 0;
            missing |= 1 << i;
            continue;
          }
          const negative = c === MINUS;
          if (negative) c = buffer[p++]!;
          let value = 0;
          do {
            const digit = c - ZERO;
            if (digit < 0 || digit > 9) break good;
            value = value * 10 + digit;
            c = buffer[p++]!;
          } while (c !== TAB);
          if (negative) value = -value;
          if (value !== (value | 0)) break good;
          ints[at] = value;
        }
        intMissing[row] = missing;
        missing = 0;
        for (let i = 0, at = row * CATEGORIES; i < CATEGORIES; i++, at++) {
          const first = p;
          let value = 0;
          let c = buffer[p++]!;
          for (let digit = HEX[c]!; digit >= 0; digit = HEX[c]!) {
            value = (value << 4) | digit;
            c = buffer[p++]!;
          }
          if (i < CATEGORIES - 1) {
            if (c !== TAB) break good;
          } else if (c !== LF && (c !== CR || buffer[p] !== LF)) {
            break good;
          }
          const digits = p - first - 1;
          if (digits > 8) break good;
          if (digits === 0) missing |= 1 << i;
          cats[at] = value;
        }
        if (buffer[p - 1] === CR) p++;
        catMissing[row] = missing;
        filler.next();
        continue;
      }
      p = buffer.indexOf(LF, start) + 1;
      this.#refuse(start, p - 1);
    }
    return end;
  }

  #refuse(start: number, end: number): void {
    if (end > start && this.#buffer[end - 1] === CR) end--;
    const fault = diagnoseLine(this.#buffer.subarray(start, end), this.#labelled!);
    const reason = fault?.reason ?? "Cannot read the line";
    const { column = 0, byte = 0 } = fault ?? {};
    this.#filler.refuse(new DataFormatError({ file: this.#file, line: this.#line, column, byte }, reason));
  }
}
