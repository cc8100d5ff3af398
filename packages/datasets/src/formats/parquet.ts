import { type AsyncBuffer, type FileMetaData, parquetMetadataAsync, parquetRead } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { DataFormatError } from "../errors.ts";
import { CATEGORY_NAMES, DENSE_FEATURES, DENSE_NAMES } from "../layout.ts";
import { BadRows } from "./bad_rows.ts";
import { readCells } from "./cells.ts";
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
  const buffer: AsyncBuffer = source;
  const metadata = await guard("read the Parquet file", () => parquetMetadataAsync(buffer));
  const names = columnNames(metadata, file, labels);
  const bad = new BadRows(options.onBadRow);
  const filler = new BlockFiller(options.blockRows ?? BLOCK_ROWS, sink);
  let firstRow = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    const rowEnd = firstRow + rows;
    const data = new Map<string, ArrayLike<unknown>[]>();
    await guard(
      `read rows from ${firstRow + 1} on`,
      () =>
        parquetRead({
          file: buffer,
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
