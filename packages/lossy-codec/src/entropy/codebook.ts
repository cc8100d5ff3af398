/**
 * Tables that carry over from message to message.
 *
 * @module
 */
import { wrong } from "../errors.ts";
import { BIT } from "./bit_cost.ts";
import { classBits } from "./class_bits.ts";
import { grownEstimate } from "./classes.ts";
import {
  type Codebook,
  finish,
  type PlanByCodebook,
  type SequencePlan,
  type Statistics,
  sumCounts,
  type TableReference,
  type Tables,
  translate,
} from "./plan.ts";
import type { CodedSequence } from "./sequence.ts";
import { type Coder, SHARED, type Table, tableCost } from "./tables.ts";

/** How much longer than estimated for tables of their own symbols may come out before such are looked for. */
const GOOD = 1.02;

/** Tables that both ends keep, and what they are for. */
export class KeptTables implements Codebook {
  readonly tables: readonly Table[];
  readonly columns: Uint8Array<ArrayBuffer> | undefined;
  readonly columnClasses: number;
  /** What they are for. */
  readonly coder: Coder;
  /** The alphabet. */
  readonly direct: boolean;
  /** Which tables these are: counts the sequences that brought new ones, modulo 256. */
  readonly generation: number;

  /** Tables of a sequence. */
  constructor({ tables, columns, columnClasses }: Tables, coder: Coder, direct: boolean, generation: number) {
    this.tables = tables;
    this.columns = columns;
    this.columnClasses = columnClasses;
    this.coder = coder;
    this.direct = direct;
    this.generation = generation;
  }

  plan(statistics: Statistics, coder: Coder): PlanByCodebook | undefined {
    const { sequence, rowGroups, columnLevels, groups, levels, tokens, counts } = statistics;
    const { tables, columns, columnClasses } = this;
    if (this.coder !== coder || this.direct !== sequence.direct) return undefined;
    if (columns !== undefined && columns !== columnLevels) return undefined;
    const rowClasses = tables.length / columnClasses;
    const ofGroup = new Uint8Array(groups);
    const head = (16 + sequence.rows * classBits(rowClasses)) * BIT, perClass = levels / columnClasses;
    const ofTable = tables.map(() => new Float64Array(tokens)), estimates = new Float64Array(tables.length);
    let cost = head;
    const byColumn: Float64Array[] = [];
    for (let g = 0; g < groups; g++) {
      for (let c = 0; c < columnClasses; c++) {
        const first = g * levels + c * perClass;
        byColumn[c] = sumCounts(counts.subarray(tokens * first, tokens * (first + perClass)), tokens);
      }
      let least = Infinity;
      for (let r = 0; r < rowClasses; r++) {
        const ofClass = byColumn.reduce((sum, n, c) => sum + tableCost(coder, n, tables[r * columnClasses + c]!), 0);
        if (ofClass < least) least = ofClass, ofGroup[g] = r;
      }
      cost += least;
      byColumn.forEach((n, c) => {
        const table = ofGroup[g]! * columnClasses + c;
        estimates[table] = grownEstimate(ofTable[table]!, n, 0);
      });
    }
    if (cost === Infinity) return undefined;
    const all = rowGroups ?? new Uint8Array(sequence.rows);
    const plan = finish(statistics, cost, {
      coder,
      tables,
      rowClasses: rowClasses === 1 ? undefined : translate(all, ofGroup),
      columns,
      columnClasses,
      description: [SHARED, this.generation],
      shared: true,
    });
    return { plan, good: cost <= GOOD * estimates.reduce((sum, estimate) => sum + estimate, head) };
  }

  check({ coder, direct, columnClasses, tables, rowLength, generation }: TableReference): void {
    if (this.generation !== generation) throw wrong("the generation of tables", generation, this.generation);
    const same = this.coder === coder && this.direct === direct && this.columnClasses === columnClasses &&
      this.tables.length === tables && (this.columns?.length ?? rowLength) === rowLength;
    if (!same) throw wrong("a table", "that of another kind of sequence", "one of the same");
  }
}

/**
 * The tables kept after a sequence; encoder and decoder come to the same.
 *
 * @param before Those kept before.
 * @param sequence The plan it was encoded by, or what was decoded; undefined if there was none.
 */
export function tablesAfter(
  before: KeptTables | undefined,
  sequence: SequencePlan | CodedSequence | undefined,
): KeptTables | undefined {
  if (sequence === undefined || sequence.shared) return before;
  const { direct } = "sequence" in sequence ? sequence.sequence : sequence;
  return new KeptTables(sequence, sequence.coder, direct, before === undefined ? 0 : (before.generation + 1) & 255);
}
