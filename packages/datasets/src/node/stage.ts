import { createHash } from "node:crypto";
import { basename } from "node:path";
import { type BadRowPolicy, CriteoTsvParser, type LabelMode } from "../formats/tsv.ts";
import type { RawBlock } from "../layout.ts";
import { type BlockTable, type Coding, TableBuilder } from "../table.ts";
import { type InputFile, readChunks } from "./files.ts";

/** How far reading has come. */
export interface ReadProgress {
  /** Bytes read from disk. */
  readonly bytes: number;
  /** Bytes to read in all. */
  readonly totalBytes: number;
  /** Rows parsed. */
  readonly rows: number;
}

/** Options of {@linkcode stageFiles}. */
export interface StageOptions {
  /** How categories are stored. */
  coding: Coding;
  /** Which rows are taken. */
  labels: LabelMode;
  /** What happens to bad rows. */
  onBadRow: BadRowPolicy;
  /** Called a few times per second's worth of bytes. */
  onProgress?: (progress: ReadProgress) => void;
  /** Stops reading. */
  signal?: AbortSignal;
}

/** Parses files into a table held in memory. */
export async function stageFiles(files: readonly InputFile[], options: StageOptions): Promise<BlockTable> {
  const builder = new TableBuilder(options.coding);
  const hash = createHash("sha256");
  const blocks: Uint8Array[] = [];
  const fileRows: number[] = [];
  const examples: string[] = [];
  const totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  let bytes = 0, rows = 0, badRows = 0, labelled: boolean | undefined;
  for (const file of files) {
    const labels = labelled === undefined ? options.labels : labelled ? "required" : "absent";
    const parser = new CriteoTsvParser({ file: basename(file.path), labels, onBadRow: options.onBadRow });
    const sink = (block: RawBlock) => {
      blocks.push(builder.encode(block, parser.labelled!));
    };
    for await (
      const chunk of readChunks(file, {
        hash,
        onBytes: (n) => bytes += n,
        ...(options.signal && { signal: options.signal }),
      })
    ) {
      parser.push(chunk, sink);
      options.onProgress?.({ bytes, totalBytes, rows: rows + parser.rows });
    }
    parser.finish(sink);
    rows += parser.rows;
    fileRows.push(parser.rows);
    badRows += parser.badRows;
    for (const error of parser.badRowExamples) if (examples.length < 10) examples.push(error.message);
    labelled = parser.labelled;
  }
  return {
    summary: {
      fileRows,
      blockRows: builder.blockRows,
      labelled: labelled!,
      positives: builder.positives,
      coding: options.coding,
      contentHash: hash.digest("hex"),
      badRows,
      badRowExamples: examples,
    },
    dictionaries: builder.dictionaries,
    read: (block) => blocks[block]!,
    close: () => Promise.resolve(),
  };
}
