/**
 * Bytes of arrays added up, by table and in all; and what the totals are held to.
 *
 * @module
 */
import { chooseMode, PUBLISHED_LINK, PUBLISHED_SPEEDS } from "@pocketrec/lossy-codec/dual-level";
import type { ArrayGroup } from "../data/array.ts";
import { add, type Bytes, type Errors, type Measured, type Method } from "./methods.ts";

/** Bytes of one table over all its snapshots and slices. */
export interface TableTotal {
  readonly name: string;
  /** Bytes of the floats. */
  readonly floats: number;
  readonly bytes: Bytes;
}

/** A group of arrays in slices of one length, within one bound. */
export interface Cell {
  readonly group: string;
  readonly kind: ArrayGroup["kind"];
  /** `"all"`: whole arrays. */
  readonly sliceRows: number | "all";
  readonly rel: number;
  /** Bytes of the floats. */
  readonly floats: number;
  readonly bytes: Bytes;
  /** The largest in units of the bound. */
  readonly errors: Errors;
  readonly tables: readonly TableTotal[];
}

/** Adds up a cell. */
export class CellSum {
  readonly #tables = new Map<string, { floats: number; bytes: Bytes }>();
  readonly #errors: Errors = {};

  /** Takes one array. */
  take(table: string, floats: number, { bytes, errors }: Measured): void {
    const own = this.#tables.get(table) ?? { floats: 0, bytes: {} };
    own.floats += floats;
    for (const [method, more] of Object.entries(bytes)) add(own.bytes, method as Method, more);
    this.#tables.set(table, own);
    for (const [key, error] of Object.entries(errors) as [keyof Errors, number][]) {
      this.#errors[key] = Math.max(this.#errors[key] ?? 0, error);
    }
  }

  /** The sums; each table goes by the speed model to one of the paper's encoders, for all its snapshots. */
  finish(head: Pick<Cell, "group" | "kind" | "sliceRows" | "rel">): Cell {
    const tables = [...this.#tables].map(([name, { floats, bytes }]) => ({
      name,
      floats,
      bytes: { ...bytes, hybridByModel: byModel(floats, bytes) },
    }));
    return { ...head, ...total(tables), errors: this.#errors, tables };
  }
}

/** Sums of sums. */
export function total(parts: readonly Pick<Cell, "floats" | "bytes">[]): { floats: number; bytes: Bytes } {
  const bytes: Bytes = {};
  for (const part of parts) {
    for (const [method, more] of Object.entries(part.bytes)) add(bytes, method as Method, more);
  }
  return { floats: parts.reduce((sum, part) => sum + part.floats, 0), bytes };
}

function byModel(floats: number, { vlz, huff }: Bytes): number {
  const ratios = { vlz: floats / vlz!, huff: floats / huff! };
  const { mode } = chooseMode(ratios, { speeds: PUBLISHED_SPEEDS, link: PUBLISHED_LINK });
  return mode === "raw" ? floats : mode === "vlz" ? vlz! : huff!;
}

/** How often the floats are as long as what a way makes of them. */
export function ratio({ floats, bytes }: Pick<Cell, "floats" | "bytes">, method: Method): number | undefined {
  const own = bytes[method];
  return own === undefined ? undefined : floats / own;
}

/** What is asked of ratios of embedding batches. */
export interface Verdict {
  readonly group: string;
  readonly sliceRows: number | "all";
  readonly rel: number;
  /** Our ratio over the hybrid's, messages both; at least 2 is asked for. */
  readonly overHybrid: number;
  /** The same, a file each. */
  readonly overHybridFile: number;
  /** Our ratio over that of zstd -19 on the same codes; at least 1 is asked for. */
  readonly overZstd19?: number;
  /** The same with a file for each slice, against frames of zstd without shape, bound or step. */
  readonly overZstd19File?: number;
  readonly met: boolean;
}

/** Least ratio of ratios that is asked for. */
export const OVER_HYBRID = 2, OVER_ZSTD = 1;

/** Holds the cells of embeddings to what is asked, and their sums by slices and bound. */
export function verdicts(cells: readonly Cell[]): Verdict[] {
  const own = cells.filter(({ kind }) => kind === "embeddings"), sums = new Map<string, Cell[]>();
  for (const cell of own) {
    const what = cell.group.endsWith("gradients") ? "all gradients" : "all look-ups";
    for (const name of [what, "all look-ups and gradients"]) {
      const key = `${name}/${cell.sliceRows}/${cell.rel}`;
      sums.set(key, [...sums.get(key) ?? [], { ...cell, group: name }]);
    }
  }
  const totals = [...sums.values()].map((parts): Cell => ({ ...parts[0]!, ...total(parts) }))
    .sort((a, b) => a.group.localeCompare(b.group) || Number(a.sliceRows) - Number(b.sliceRows) || a.rel - b.rel);
  return [...totals, ...own].map(verdict);
}

function verdict({ group, sliceRows, rel, bytes }: Cell): Verdict {
  const over = (peer: Method, ours: Method) => bytes[peer] === undefined ? undefined : bytes[peer] / bytes[ours]!;
  const overHybrid = over("hybrid", "ours")!, overZstd19 = over("zstd19", "ours"), file = over("zstd19", "oursFile");
  return {
    group,
    sliceRows,
    rel,
    overHybrid,
    overHybridFile: over("hybridFile", "oursFile")!,
    ...(overZstd19 === undefined ? {} : { overZstd19 }),
    ...(file === undefined ? {} : { overZstd19File: file }),
    met: overHybrid >= OVER_HYBRID && (overZstd19 ?? Infinity) >= OVER_ZSTD,
  };
}

/** The way with the fewest bytes that keep the bound, of those that a user would choose between. */
export function winner({ bytes, errors }: Cell): Method {
  const candidates: Method[] = ["ours", "zstd19", "deflate", "zfpEqualError", "sz3", "sz3NoPrediction"];
  const able = candidates.filter((method) =>
    bytes[method] !== undefined && !((errors as Partial<Record<Method, number>>)[method]! > 1)
  );
  return able.reduce((best, method) => bytes[method]! < bytes[best]! ? method : best);
}
