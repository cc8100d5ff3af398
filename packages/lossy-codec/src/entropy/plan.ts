/**
 * How a sequence of integers will be coded: statistics first, then tables and size, before anything is encoded.
 *
 * @module
 */
import { fieldBytes } from "../format/fields.ts";
import { groupSymbolsFor } from "../kernels/section.ts";
import { BIT } from "./bit_cost.ts";
import { classBits } from "./class_bits.ts";
import { chooseClasses, type GroupedCounts } from "./classes.ts";
import { chooseTable, type Coder, SHARED, type Table, tableCost, trimCounts } from "./tables.ts";
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

/** What is known of a sequence before it is planned. */
export interface Statistics extends GroupedCounts {
  /** What was looked at. */
  readonly sequence: Sequence;
  /** Group of each row; undefined if there is one only. */
  readonly rowGroups: Uint8Array<ArrayBuffer> | undefined;
  /** Level of each column; undefined if there is one only. */
  readonly columnLevels: Uint8Array<ArrayBuffer> | undefined;
  /** Tokens. */
  readonly counts: Uint32Array<ArrayBuffer>;
  /** Of all tokens. */
  readonly rawBits: number;
}

/** Which symbols have which table. */
export interface Tables {
  /** One for each class of columns of each class of rows: 1, 2 or 4 times 1, 2 or 4. */
  readonly tables: readonly Table[];
  /** Class of each column; undefined if there is one only. */
  readonly columns: Uint8Array<ArrayBuffer> | undefined;
  /** 1, 2 or 4. */
  readonly columnClasses: number;
}

/** Tables that later sequences may refer to instead of describing their own. */
export interface Codebook extends Tables {
  /** Which tables these are: counts the sequences that brought new ones, modulo 256. */
  readonly generation: number;
  /** What the tables are for. */
  readonly coder: Coder;
  /** The alphabet. */
  readonly direct: boolean;
}

/** A decision on how to code a sequence. */
export interface SequencePlan extends Tables {
  /** What will be coded. */
  readonly sequence: Sequence;
  /** By what. */
  readonly coder: Coder;
  /** Class of each row; undefined if there is one only. */
  readonly rowClasses: Uint8Array<ArrayBuffer> | undefined;
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
  const { sequence: { rows, rowLength, direct }, rowGroups, columnLevels, counts } = statistics;
  const single = chooseTable(coder, trimCounts(sumCounts(counts)), direct);
  if (coder === "ans" && counts.length > 256) {
    const { ofGroup, ofLevel, columnClasses, tables, cost } = chooseClasses(statistics, rows, rowLength, direct);
    // Classes were chosen by an estimate; these are the costs.
    if (cost < single.cost) {
      return finish(statistics, cost, {
        coder,
        tables: tables.map(({ table }) => table),
        rowClasses: tables.length === columnClasses ? undefined : translate(rowGroups!, ofGroup),
        columns: columnClasses === 1 ? undefined : translate(columnLevels!, ofLevel),
        columnClasses,
        description: tables.flatMap(({ bytes }) => bytes),
        shared: false,
      });
    }
  }
  const { table, bytes: description, cost } = single;
  const alone = { rowClasses: undefined, columns: undefined, columnClasses: 1 };
  return finish(statistics, cost, { coder, tables: [table], ...alone, description, shared: false });
}

function planShared(statistics: Statistics, coder: Coder, codebook: Codebook): SequencePlan | undefined {
  const { sequence, rowGroups, columnLevels, groups, levels, counts } = statistics;
  const { tables, columns, columnClasses } = codebook;
  if (codebook.coder !== coder || codebook.direct !== sequence.direct) return undefined;
  if (columns !== undefined && columns !== columnLevels) return undefined;
  const rowClasses = tables.length / columnClasses;
  const ofGroup = new Uint8Array(groups);
  let cost = (16 + sequence.rows * classBits(rowClasses)) * BIT;
  const perClass = levels / columnClasses;
  for (let g = 0; g < groups; g++) {
    const byColumn = Array.from({ length: columnClasses }, (_, c) => {
      return sumCounts(counts.subarray(256 * (g * levels + c * perClass), 256 * (g * levels + (c + 1) * perClass)));
    });
    let least = Infinity;
    for (let r = 0; r < rowClasses; r++) {
      const ofClass = byColumn.reduce((sum, n, c) => sum + tableCost(coder, n, tables[r * columnClasses + c]!), 0);
      if (ofClass < least) least = ofClass, ofGroup[g] = r;
    }
    cost += least;
  }
  if (cost === Infinity) return undefined;
  const all = rowGroups ?? new Uint8Array(sequence.rows);
  return finish(statistics, cost, {
    coder,
    tables,
    rowClasses: rowClasses === 1 ? undefined : translate(all, ofGroup),
    columns,
    columnClasses,
    description: [SHARED, codebook.generation],
    shared: true,
  });
}

/** As `map`, which is slow at this. */
function translate(values: Uint8Array, table: Uint8Array): Uint8Array<ArrayBuffer> {
  const translated = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) translated[i] = table[values[i]!]!;
  return translated;
}

/** Adds up histograms. */
function sumCounts(counts: Uint32Array): Float64Array {
  const sum = new Float64Array(256);
  for (let h = 0; h < counts.length / 256; h++) {
    for (let t = 0; t < 256; t++) sum[t]! += counts[256 * h + t]!;
  }
  return sum;
}

function finish(
  { sequence, rawBits }: Statistics,
  cost: number,
  plan: Omit<SequencePlan, "sequence" | "bytes">,
): SequencePlan {
  const count = sequence.rows * sequence.rowLength;
  const groups = Math.ceil(count / groupSymbolsFor(sequence.rowLength, count));
  // A group has a byte in the section's header, and wastes 1 or 2, of its state or of padding.
  const overhead = Math.ceil(groups * 5 / 2);
  const bits = Math.ceil(cost / BIT) + rawBits;
  return { sequence, ...plan, bytes: fieldBytes(8 + Math.ceil(bits / 8) + overhead, 8) };
}

/** Raw bits that follow the tokens counted. */
export function totalRawBits(counts: Uint32Array, direct: boolean): number {
  let bits = 0;
  if (!direct) { for (let i = 0; i < counts.length; i++) bits += counts[i]! * hybridRawBits(i & 255); }
  return bits;
}
