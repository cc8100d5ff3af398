/**
 * Tables that one dispatch serves: their hash constants and bounds as kernels read them.
 *
 * @module
 */
import type { Device, Tensor } from "@pocketrec/compute";
import { type RobeLayout, type TableHash, tableHash } from "./layout.ts";

/** u32 words of a table's record on the device. */
export const TABLE_WORDS = 8;

/** One table of a set. */
export interface RobeTableSpec {
  /** Index that enters the hash. Default: the position in the list. */
  readonly index?: number;
  /** Ids are 0 up to, not including, this; at most 2^32. */
  readonly rows: number;
  /** Id that reads as zeros, gets no gradient and does not count in a mean. */
  readonly paddingIdx?: number | undefined;
  /** Factor of what is looked up and of the gradient. Default 1. */
  readonly scale?: number | undefined;
  /** Ids of the tables before this one, for `ref1` and `ref2`. Default: those of the tables before it in the list. */
  readonly firstId?: number | undefined;
}

/** Tables of equal width in one array. */
export interface RobeTableSet {
  /** Of the array. */
  readonly layout: RobeLayout;
  /** Elements of a row. */
  readonly dim: number;
  /** By position: index in the hash, and ids. */
  readonly specs: readonly Required<Pick<RobeTableSpec, "index" | "rows">>[];
  /** Hash constants by position; see {@linkcode tableHash}. */
  readonly hashes: readonly TableHash[];
  /**
   * u32 `[tables, 8]`: hash constants a and b, last id, whether there is a padding id, padding id, bits of the scale, two
   * zeros.
   */
  readonly records: Tensor;
  /** Whether some table has a padding id. */
  readonly padded: boolean;
  /** Whether some table has a scale other than 1. */
  readonly scaled: boolean;
}

/** Puts the records of tables on the device. `ref1` and `ref2` number ids through all tables in this order. */
export function robeTableSet(
  device: Device,
  layout: RobeLayout,
  dim: number,
  tables: readonly RobeTableSpec[],
): RobeTableSet {
  const words = new Uint32Array(tables.length * TABLE_WORDS), floats = new Float32Array(words.buffer);
  let idsBefore = 0;
  const hashes = tables.map(({ index, rows, paddingIdx, scale = 1, firstId }, position) => {
    const hash = tableHash(layout, index ?? position, firstId ?? idsBefore);
    idsBefore += rows;
    words.set([hash.a, hash.b, rows - 1, Number(paddingIdx !== undefined), paddingIdx ?? 0], position * TABLE_WORDS);
    floats[position * TABLE_WORDS + 5] = scale;
    return hash;
  });
  return {
    layout,
    dim,
    specs: tables.map(({ index, rows }, position) => ({ index: index ?? position, rows })),
    hashes,
    records: device.tensor("u32", [tables.length, TABLE_WORDS], { label: "robe tables", data: words }),
    padded: tables.some(({ paddingIdx }) => paddingIdx !== undefined),
    scaled: tables.some(({ scale = 1 }) => scale !== 1),
  };
}
