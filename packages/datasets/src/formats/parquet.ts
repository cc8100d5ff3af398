import { DataFormatError } from "../errors.ts";
import { CATEGORY_NAMES, DENSE_FEATURES, DENSE_NAMES } from "../layout.ts";
import { readCells } from "./cells.ts";
import { ColumnReader, type MemoryBudget } from "./parquet/column_reader.ts";
import {
  type ColumnChunk,
  type ParquetColumn,
  type ParquetFooter,
  type RandomAccess,
  readFooter,
  type RowGroup,
} from "./parquet/footer.ts";
import { BlockFiller, type BlockSink, type ReaderOptions, type ReaderResult } from "./reader.ts";

export type { RandomAccess } from "./parquet/footer.ts";

/** Rows that are taken from all columns at a time. */
const STEP_ROWS = 2048;
/** Bytes that the unpacked pages of all columns may take together. */
const PAGE_BYTES = 2 ** 30;

/**
 * Reads Criteo rows from Parquet. Columns are found by the names `label, I1..I13, C1..C26` (any case), or taken in that
 * order if there are exactly 40 (39 without label); categories may be hex strings or integers, empty cells are missing
 * values. Pages may be plain, dictionary or delta encoded, and packed with Snappy, gzip, Zstandard or LZ4.
 *
 * The file may be damaged on purpose: memory and time are in proportion to its bytes, whatever it claims.
 *
 * @throws {DataFormatError} on damage, unfit columns or unreadable cells
 */
export async function readParquet(
  source: RandomAccess,
  options: ReaderOptions,
  sink: BlockSink,
): Promise<ReaderResult> {
  const { file, labels = "required" } = options;
  const guard = async <T>(line: number, action: string, work: () => T | Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      const reason = `Cannot ${action} as ${(cause as Error).message.split("\n")[0]}`;
      throw new DataFormatError({ file, line }, reason, { cause });
    }
  };
  const footer = await guard(0, "read the Parquet file", () => readFooter(source));
  const chosen = chooseColumns(footer, file, labels);
  const all = [...(chosen.label ? [chosen.label] : []), ...chosen.ints, ...chosen.cats];
  for (const { name, refused } of all) {
    if (refused !== "") throw new DataFormatError({ file }, `Cannot read column ${name} as ${refused}`);
  }
  const groups = await guard(0, "read the Parquet file", () => checkGroups(footer, all, source.byteLength));

  const filler = new BlockFiller(options, sink);
  const budget: MemoryBudget = { held: PAGE_BYTES, unpacked: 2 ** 26 + 1032 * source.byteLength };
  const cells = all.map(() => new Array<unknown>(STEP_ROWS));
  const views = cells.map((column) => (row: number): unknown => column[row]);
  const features = views.slice(views.length - chosen.ints.length - chosen.cats.length);
  const columns = {
    label: chosen.label === undefined ? undefined : views[0],
    ints: features.slice(0, DENSE_FEATURES),
    cats: features.slice(DENSE_FEATURES),
  };
  let firstRow = 0;
  for (const { rows, chunks } of groups) {
    const readers = all.map((column, c) => new ColumnReader(source, column, chunks[c]!, rows, budget));
    for (let done = 0; done < rows; done += STEP_ROWS) {
      const count = Math.min(STEP_ROWS, rows - done);
      for (const [c, reader] of readers.entries()) {
        await guard(firstRow + 1, `read column ${all[c]!.name}`, () => reader.read(cells[c]!, count));
      }
      readCells(columns, { rows: count, firstRow, file }, filler);
      firstRow += count;
    }
    for (const reader of readers) reader.close();
  }
  return filler.finish(chosen.label !== undefined);
}

/**
 * A few bytes can claim any number of rows (a run), and any number of row groups the same bytes. Nobody's rows are
 * that much alike, so files are held to 64 rows per byte beyond the first million, and chunks to lie side by side.
 */
function checkGroups(
  { groups }: ParquetFooter,
  columns: readonly ParquetColumn[],
  size: number,
): { rows: number; chunks: ColumnChunk[] }[] {
  let rows = 0, bytes = 0;
  const checked = groups.filter((group) => group.rows > 0).map((group: RowGroup) => {
    const chunks = columns.map(({ name }) => {
      try {
        return group.chunk(name);
      } catch (cause) {
        throw new Error(`column ${name} cannot be read: ${(cause as Error).message}`, { cause });
      }
    });
    rows += group.rows;
    bytes += chunks.reduce((sum, { start, end }) => sum + end - start, 0);
    return { rows: group.rows, chunks };
  });
  const limit = 2 ** 20 + 64 * size;
  if (rows > limit) throw new Error(`it claims ${rows} rows in ${size} bytes; want at most ${limit}`);
  if (bytes > size) throw new Error(`its columns claim ${bytes} of its ${size} bytes`);
  return checked;
}

interface ChosenColumns {
  label: ParquetColumn | undefined;
  ints: ParquetColumn[];
  cats: ParquetColumn[];
}

function chooseColumns({ columns }: ParquetFooter, file: string, labels: string): ChosenColumns {
  const byName = new Map(columns.map((column) => [column.name.toLowerCase(), column]));
  const features = [...DENSE_NAMES, ...CATEGORY_NAMES];
  let found = features.map((name) => byName.get(name.toLowerCase())), label = byName.get("label");
  if (found.some((column) => column === undefined)) {
    const offset = columns.length - features.length;
    if (offset !== 0 && offset !== 1) {
      const lacking = features[found.indexOf(undefined)];
      const reason = `Cannot read the Parquet file as it has ${columns.length} columns and none named ${lacking}`;
      throw new DataFormatError({ file }, `${reason}; want label, I1..I13, C1..C26, or 40 columns in this order`);
    }
    found = columns.slice(offset);
    label = offset === 1 ? columns[0] : undefined;
  }
  if (labels === "absent") label = undefined;
  if (labels === "required" && label === undefined) {
    throw new DataFormatError({ file }, `Cannot read the Parquet file as it has no column "label"`);
  }
  const chosen = found as ParquetColumn[];
  return { label, ints: chosen.slice(0, DENSE_FEATURES), cats: chosen.slice(DENSE_FEATURES) };
}
