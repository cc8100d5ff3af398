/**
 * What callers may choose, checked and completed.
 *
 * @module
 */
import { type Bound, boundOfRange } from "./chunk/unit.ts";
import { type Link, type Mode, MODES } from "./chunk/mode.ts";
import { dtypeName } from "./dtype.ts";
import { CodecError } from "./errors.ts";
import { type BoundKind, MAX_CHUNK_ELEMENTS, MAX_CHUNK_ROWS } from "./format/header.ts";
import type { KernelChoice } from "./kernels/choose.ts";
import type { DtypeId } from "./kernels/kernels.ts";

/**
 * How far a value may be off:
 *
 * - `abs`: |x - x^| <= abs, in the unit of the values.
 * - `rel`: |x - x^| <= rel (max - min), over the finite values of the array.
 * - `pwRel`: |x - x^| <= pwRel |x|, for each value. It is rounded down to a power of two.
 * - `"lossless"`: not at all, down to the bits of NaN and -0.
 *
 * NaN, infinities, and values that cannot be kept within the bound, are stored as they are. A bound of 0 is lossless.
 */
export type ErrorBound =
  | { readonly abs: number }
  | { readonly rel: number }
  | { readonly pwRel: number }
  | "lossless";

/** How to compress. */
export interface CompressOptions {
  /** How far values may be off. */
  readonly bound: ErrorBound;
  /** Elements per row, 1 to 2^24: what repeats as a whole, and what `decodeRows` reads. Default 64; no more than there are. */
  readonly rowLength?: number;
  /** How to store. Default `"auto"`. */
  readonly mode?: Mode;
  /** Rows per chunk, 1 to 65,536, with at most 2^24 elements. Default: 2^17 elements, but 32 rows or more. */
  readonly chunkRows?: number;
  /** Whether chunks carry checksums. Default true. */
  readonly checksum?: boolean;
  /** Elements along each axis, 1 to 8 of them, for the reader's information. Default: the number of elements. */
  readonly shape?: readonly number[];
  /** For `mode: "auto"`: choose by time over a link instead of by size. */
  readonly link?: Link;
  /** Which kernels run; the bytes are the same. Default `"auto"`. */
  readonly kernels?: KernelChoice;
}

/** Options that were checked. */
export interface Plan {
  /** Kind of the bound asked for. */
  readonly boundKind: BoundKind;
  /** The bound asked for; 0 for lossless. */
  readonly requestedBound: number;
  /** Elements per row. */
  readonly rowLength: number;
  /** Rows per chunk. */
  readonly chunkRows: number;
  /** How to store. */
  readonly mode: Mode;
  /** What speed matters, if it does. */
  readonly link: Link | undefined;
  /** Whether chunks carry checksums. */
  readonly checksum: boolean;
  /** Which kernels run. */
  readonly kernels: KernelChoice;
}

/**
 * Checks and completes options.
 *
 * @param elements How many there are; Infinity if not known.
 * @throws {CodecError} `BOUND`
 * @throws {RangeError} Another option cannot be used
 */
export function planOf(options: CompressOptions, elements: number): Plan {
  const { mode = "auto", checksum = true, link, kernels = "auto" } = options;
  const { kind, value } = boundOf(options.bound);
  if (!Object.hasOwn(MODES, mode)) {
    throw new RangeError(
      `Cannot compress with mode ${JSON.stringify(mode)}: want one of ${Object.keys(MODES).join(", ")}`,
    );
  }
  checkWhole("rowLength", options.rowLength ?? 64, MAX_CHUNK_ELEMENTS);
  const rowLength = Math.min(options.rowLength ?? 64, Math.max(1, elements));
  const most = Math.min(MAX_CHUNK_ROWS, Math.floor(MAX_CHUNK_ELEMENTS / rowLength));
  const chunkRows = options.chunkRows ?? Math.min(most, Math.max(32, Math.ceil(2 ** 17 / rowLength)));
  checkWhole("chunkRows", chunkRows, most);
  if (link !== undefined) checkLink(link);
  return { boundKind: kind, requestedBound: value, rowLength, chunkRows, mode, link, checksum, kernels };
}

function boundOf(bound: ErrorBound | undefined): { kind: BoundKind; value: number } {
  if (bound === "lossless") return { kind: "lossless", value: 0 };
  const given = Object.entries(bound ?? {}).filter(([kind, value]) =>
    value !== undefined && (kind === "abs" || kind === "rel" || kind === "pwRel")
  );
  const [kind, value] = given[0] ?? [];
  if (given.length !== 1) {
    throw new CodecError(
      "BOUND",
      `Cannot compress with bound ${JSON.stringify(bound)}: want { abs }, { rel }, { pwRel } or "lossless"`,
    );
  }
  if (typeof value !== "number" || !(value >= 0 && value < Infinity)) {
    throw new CodecError("BOUND", `Cannot compress with bound { ${kind}: ${value} }: want a finite number, 0 or more`);
  }
  return value === 0 ? { kind: "lossless", value: 0 } : { kind: kind as BoundKind, value };
}

function checkWhole(name: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new RangeError(`Cannot compress with ${name} ${value}: want a whole number from 1 to ${most}`);
  }
}

function checkLink({ gigabytesPerSecond, throughput }: Link): void {
  const figures = Object.values(throughput ?? {}).flatMap(({ encode, decode }) => [encode, decode]);
  for (const figure of [gigabytesPerSecond, ...figures]) {
    if (!(figure > 0)) throw new RangeError(`Cannot choose by a link with ${figure} GB/s: want a number above 0`);
  }
}

/**
 * The bound on each value's absolute error that a plan comes to.
 *
 * @param least Least finite value; of `rel` alone.
 * @param greatest Greatest finite value.
 */
export function chunkBound({ boundKind, requestedBound }: Plan, least: number, greatest: number): Bound {
  if (boundKind === "rel") return boundOfRange(requestedBound, least, greatest);
  return { kind: boundKind, error: requestedBound };
}

/**
 * Checks a shape.
 *
 * @throws {RangeError} It is none of so many elements
 */
export function shapeOf({ shape }: CompressOptions, elements: number, dtype: DtypeId): readonly number[] {
  if (shape === undefined) return [elements];
  const product = shape.reduce((product, size) => product * size, 1);
  const whole = shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!whole || shape.length < 1 || shape.length > 8 || product !== elements) {
    throw new RangeError(
      `Cannot compress ${elements} elements of ${dtypeName(dtype)} with shape [${
        shape.join(", ")
      }]: want 1 to 8 axes and as many elements`,
    );
  }
  return shape;
}
