/**
 * Compresses and restores blocks of patterns, and judges them.
 *
 * @module
 */
import { type ChunkInfo, compress, decompress, type ErrorBound, inspect } from "@pocketrec/lossy-codec";
import { judge } from "../../../packages/lossy-codec/src/_test_bound.ts";
import { BLOCK, fillBlock, type Selection } from "./patterns.ts";

/** Patterns of each block that both kernels compress and restore. */
export const COMPARED: number = BLOCK / 64;

/** What values came to. */
export interface Tally {
  /** How many. */
  values: number;
  /** Restored from codes. */
  coded: number;
  /** In chunks of a single code, which is mostly 0. */
  constant: number;
  /** Stored as they are. */
  raw: number;
  /** Not within the bound, or not the same where they have to be. */
  violations: number;
  /** The first of them: pattern and restored pattern. */
  first: readonly [number, number] | undefined;
  /** The greatest error for an absolute bound. */
  greatestError: number;
  /** Values compressed and restored by both kernels. */
  compared: number;
  /** Stretches whose bytes or restored values the kernels do not agree on. */
  kernelsDiffer: number;
  /** Time taken, in seconds. */
  seconds: number;
}

/** A tally of nothing. */
export function emptyTally(): Tally {
  return {
    values: 0,
    coded: 0,
    constant: 0,
    raw: 0,
    violations: 0,
    first: undefined,
    greatestError: 0,
    compared: 0,
    kernelsDiffer: 0,
    seconds: 0,
  };
}

/** Adds a tally to another. */
export function addTally(sum: Tally, more: Tally): void {
  sum.first ??= more.first;
  sum.greatestError = Math.max(sum.greatestError, more.greatestError);
  const counts = ["values", "coded", "constant", "raw", "violations", "compared", "kernelsDiffer", "seconds"] as const;
  for (const key of counts) sum[key] += more[key];
}

const patterns = new Uint32Array(BLOCK), x = new Float32Array(patterns.buffer), restored = new Float32Array(BLOCK);
const ROW = 64;

/** Checks one block. */
export function checkBlock(bound: ErrorBound, selection: Selection, block: number): Tally {
  const begin = performance.now(), tally = emptyTally();
  fillBlock(selection, block, patterns);
  const file = compress(x, { bound, rowLength: ROW });
  decompress(file, { out: restored });
  for (const chunk of inspect(file).chunks) count(tally, chunk);
  const { violations, first, greatestError } = judge(x, restored, bound);
  Object.assign(tally, { violations, greatestError });
  if (violations > 0) tally.first = [patterns[first]!, new Uint32Array(restored.buffer)[first]!];
  // 37 and 64 have no common factor: all parts of blocks have their turn.
  const from = block * 37 % 64 * COMPARED;
  compareKernels(tally, bound, x.subarray(from, from + COMPARED), restored.subarray(0, COMPARED));
  tally.seconds = (performance.now() - begin) / 1000;
  return tally;
}

function count(tally: Tally, { rows, uniqueRows, escapedRows, mode }: ChunkInfo): void {
  // Rows of different patterns are different: of those that escaped, none stands for several.
  const kind = mode === "const" ? "constant" : mode.endsWith("raw") ? "raw" : "coded";
  tally.values += rows * ROW;
  if (kind === "raw" && uniqueRows !== rows) throw new Error(`${mode} with ${uniqueRows} of ${rows} rows`);
  tally[kind] += (rows - escapedRows) * ROW;
  tally.raw += escapedRows * ROW;
}

function compareKernels(tally: Tally, bound: ErrorBound, part: Float32Array, out: Float32Array<ArrayBuffer>): void {
  const [file, plain] = (["auto", "plain"] as const).map((kernels) =>
    compress(part, { bound, rowLength: ROW, kernels })
  );
  tally.compared += part.length;
  let same = equal(file!, plain!);
  if (same) {
    decompress(file!, { out });
    const other = decompress(file!, { kernels: "plain" }), size = other.byteLength;
    same = equal(
      new Uint8Array(out.buffer, out.byteOffset, size),
      new Uint8Array(other.buffer, other.byteOffset, size),
    );
  }
  if (!same) tally.kernelsDiffer++;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
