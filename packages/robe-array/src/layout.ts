/**
 * Where the elements of a row lie in the shared array: the arithmetic of ROBE-Z (arXiv 2108.02191, section 3) for one
 * array and all its tables, as plain numbers. Kernels and the float64 reference both follow this file.
 *
 * @module
 */
import { ConfigError } from "./errors.ts";
import { affine, type AffineHash, m31, reference, tableConstant } from "./hash/affine.ts";
import { blockHash, rowHash, signWord, tableConstants } from "./hash/mix32.ts";

/**
 * How block starts are hashed: `"mix32"` (default; fastest), `"m31"` (Eq. 2 with P = 2^31 - 1, 2-universal), or the
 * layouts of the authors' code, `"ref1"` (2021) and `"ref2"` (2022-23).
 */
export type RobeHash = "mix32" | "m31" | "ref1" | "ref2";

/** The shape of a ROBE array. */
export interface RobeLayoutOptions {
  /** M: elements of the array, a multiple of `align`. */
  readonly size: number;
  /** Z: neighbouring elements of a row that stay neighbours. Default 32. */
  readonly blockSize?: number;
  /** Starts of blocks are multiples of this: 1, 4 or 8. Default 4; 1 with `ref1` and `ref2`. */
  readonly align?: 1 | 4 | 8;
  /** Whether each element has a hashed sign. Default true; the authors' layouts have none. */
  readonly sign?: boolean;
  /** Default `"mix32"`. */
  readonly hash?: RobeHash;
  /** u32. Default 1024. */
  readonly seed?: number;
}

/** A checked layout. */
export interface RobeLayout extends Required<RobeLayoutOptions> {
  /** Start of a block = `align * (hash mod modulus)`. */
  readonly modulus: number;
  /** Coefficients of the hashes other than `mix32`; signs have their own in `m31`. */
  readonly affine: { readonly starts: AffineHash; readonly signs: AffineHash | undefined } | undefined;
}

/** Hash constants of one table. */
export interface TableHash {
  /** `mix32`: odd multiplier. Others: what of the starts' hash does not depend on id and block. */
  readonly a: number;
  /** `mix32`: summand. `m31`: what of the signs' hash does not depend on id and element. */
  readonly b: number;
}

/** Blocks of a row, or where Z > dim rows of a block. */
export interface RowShape {
  /** Blocks per row; the last may be short. */
  readonly blocks: number;
  /** Rows that share a block; 1 unless Z >= 2 dim, and in the authors' layouts, whose blocks never leave a row. */
  readonly rowsPerBlock: number;
}

/** Largest array: byte addresses of f32 in 32 bits. */
const MAX_SIZE = 2 ** 30;

/**
 * Checks and completes the shape of an array.
 *
 * @throws {ConfigError} naming the option, its value and what is wanted
 */
export function robeLayout(options: RobeLayoutOptions): RobeLayout {
  const { size, blockSize = 32, hash = "mix32", seed = 1024 } = options;
  const authors = hash === "ref1" || hash === "ref2";
  const { align = authors ? 1 : 4, sign = !authors } = options;
  if (!["mix32", "m31", "ref1", "ref2"].includes(hash)) {
    throw new ConfigError(`Cannot lay out a ROBE array with hash "${hash}": want mix32, m31, ref1 or ref2`);
  }
  checkInteger("seed", seed, 0, 2 ** 32 - 1);
  checkInteger("size", size, 1, MAX_SIZE);
  checkInteger("blockSize", blockSize, 1, size);
  if (align !== 1 && align !== 4 && align !== 8) {
    throw new ConfigError(`Cannot lay out a ROBE array with align ${align}: want 1, 4 or 8`);
  }
  if (size % align !== 0) {
    throw new ConfigError(
      `Cannot lay out a ROBE array of ${size} elements with align ${align}: want a multiple of ${align}`,
    );
  }
  if (blockSize % align !== 0) {
    throw new ConfigError(
      `Cannot lay out a ROBE array with blockSize ${blockSize} and align ${align}: want blockSize a multiple of align`,
    );
  }
  if (authors && (align !== 1 || sign)) {
    throw new ConfigError(
      `Cannot lay out a ROBE array with hash ${hash}, align ${align} and sign ${sign}: want align 1 and sign false, as the authors' code has them`,
    );
  }
  const modulus = hash === "ref1" ? size - blockSize + 1 : hash === "ref2" ? size - blockSize : size / align;
  if (modulus < 1) {
    throw new ConfigError(
      `Cannot lay out a ROBE array of ${size} elements with blockSize ${blockSize} and hash ${hash}: want more elements than a block`,
    );
  }
  return { size, blockSize, align, sign, hash, seed, modulus, affine: affineOf(hash, seed) };
}

