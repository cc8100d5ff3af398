/**
 * Input files parsed into a table of encoded blocks: in memory, spilled to a temporary folder when they grow beyond the
 * budget, or kept in a cache folder for the next time.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeDictionaries } from "../dictionary_bytes.ts";
import { DataFormatError } from "../errors.ts";
import type { BadRowPolicy, LabelMode } from "../formats/bad_rows.ts";
import type { RawBlock } from "../layout.ts";
import { type BlockTable, type Coding, TableBuilder, type TableSummary } from "../table.ts";
import type { InputFile } from "./files.ts";
import { readInput } from "./read_file.ts";
import { ShardReader, ShardWriter } from "./shard_files.ts";

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
  /** Encoded bytes to hold in memory before they go to a temporary folder. */
  memoryBytes: number;
  /** Called for every piece read. */
  onProgress?: (progress: ReadProgress) => void;
  /** Ends the reading. */
  signal?: AbortSignal;
}

/** A table whose blocks may lie in files. */
export interface StagedTable extends BlockTable {
  /** The files, if the blocks lie in files: what a worker needs to read them. */
  readonly shards?: ShardLocation;
}

/** Where the blocks of a table lie. */
export interface ShardLocation {
  /** Folder. */
  readonly folder: string;
  /** File names, in order. */
  readonly names: readonly string[];
  /** SHA-256 of the dictionary bytes. */
  readonly dictionaryHash: Uint8Array;
}

/** A parsed source: everything but the place of its blocks. */
interface Parsed {
  readonly summary: TableSummary;
  readonly builder: TableBuilder;
}

/** Parses files into memory, or into a temporary folder that `close` removes. */
export async function stageFiles(files: readonly InputFile[], options: StageOptions): Promise<StagedTable> {
  const blocks: Uint8Array[] = [];
  const sizes: number[] = [];
  let held = 0, folder: string | undefined, writer: ShardWriter | undefined;
  try {
    const { summary, builder } = await parseFiles(files, options, (bytes, rows) => {
      if (writer) return writer.append(bytes, rows);
      blocks.push(bytes);
      sizes.push(rows);
      if ((held += bytes.length) <= options.memoryBytes) return;
      folder = mkdtempSync(join(tmpdir(), "pocketrec-"));
      writer = new ShardWriter(folder);
      for (let i = 0; i < blocks.length; i++) writer.append(blocks[i]!, sizes[i]!);
      blocks.length = 0;
    });
    const { dictionaries } = builder;
    if (!writer || !folder) {
      return { summary, dictionaries, read: (block) => blocks[block]!, close: () => Promise.resolve() };
    }
    return await openShards(summary, dictionaries, writeShards(writer, folder, dictionaries), true);
  } catch (error) {
    writer?.close();
    if (folder) await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Parses files into shards of a folder. */
export async function stageToFolder(
  files: readonly InputFile[],
  options: StageOptions,
  folder: string,
): Promise<{ summary: TableSummary; dictionaryBytes: Uint8Array; names: readonly string[] }> {
  const writer = new ShardWriter(folder);
  try {
    const { summary, builder } = await parseFiles(files, options, (bytes, rows) => writer.append(bytes, rows));
    const dictionaryBytes = encodeDictionaries(builder.dictionaries);
    writer.finish(sha256(dictionaryBytes));
    return { summary, dictionaryBytes, names: writer.names };
  } finally {
    writer.close();
  }
}

function writeShards(writer: ShardWriter, folder: string, dictionaries: BlockTable["dictionaries"]): ShardLocation {
  const dictionaryHash = sha256(encodeDictionaries(dictionaries));
  writer.finish(dictionaryHash);
  return { folder, names: writer.names, dictionaryHash };
}

/** A table over shards. @param remove whether `close` removes the folder */
export async function openShards(
  summary: TableSummary,
  dictionaries: BlockTable["dictionaries"],
  shards: ShardLocation,
  remove: boolean,
): Promise<StagedTable> {
  const reader = await ShardReader.open(shards.folder, shards.names, shards.dictionaryHash);
  if (`${reader.blockRows}` !== `${summary.blockRows}`) {
    await reader.close();
    throw new DataFormatError(
      { file: shards.folder },
      "Cannot read the shards as their rows differ from the manifest's",
    );
  }
  return {
    summary,
    dictionaries,
    shards,
    read: (block) => reader.read(block),
    close: async () => {
      await reader.close();
      if (remove) await rm(shards.folder, { recursive: true, force: true });
    },
  };
}

/** SHA-256, 32 bytes. */
export function sha256(bytes: Uint8Array | string): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

async function parseFiles(
  files: readonly InputFile[],
  options: StageOptions,
  store: (bytes: Uint8Array, rows: number) => void,
): Promise<Parsed> {
  const { coding, onBadRow, onProgress, signal } = options;
  const builder = new TableBuilder(coding);
  const hash = createHash("sha256");
  const fileRows: number[] = [], examples: string[] = [];
  const totalBytes = files.reduce((sum, file) => sum + file.bytes, 0);
  let bytes = 0, rows = 0, badRows = 0, labelled = options.labels !== "absent";
  for (const file of files) {
    const sink = (block: RawBlock) => {
      const { rows } = block;
      store(builder.encode(block), rows);
    };
    const onBytes = (count: number, done: number) => {
      bytes += count;
      onProgress?.({ bytes, totalBytes, rows: rows + done });
    };
    const result = await readInput(file, { labels: options.labels, onBadRow }, sink, {
      hash,
      onBytes,
      ...(signal && { signal }),
    });
    rows += result.rows;
    badRows += result.bad.count;
    labelled &&= result.labelled;
    fileRows.push(result.rows);
    for (const error of result.bad.examples) if (examples.length < 10) examples.push(error.message);
  }
  const { blockRows, positives } = builder;
  const contentHash = hash.digest("hex");
  const summary = { fileRows, blockRows, labelled, positives, coding, contentHash, badRows, badRowExamples: examples };
  return { summary, builder };
}
