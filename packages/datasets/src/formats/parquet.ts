import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetRead } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { DataFormatError } from "../errors.ts";
import { CATEGORY_NAMES, DENSE_FEATURES, DENSE_NAMES } from "../layout.ts";
import { BadRows } from "./bad_rows.ts";
import { readCells } from "./cells.ts";
import { checkPages } from "./parquet_pages.ts";
import {
  BLOCK_ROWS,
  BlockFiller,
  type BlockSink,
  type ReaderOptions,
  type ReaderResult,
  refuseEmpty,
} from "./reader.ts";

/** A file that can be read in pieces; a `Blob` wrapped, or a file handle. */
export interface RandomAccess {
  /** Size in bytes. */
  readonly byteLength: number;
  /** Bytes `[start, end)`. */
  slice(start: number, end?: number): ArrayBuffer | Promise<ArrayBuffer>;
}

/**
 * Reads Criteo rows from Parquet, one row group at a time. Columns are found by the names `label, I1..I13, C1..C26`
 * (any case), or taken in that order if there are exactly 40 (39 without label); categories may be hex strings or
 * integers, empty cells are missing values.
 *
 * @throws {DataFormatError} on damage, unfit columns or unreadable cells
 */
export async function readParquet(
  source: RandomAccess,
  options: ReaderOptions,
  sink: BlockSink,
): Promise<ReaderResult> {
  const { file, labels = "required" } = options;
  const guard = async <T>(action: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw new DataFormatError({ file }, `Cannot ${action} as ${(cause as Error).message.split("\n")[0]}`, { cause });
    }
  };
  const metadata = await guard("read the Parquet file", () => parquetMetadataAsync(source));
  const names = columnNames(metadata, file, labels);
  const bad = new BadRows(options.onBadRow);
  const filler = new BlockFiller(options.blockRows ?? BLOCK_ROWS, sink);
  let firstRow = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    const pages = await guard(`read rows from ${firstRow + 1} on`, () => loadGroup(source, group));
    const rowEnd = firstRow + rows;
    const data = new Map<string, ArrayLike<unknown>[]>();
    await guard(
      `read rows from ${firstRow + 1} on`,
      () =>
        parquetRead({
          file: pages,
          metadata,
          columns: [...(names.label ? [names.label] : []), ...names.ints, ...names.cats],
          rowStart: firstRow,
          rowEnd,
          compressors,
          onChunk: ({ columnName, columnData }) => {
            const chunks = data.get(columnName) ?? [];
            chunks.push(columnData);
            data.set(columnName, chunks);
          },
        }),
    );
    const column = (name: string) => {
      const chunks = data.get(name) ?? [];
      const cells = chunks.length === 1 ? chunks[0]! : chunks.flatMap((chunk) => Array.from(chunk));
      if (cells.length !== rows) {
        const reason = `Cannot read column ${name} as it has ${cells.length} of ${rows} rows`;
        throw new DataFormatError({ file, line: firstRow + 1 }, reason);
      }
      return (row: number): unknown => cells[row];
    };
    const columns = {
      label: names.label === undefined ? undefined : column(names.label),
      ints: names.ints.map(column),
      cats: names.cats.map(column),
    };
    readCells(columns, { rows, firstRow, file }, filler, bad);
    firstRow = rowEnd;
  }
  filler.flush();
  refuseEmpty(file, filler.rows, bad.count);
  return { rows: filler.rows, labelled: names.label !== undefined, bad };
}

const MAX_GROUP_ROWS = 2 ** 24;
const MAX_GROUP_BYTES = 2 ** 31 - 1;

/** Reads the bytes of a row group at once, checks its pages, and serves slices of them by their place in the file. */
async function loadGroup(source: RandomAccess, group: FileMetaData["row_groups"][number]): Promise<AsyncBuffer> {
  const rows = Number(group.num_rows);
  if (!(rows >= 0 && rows <= MAX_GROUP_ROWS)) {
    throw new Error(`a row group has ${rows} rows; want at most ${MAX_GROUP_ROWS}`);
  }
  const ranges = group.columns.map(({ meta_data }) => {
    if (!meta_data) throw new Error("a column has no metadata");
    const start = Number(meta_data.dictionary_page_offset ?? meta_data.data_page_offset);
    const end = start + Number(meta_data.total_compressed_size);
    if (!(start >= 4 && start <= end && end <= source.byteLength && Number(meta_data.num_values) === rows)) {
      throw new Error(`a column of ${meta_data.num_values} values lies at bytes ${start}..${end}`);
    }
    return { start, end };
  });
  const from = ranges.reduce((low, { start }) => Math.min(low, start), source.byteLength);
  const to = ranges.reduce((high, { end }) => Math.max(high, end), from);
  if (to - from > MAX_GROUP_BYTES) {
    throw new Error(`a row group has ${to - from} bytes; want at most ${MAX_GROUP_BYTES}`);
  }
  const bytes = await source.slice(from, to);
  for (const { start, end } of ranges) checkPages(new Uint8Array(bytes, start - from, end - start), rows);
  return {
    byteLength: source.byteLength,
    slice: (start, end = source.byteLength) => {
      if (start < from || end > to) throw new Error(`bytes ${start}..${end} lie outside of the row group`);
      return bytes.slice(start - from, end - from);
    },
  };
}

interface ColumnNames {
  label: string | undefined;
  ints: string[];
  cats: string[];
}

function columnNames(metadata: FileMetaData, file: string, labels: string): ColumnNames {
  const present = metadata.schema.slice(1).filter((element) => !element.num_children).map((element) => element.name);
  const byName = new Map(present.map((name) => [name.toLowerCase(), name]));
  const find = (name: string): string | undefined => byName.get(name.toLowerCase());
  const features = [...DENSE_NAMES, ...CATEGORY_NAMES];
  let found = features.map(find), label = find("label");
  if (found.some((name) => name === undefined)) {
    const offset = present.length - features.length;
    if (offset !== 0 && offset !== 1) {
      const lacking = features[found.indexOf(undefined)];
      const reason = `Cannot read the Parquet file as it has ${present.length} columns and none named ${lacking}`;
      throw new DataFormatError({ file }, `${reason}; want label, I1..I13, C1..C26, or 40 columns in this order`);
    }
    found = present.slice(offset);
    label = offset === 1 ? present[0] : undefined;
  }
  if (labels === "absent") label = undefined;
  if (labels === "required" && label === undefined) {
    throw new DataFormatError({ file }, `Cannot read the Parquet file as it has no column "label"`);
  }
  const columns = found as string[];
  return { label, ints: columns.slice(0, DENSE_FEATURES), cats: columns.slice(DENSE_FEATURES) };
}
