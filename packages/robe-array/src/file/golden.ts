/**
 * The golden vector of a file: starts and signs of some rows, by which a reader knows that it hashes as the writer did.
 *
 * @module
 */
import { blockStart, type RobeLayout, rowShape, rowSigns, type TableHash, tableHash } from "../layout.ts";
import type { RobeTableData } from "./model_data.ts";

/** Entries of a golden vector. */
export const GOLDEN_ENTRIES = 16;

/** Where a row lies. */
export interface GoldenEntry {
  /** Position of the table in the file. */
  readonly table: number;
  readonly id: number;
  /** Block of the row. */
  readonly block: number;
  /** Start of that block. */
  readonly start: number;
  /** Bit i: whether element i of the row is negated, for the first 32. */
  readonly signs: number;
}

type Place = Pick<RobeTableData, "index" | "numEmbeddings" | "dim">;

/** Tables by their hash; a file without tables has the rows of a stand-in. */
function places(layout: RobeLayout, tables: readonly Place[]): { table: Place; hash: TableHash }[] {
  const all = tables.length > 0 ? tables : [{ index: 0, numEmbeddings: 2 ** 32, dim: layout.blockSize }];
  let idsBefore = 0;
  return all.map((table) => {
    const hash = tableHash(layout, table.index, idsBefore);
    idsBefore += table.numEmbeddings;
    return { table, hash };
  });
}

function entry(layout: RobeLayout, place: { table: Place; hash: TableHash }, id: number, block: number) {
  const { table: { dim }, hash } = place;
  const signs = rowSigns(layout, hash, dim, id, Math.min(32, dim));
  return {
    start: blockStart(layout, hash, rowShape(layout, dim), id, block),
    signs: signs.reduce((bits, sign, i) => sign < 0 ? bits + 2 ** i : bits, 0),
  };
}

/** The golden vector: tables and blocks in turn, ids from the first to the last of a table. */
export function goldenVector(layout: RobeLayout, tables: readonly Place[]): GoldenEntry[] {
  const all = places(layout, tables);
  return Array.from({ length: GOLDEN_ENTRIES }, (_, i) => {
    const table = all.length <= GOLDEN_ENTRIES ? i % all.length : Math.floor(i * all.length / GOLDEN_ENTRIES);
    const { numEmbeddings, dim } = all[table]!.table;
    const id = Math.floor((Math.min(numEmbeddings, 2 ** 32) - 1) * i / (GOLDEN_ENTRIES - 1));
    const block = i % rowShape(layout, dim).blocks;
    return { table, id, block, ...entry(layout, all[table]!, id, block) };
  });
}

/** Says what a golden vector has wrong; `undefined` where this build hashes alike. */
export function goldenFault(layout: RobeLayout, tables: readonly Place[], golden: unknown): string | undefined {
  if (!Array.isArray(golden) || golden.length !== GOLDEN_ENTRIES) {
    return `its golden vector has ${Array.isArray(golden) ? golden.length : "no"} entries: want ${GOLDEN_ENTRIES}`;
  }
  const all = places(layout, tables);
  for (const [i, met] of (golden as (Partial<GoldenEntry> | null)[]).entries()) {
    const { table = -1, id = -1, block = -1 } = met ?? {};
    const whole = [table, id, block].every((value) => Number.isInteger(value) && value >= 0);
    const place = whole ? all[table] : undefined;
    if (!place || id >= 2 ** 32 || block >= rowShape(layout, place.table.dim).blocks) {
      return `entry ${i} of its golden vector is of no row: ${JSON.stringify(met)}`;
    }
    const want = entry(layout, place, id, block);
    for (const key of ["start", "signs"] as const) {
      if (met![key] === want[key]) continue;
      return `its golden vector has ${key} ${
        JSON.stringify(met![key])
      } for block ${block} of id ${id} in table ${table}: ` +
        `this build has ${want[key]}`;
    }
  }
  return undefined;
}
