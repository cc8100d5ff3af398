/**
 * How a sequence of integers will be coded: statistics first, then tables and size, before anything is encoded.
 *
 * @module
 */
import { fieldBytes } from "../format/fields.ts";
import { groupSymbolsFor } from "../kernels/section.ts";
import { BIT, summarise } from "./bit_cost.ts";
import { classBits } from "./class_bits.ts";
import { addCounts, chooseClasses, type GroupedCounts } from "./classes.ts";
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

/** What is known of a sequence before it is planned. */
export interface Statistics extends GroupedCounts {
  /** What was looked at. */
  readonly sequence: Sequence;
  /** Group of each row; undefined if there is one only. */
  readonly rowGroups: Uint8Array<ArrayBuffer> | undefined;
  /** Level of each column; undefined if there is one only. */
  readonly columnLevels: Uint8Array<ArrayBuffer> | undefined;
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

/**
 * Plans a sequence; with a codebook for the same coder and alphabet, refers to its tables where that is shorter, or where
 * these are so close to the best for their classes that no others are looked for.
 */
export function planSequence(statistics: Statistics, coder: Coder, codebook?: Codebook): SequencePlan {
  const shared = codebook && planShared(statistics, coder, codebook);
  if (shared?.good) return shared.plan;
  const own = planOwn(statistics, coder);
  return shared && shared.plan.bytes <= own.bytes ? shared.plan : own;
}

function planOwn(statistics: Statistics, coder: Coder): SequencePlan {
  const { sequence: { rows, rowLength, direct }, rowGroups, columnLevels, tokens, counts } = statistics;
  const single = chooseTable(coder, sumCounts(counts, tokens), direct);
  if (coder === "ans" && counts.length > tokens) {
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

/** How much longer than by their entropy symbols may come out before other tables than the codebook's are looked for. */
const GOOD = 1.02;

function planShared(
  statistics: Statistics,
  coder: Coder,
  codebook: Codebook,
): { readonly plan: SequencePlan; readonly good: boolean } | undefined {
  const { sequence, rowGroups, columnLevels, groups, levels, tokens, counts } = statistics;
  const { tables, columns, columnClasses } = codebook;
  if (codebook.coder !== coder || codebook.direct !== sequence.direct) return undefined;
  if (columns !== undefined && columns !== columnLevels) return undefined;
  const rowClasses = tables.length / columnClasses;
  const ofGroup = new Uint8Array(groups);
  let cost = (16 + sequence.rows * classBits(rowClasses)) * BIT, entropy = cost;
  const perClass = levels / columnClasses, ofTable = tables.map(() => new Float64Array(tokens));
  for (let g = 0; g < groups; g++) {
    const byColumn = Array.from({ length: columnClasses }, (_, c) => {
      const first = g * levels + c * perClass;
      return sumCounts(counts.subarray(tokens * first, tokens * (first + perClass)), tokens);
    });
    let least = Infinity;
    for (let r = 0; r < rowClasses; r++) {
      const ofClass = byColumn.reduce((sum, n, c) => sum + tableCost(coder, n, tables[r * columnClasses + c]!), 0);
      if (ofClass < least) least = ofClass, ofGroup[g] = r;
    }
    cost += least;
    byColumn.forEach((n, c) => addCounts(ofTable[ofGroup[g]! * columnClasses + c]!, n, 0));
  }
  if (cost === Infinity) return undefined;
  for (const counts of ofTable) entropy += summarise(counts).entropy;
  const all = rowGroups ?? new Uint8Array(sequence.rows);
  const plan = finish(statistics, cost, {
    coder,
    tables,
    rowClasses: rowClasses === 1 ? undefined : translate(all, ofGroup),
    columns,
    columnClasses,
    description: [SHARED, codebook.generation],
    shared: true,
  });
  // Other tables would cost two bytes each at least.
  return { plan, good: cost <= Math.max(GOOD * entropy, entropy + 16 * BIT * tables.length) };
}

/** As `map`, which is slow at this. */
function translate(values: Uint8Array, table: Uint8Array): Uint8Array<ArrayBuffer> {
  const translated = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) translated[i] = table[values[i]!]!;
  return translated;
}

/** Adds up histograms. */
function sumCounts(counts: Float64Array, tokens: number): Float64Array {
  const sum = new Float64Array(tokens);
  for (let i = 0; i < counts.length;) {
    for (let t = 0; t < tokens; t++) sum[t]! += counts[i++]!;
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

/** Raw bits that follow the tokens counted, of the hybrid alphabet. */
export function totalRawBits({ tokens, counts }: Pick<Statistics, "tokens" | "counts">): number {
  return counts.reduce((bits, n, i) => bits + n * hybridRawBits(i % tokens), 0);
}