function affineOf(hash: RobeHash, seed: number): RobeLayout["affine"] {
  if (hash === "mix32") return undefined;
  return hash === "m31" ? m31(seed) : { starts: reference(hash, seed), signs: undefined };
}

/** Constants of table number `table`, whose ids follow `idsBefore` ids of other tables (`ref1` and `ref2` count on). */
export function tableHash(layout: RobeLayout, table: number, idsBefore: number): TableHash {
  if (!layout.affine) {
    const [a, b] = tableConstants(layout.seed, table);
    return { a, b };
  }
  const { starts, signs } = layout.affine;
  const authors = layout.hash === "ref1" || layout.hash === "ref2";
  return {
    a: tableConstant(starts, table, authors ? idsBefore : 0),
    b: signs ? tableConstant(signs, table, 0) : 0,
  };
}

/** How rows of `dim` elements are cut. */
export function rowShape({ blockSize, hash }: RobeLayout, dim: number): RowShape {
  const authors = hash === "ref1" || hash === "ref2";
  return {
    blocks: Math.ceil(dim / blockSize),
    rowsPerBlock: authors ? 1 : Math.max(1, Math.floor(blockSize / dim)),
  };
}

/** Start of block `k` of row `id`; with Z > dim, of the block that several rows share. */
export function blockStart(layout: RobeLayout, table: TableHash, shape: RowShape, id: number, k: number): number {
  const x = Math.floor(id / shape.rowsPerBlock);
  const hash = layout.affine ? affine(layout.affine.starts, x, k, table.a) : blockHash(rowHash(x, table.a, table.b), k);
  return layout.align * (hash % layout.modulus);
}

/** Slots of the elements of row `id`, in order. */
export function rowSlots(layout: RobeLayout, table: TableHash, dim: number, id: number): number[] {
  const shape = rowShape(layout, dim), { blockSize, size } = layout;
  const inBlock = id % shape.rowsPerBlock * dim;
  const starts = Array.from({ length: shape.blocks }, (_, k) => blockStart(layout, table, shape, id, k));
  return Array.from(
    { length: dim },
    (_, i) => (starts[Math.floor(i / blockSize)]! + inBlock + i % blockSize) % size,
  );
}

/** Signs of the first `count` elements of row `id` (default: of all): 1 or -1. */
export function rowSigns(layout: RobeLayout, table: TableHash, dim: number, id: number, count: number = dim): number[] {
  const shape = rowShape(layout, dim);
  const x = Math.floor(id / shape.rowsPerBlock), inBlock = id % shape.rowsPerBlock * dim;
  return Array.from({ length: count }, (_, i) => layout.sign && isNegated(layout, table, x, inBlock + i) ? -1 : 1);
}

/** Whether element `i` of row (or shared block) `x` is negated. */
function isNegated(layout: RobeLayout, table: TableHash, x: number, i: number): boolean {
  if (layout.affine) return affine(layout.affine.signs!, x, i, table.b) % 2 === 0;
  return (signWord(rowHash(x, table.a, table.b), i >>> 5) >>> (i & 31) & 1) === 1;
}

function checkInteger(what: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new ConfigError(
      `Cannot lay out a ROBE array with ${what} ${value}: want a whole number from ${low} to ${high}`,
    );
  }
}
