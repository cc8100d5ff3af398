import { CompactReader, inner, integer, list, type ThriftShape, type ThriftStruct } from "./thrift.ts";

/** A file that can be read in pieces; a `Blob` wrapped, or a file handle. */
export interface RandomAccess {
  /** Size in bytes. */
  readonly byteLength: number;
  /** Bytes `[start, end)`. */
  slice(start: number, end?: number): ArrayBuffer | Promise<ArrayBuffer>;
}

/** Physical types that can be a cell of Criteo's layout. */
export type PhysicalType = "BOOLEAN" | "INT32" | "INT64" | "FLOAT" | "DOUBLE" | "BYTE_ARRAY";

/** A column of the schema. */
export interface ParquetColumn {
  readonly name: string;
  /** Undefined if its cells cannot be read; `refused` says why. */
  readonly type: PhysicalType | undefined;
  readonly refused: string;
  /** Whether cells may be null. */
  readonly optional: boolean;
  /** Whether integers are unsigned. */
  readonly unsigned: boolean;
}

/** Where the cells of a column lie, for the rows of one group. */
export interface ColumnChunk {
  readonly start: number;
  readonly end: number;
  readonly codec: number;
}

/** Rows that are stored together. */
export interface RowGroup {
  readonly rows: number;
  /** The chunk of a column. @throws {Error} if there is none, or none within the file */
  chunk(column: string): ColumnChunk;
}

/** What a file holds. */
export interface ParquetFooter {
  /** Top-level columns without children, in order. */
  readonly columns: readonly ParquetColumn[];
  readonly groups: readonly RowGroup[];
}

const MAX_FOOTER_BYTES = 2 ** 28;
const MAX_GROUP_ROWS = 2 ** 31 - 1;
const MAGIC = 0x31524150; // "PAR1"
const TYPES = ["BOOLEAN", "INT32", "INT64", "INT96", "FLOAT", "DOUBLE", "BYTE_ARRAY", "FIXED_LEN_BYTE_ARRAY"];
const UTF8 = 0, ENUM = 4, UINT_8 = 11, UINT_64 = 14, INT_64 = 18;
const LOGICAL_STRING = 1, LOGICAL_ENUM = 4, LOGICAL_INTEGER = 10, LOGICAL_NULL = 11;

const logical: ThriftShape = Object.fromEntries(
  Array.from({ length: 32 }, (_, id) => [id, id === LOGICAL_INTEGER ? { 2: true } : {}] as [number, ThriftShape]),
);
const FOOTER: ThriftShape = {
  2: { 1: true, 3: true, 4: true, 5: true, 6: true, 10: logical },
  4: { 1: { 1: true, 3: { 3: true, 4: true, 7: true, 9: true, 11: true } }, 3: true },
};

/** Reads the metadata at the end of a file. @throws {Error} on damage */
export async function readFooter(source: RandomAccess): Promise<ParquetFooter> {
  const size = source.byteLength;
  if (size < 12) throw new Error(`it has ${size} bytes`);
  const tail = new DataView(await source.slice(size - 8, size));
  if (tail.getUint32(4, true) !== MAGIC) throw new Error('it does not end with "PAR1"');
  const length = tail.getUint32(0, true);
  if (length > size - 12 || length > MAX_FOOTER_BYTES) throw new Error(`its metadata claims ${length} bytes`);
  const footer = new CompactReader(new Uint8Array(await source.slice(size - 8 - length, size - 8))).struct(FOOTER);
  const groups = list(footer, 4).map((group) => rowGroup(group as ThriftStruct, size));
  return { columns: topColumns(list(footer, 2) as ThriftStruct[]), groups };
}

function topColumns(schema: readonly ThriftStruct[]): ParquetColumn[] {
  const columns: ParquetColumn[] = [];
  let nested = 0; // elements still to come that lie below a top-level one
  for (const element of schema.slice(1)) {
    const children = integer(element, 5) ?? 0;
    if (nested > 0) nested--;
    else if (children === 0) columns.push(column(element));
    nested += children;
  }
  return columns;
}

function column(element: ThriftStruct): ParquetColumn {
  const type = TYPES[integer(element, 1) ?? -1] ?? "no type";
  const converted = integer(element, 6);
  const kind = [...inner(element, 10)?.keys() ?? []][0];
  const plain = kind === undefined
    ? converted === undefined || converted === UTF8 || converted === ENUM || converted >= UINT_8 && converted <= INT_64
    : [LOGICAL_STRING, LOGICAL_ENUM, LOGICAL_INTEGER, LOGICAL_NULL].includes(kind);
  const repetition = integer(element, 3);
  const refused = type === "no type" || type === "INT96" || type === "FIXED_LEN_BYTE_ARRAY"
    ? `it is of type ${type}`
    : !plain
    ? `it is of type ${type} with the meaning ${kind ?? converted}`
    : repetition !== 0 && repetition !== 1
    ? "it holds lists"
    : "";
  return {
    name: text(element.get(4)),
    type: refused === "" ? type as PhysicalType : undefined,
    refused,
    optional: repetition === 1,
    unsigned: kind === LOGICAL_INTEGER
      ? inner(inner(element, 10), LOGICAL_INTEGER)?.get(2) === false
      : converted !== undefined && converted >= UINT_8 && converted <= UINT_64,
  };
}

function rowGroup(group: ThriftStruct, size: number): RowGroup {
  const rows = integer(group, 3) ?? -1;
  if (!(rows >= 0 && rows <= MAX_GROUP_ROWS)) throw new Error(`a row group claims ${rows} rows`);
  const chunks = new Map<string, ThriftStruct>();
  for (const entry of list(group, 1) as ThriftStruct[]) {
    const path = list(inner(entry, 3), 3);
    if (path.length === 1) chunks.set(text(path[0]), entry);
  }
  return {
    rows,
    chunk(name) {
      const entry = chunks.get(name), meta = inner(entry, 3);
      if (!entry || !meta) throw new Error("a row group lacks it");
      if (entry.has(1)) throw new Error("it lies in another file");
      const data = integer(meta, 9) ?? 0, dictionary = integer(meta, 11) ?? 0;
      const start = dictionary > 0 ? Math.min(dictionary, data) : data;
      const end = start + (integer(meta, 7) ?? -1);
      if (!(start >= 4 && start <= end && end <= size)) {
        throw new Error(`it lies at bytes ${start}..${end} of a file of ${size}`);
      }
      return { start, end, codec: integer(meta, 4) ?? -1 };
    },
  };
}

function text(value: unknown): string {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : "";
}
