/** Parquet files for tests. @module */
import { readFile } from "node:fs/promises";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import type { TestRow } from "../../_test_rows.ts";
import { CATEGORY_NAMES, DENSE_NAMES } from "../../layout.ts";

/** A column as the writer takes it. */
export interface TestColumn {
  name: string;
  data: unknown[];
  type: "INT32" | "STRING" | "INT64";
  nullable: boolean;
  encoding?: string;
}

/** Codecs that the writer is given. */
export type TestCodec = "SNAPPY" | "UNCOMPRESSED" | "GZIP" | "ZSTD";

/** The columns of rows, categories as hex strings or integers. */
export function columnsOf(rows: readonly TestRow[], cats: "hex" | "int"): TestColumn[] {
  const value = (x: number | undefined) =>
    x === undefined ? null : cats === "hex" ? x.toString(16).padStart(8, "0") : BigInt(x);
  return [
    { name: "label", data: rows.map((row) => row.label), type: "INT32", nullable: false },
    ...DENSE_NAMES.map((name, i): TestColumn => (
      { name, data: rows.map((row) => row.ints[i] ?? null), type: "INT32", nullable: true }
    )),
    ...CATEGORY_NAMES.map((name, i): TestColumn => (
      {
        name,
        data: rows.map((row) => value(row.cats[i])),
        type: cats === "hex" ? "STRING" : "INT64",
        nullable: true,
      }
    )),
  ];
}

/** Writes columns in groups of `groupRows` rows. */
export function writeParquet(columnData: TestColumn[], codec: TestCodec = "SNAPPY", groupRows = 10): ArrayBuffer {
  const compressors = {
    GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)),
    ZSTD: (bytes: Uint8Array) => new Uint8Array(zstdCompressSync(bytes)),
  };
  // deno-lint-ignore no-explicit-any -- the writer's column type is narrower than what it takes
  return parquetWriteBuffer({ columnData: columnData as any, codec, compressors, rowGroupSize: [groupRows] });
}

/** Files in `testdata/` of rows `plainRow(0..11)`, written by pyarrow 26.0.1 in row groups of 7. */
export const PYARROW_FILES: readonly string[] = [
  "pyarrow_dictionary_gzip", // pages of version 2; categories int64, integers double, label boolean
  "pyarrow_plain_lz4", // pages with statistics; categories uint32, integers int64, label int8
  "pyarrow_delta_zstd", // pages of version 2; categories string, integers int32, label int32
  "pyarrow_front_coded_snappy", // categories string, integers int64, label boolean
].map((name) => `${name}.parquet`);

/** The bytes of a file in `testdata/`. */
export async function testFile(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(new URL(`../../../testdata/${name}`, import.meta.url)));
}

/** A field of a Thrift struct: an integer, bytes, a boolean, a struct, or a list of integers, of bytes or of structs. */
export type ThriftField = number | boolean | Uint8Array | { [field: number]: ThriftField } | ThriftField[];

/** Encodes a struct in Thrift's compact protocol. */
export function thrift(struct: { [field: number]: ThriftField }): number[] {
  const bytes: number[] = [];
  let before = 0;
  for (const [key, value] of Object.entries(struct)) {
    bytes.push((Number(key) - before) << 4 | typeOf(value), ...(typeof value === "boolean" ? [] : encode(value)));
    before = Number(key);
  }
  return [...bytes, 0];
}

function typeOf(value: ThriftField): number {
  if (typeof value === "boolean") return value ? 1 : 2;
  return typeof value === "number" ? 6 : value instanceof Uint8Array ? 8 : Array.isArray(value) ? 9 : 12;
}

function encode(value: ThriftField): number[] {
  if (typeof value === "number") return varint(value < 0 ? -2 * value - 1 : 2 * value);
  if (value instanceof Uint8Array) return [...varint(value.length), ...value];
  if (Array.isArray(value)) return [0xf0 | typeOf(value[0] ?? 0), ...varint(value.length), ...value.flatMap(encode)];
  return thrift(value as { [field: number]: ThriftField });
}

/** Encodes an integer in groups of seven bits. */
export function varint(value: number): number[] {
  return value < 128 ? [value] : [value % 128 | 128, ...varint(Math.floor(value / 128))];
}

/** A file whose 40 required columns all have the same pages. */
export function craftedFile(
  { rows, pages, codec = 0, type = 1, optional = false }: {
    rows: number;
    pages: { header: { [field: number]: ThriftField }; body: readonly number[] }[];
    codec?: number;
    type?: number;
    optional?: boolean;
  },
): ArrayBuffer {
  const names = ["label", ...DENSE_NAMES, ...CATEGORY_NAMES].map((name) => new TextEncoder().encode(name));
  const chunk = pages.flatMap(({ header, body }) => [...thrift(header), ...body]);
  const schema = names.map((name) => ({ 1: type, 3: optional ? 1 : 0, 4: name }));
  const columns = names.map((name, i) => ({
    3: { 3: [name], 4: codec, 7: chunk.length, 9: 4 + i * chunk.length },
  }));
  const footer = thrift({ 2: [{ 4: new Uint8Array(1), 5: names.length }, ...schema], 4: [{ 1: columns, 3: rows }] });
  const length = new Uint8Array(new Uint32Array([footer.length]).buffer);
  const magic = [...new TextEncoder().encode("PAR1")];
  return Uint8Array.from([...magic, ...names.flatMap(() => chunk), ...footer, ...length, ...magic]).buffer;
}
