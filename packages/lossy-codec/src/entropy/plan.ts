/**
 * How a sequence of integers will be coded: statistics first, then tables and size, before anything is encoded.
 *
 * @module
 */
import { groupSymbolsFor } from "../kernels/section.ts";
import { BIT } from "./bit_cost.ts";
import { chooseClasses, classBits } from "./classes.ts";
import { chooseTable, type Coder, SHARED, type Table, tableCost } from "./tables.ts";
import { hybridRawBits } from "./tokens.ts";

/** Integers to be coded: i32 in kernel memory, `rows` rows of `rowLength`. */
export interface Sequence {
  /** Byte offset, a multiple of 16. */
  readonly codes: number;
  /** 1 to 65,536. */
  readonly rows: number;
  /** 1 or more. */
  readonly rowLength: number;
  /** Values are u32, small ones frequent (a row map); otherwise i32, small magnitudes frequent. */
  readonly unsigned: boolean;
  /** Whether all values are below 256 (unsigned), or in -128..127: see {@linkcode isDirect}. */
  readonly direct: boolean;
}

/** What is known of a sequence after one pass. */
export interface Statistics {
  /** What was looked at. */
  readonly sequence: Sequence;
  /** Bucket of each row by its scale; undefined where rows are not told apart. */
  readonly rowBuckets: Uint8Array<ArrayBuffer> | undefined;
  /** Number of buckets. */
  readonly buckets: number;
  /** Tokens per bucket, 256 each. */
  readonly counts: Uint32Array<ArrayBuffer>;
  /** Of all tokens. */
  readonly rawBits: number;
}

/** Tables that later sequences may refer to instead of describing their own. */
export interface Codebook {
  /** Which tables these are: counts the sequences that brought new ones, modulo 256. */
  readonly generation: number;
  /** What the tables are for. */
  readonly coder: Coder;
  /** The alphabet. */
  readonly direct: boolean;
  /** 1, 2 or 4. */
  readonly tables: readonly Table[];
}

/** A decision on how to code a sequence. */
export interface SequencePlan {
  /** What will be coded. */
  readonly sequence: Sequence;
  /** By what. */
  readonly coder: Coder;
  /** Class of each row, where there is more than one. */
  readonly rowClasses: Uint8Array<ArrayBuffer> | undefined;
  /** 1, 2 or 4. */
  readonly tables: readonly Table[];
  /** Descriptions of the tables. */
  readonly description: readonly number[];
  /** Whether the tables are those of the codebook given. */
  readonly shared: boolean;
  /** Estimated size, within a few bytes per 1000 symbols; the same on every host. */
  readonly bytes: number;
}

/** Whether values from `least` to `greatest` have the direct alphabet. */
export function isDirect(least: number, greatest: number, unsigned: boolean): boolean {
  return unsigned ? greatest < 256 : least >= -128 && greatest <= 127;
}

/** Plans a sequence; with a codebook for the same coder and alphabet, refers to its tables where that is shorter. */
export function planSequence(statistics: Statistics, coder: Coder, codebook?: Codebook): SequencePlan {
  const own = planOwn(statistics, coder);
  const shared = codebook && planShared(statistics, coder, codebook);
  return shared && shared.bytes <= own.bytes ? shared : own;
}

function planOwn(statistics: Statistics, coder: Coder): SequencePlan {
  const { sequence, counts, buckets } = statistics;
  if (coder === "ans" && buckets > 1) {
    const { ofBucket, tables, cost } = chooseClasses(counts, buckets, sequence.rows, sequence.direct);
    return finish(statistics, coder, tables, tables.length === 1 ? undefined : ofBucket, cost);
  }
  const table = chooseTable(coder, allCounts(statistics), 0, sequence.direct);
  return finish(statistics, coder, [table], undefined, table.cost);
}

function planShared(statistics: Statistics, coder: Coder, codebook: Codebook): SequencePlan | undefined {
  const { sequence, counts, buckets } = statistics;
  const { tables } = codebook;
  if (codebook.coder !== coder || codebook.direct !== sequence.direct) return undefined;
  if (tables.length > 1 && statistics.rowBuckets === undefined) return undefined;
  const description = [SHARED, codebook.generation];
  let cost = (16 + sequence.rows * classBits(tables.length)) * BIT;
  if (tables.length === 1) {
    cost += tableCost(coder, allCounts(statistics), 0, tables[0]!);
    return cost < Infinity ? finish(statistics, coder, tables, undefined, cost, description) : undefined;
  }
  const ofBucket = new Uint8Array(buckets);
  for (let b = 0; b < buckets; b++) {
    const costs = tables.map((table) => tableCost(coder, counts, 256 * b, table));
    const least = Math.min(...costs);
    ofBucket[b] = costs.indexOf(least);
    cost += least;
  }
  return cost < Infinity ? finish(statistics, coder, tables, ofBucket, cost, description) : undefined;
}

function allCounts({ counts, buckets }: Statistics): ArrayLike<number> {
  if (buckets === 1) return counts;
  const sum = new Float64Array(256);
  for (let i = 0; i < 256 * buckets; i++) sum[i & 255]! += counts[i]!;
  return sum;
}

function finish(
  { sequence, rowBuckets, rawBits }: Statistics,
  coder: Coder,
  tables: readonly (Table | { readonly table: Table; readonly bytes: readonly number[] })[],
  ofBucket: Uint8Array | undefined,
  cost: number,
  shared?: readonly number[],
): SequencePlan {
  const count = sequence.rows * sequence.rowLength;
  const groups = Math.ceil(count / groupSymbolsFor(sequence.rowLength, count));
  // A group has a byte in the section's header and wastes a byte, of its state or of padding.
  const bits = Math.ceil(cost / BIT) + rawBits;
  const bytes = 4 * Math.ceil((1 + Math.ceil(bits / 8) + 4 + 2 * groups + 3) / 4);
  return {
    sequence,
    coder,
    rowClasses: ofBucket && rowBuckets!.map((b) => ofBucket[b]!),
    tables: tables.map((t) => "table" in t ? t.table : t),
    description: shared ?? tables.flatMap((t) => "table" in t ? t.bytes : []),
    shared: shared !== undefined,
    bytes,
  };
}

/** Raw bits that follow the tokens counted. */
export function totalRawBits(counts: Uint32Array, direct: boolean): number {
  let bits = 0;
  if (!direct) { for (let i = 0; i < counts.length; i++) bits += counts[i]! * hybridRawBits(i & 255); }
  return bits;
}
