/**
 * How a sequence of integers will be coded: statistics first, then tables and size, before anything is encoded.
 *
 * @module
 */
import { fieldBytes } from "../format/fields.ts";
import { groupSymbolsFor } from "../kernels/section.ts";
import { BIT } from "./bit_cost.ts";
import { chooseClasses, type GroupedCounts } from "./classes.ts";
import { chooseTable, type Coder, type Table } from "./tables.ts";
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

/** Tables that sequences may refer to instead of describing their own. Messages have them, files do without. */
export interface Codebook extends Tables {
  /** How a sequence is coded with these tables; undefined if it cannot be. */
  plan(statistics: Statistics, coder: Coder): PlanByCodebook | undefined;

  /**
   * Sees to it that these are the tables which a coded sequence refers to.
   *
   * @throws {CodecError} `CORRUPT`
   */
  check(reference: TableReference): void;
}

/** What a coded sequence says of the tables that it refers to. */
export interface TableReference {
  /** By what it is coded. */
  readonly coder: Coder;
  /** Its alphabet. */
  readonly direct: boolean;
  /** Classes of columns. */
  readonly columnClasses: number;
  /** Number of tables. */
  readonly tables: number;
  /** Length of its rows. */
  readonly rowLength: number;
  /** Which tables. */
  readonly generation: number;
}

/** How a sequence is coded with the tables of a codebook. */
export interface PlanByCodebook {
  /** How. */
  readonly plan: SequencePlan;
  /** Whether that is so close to the best for its classes that others need not be looked for. */
  readonly good: boolean;
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
  const kept = codebook?.plan(statistics, coder);
  if (kept?.good) return kept.plan;
  const own = planOwn(statistics, coder);
  return kept && kept.plan.bytes <= own.bytes ? kept.plan : own;
}

/** Symbols from which on the estimate that classes are chosen by is as good as the costs. */
const MANY = 16384;

function planOwn(statistics: Statistics, coder: Coder): SequencePlan {
  const { sequence: { rows, rowLength, direct }, rowGroups, columnLevels, tokens, counts } = statistics;
  const apart = coder === "ans" && counts.length > tokens;
  const single = apart && rows * rowLength >= MANY ? undefined : chooseTable(coder, sumCounts(counts, tokens), direct);
  if (apart) {
    const { ofGroup, ofLevel, columnClasses, tables, cost } = chooseClasses(statistics, rows, rowLength, direct);
    if (single === undefined || cost < single.cost) {
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
  const { table, bytes: description, cost } = single!;
  const alone = { rowClasses: undefined, columns: undefined, columnClasses: 1 };
  return finish(statistics, cost, { coder, tables: [table], ...alone, description, shared: false });
}

/** As `map`, which is slow at this. */
export function translate(values: Uint8Array, table: Uint8Array): Uint8Array<ArrayBuffer> {
  const translated = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) translated[i] = table[values[i]!]!;
  return translated;
}

/** Adds up histograms. */
export function sumCounts(counts: Float64Array, tokens: number): Float64Array {
  const sum = new Float64Array(tokens);
  for (let i = 0; i < counts.length;) {
    for (let t = 0; t < tokens; t++) sum[t]! += counts[i++]!;
  }
  return sum;
}

/** Adds to a plan what its sequence will come to, by the cost of tables and tokens in 1/256 bit. */
export function finish(
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
