/**
 * Classes of symbols for rANS. Rows of one embedding table differ in scale, by how often they were trained, and so do its
 * columns; symbols whose row is of one class and whose column is of one class share a frequency table.
 *
 * @module
 */
import { BIT, summarise } from "./bit_cost.ts";
import { classBits } from "./class_bits.ts";
import { chooseTable, type ChosenTable, trimCounts } from "./tables.ts";

/** Most classes of rows, and of columns. */
export const MAX_CLASSES = 4;

/** Symbols counted by group of rows (in order of scale) and level of columns. */
export interface GroupedCounts {
  /** Tokens, 256 for each level of each group, level by level within a group. */
  readonly counts: Uint32Array;
  /** Groups of rows. */
  readonly groups: number;
  /** Levels of columns: 1, 2 or 4. */
  readonly levels: number;
}

/** What {@linkcode chooseClasses} decides. */
export interface Classes {
  /** Class of each group of rows. */
  readonly ofGroup: Uint8Array<ArrayBuffer>;
  /** Class of each level of columns. */
  readonly ofLevel: Uint8Array<ArrayBuffer>;
  /** 1, 2 or 4 classes of columns. */
  readonly columnClasses: number;
  /** One for each class of columns of each class of rows. Where rows have 3 classes, 4 are there. */
  readonly tables: readonly ChosenTable[];
  /** Of tables, tokens and classes, raw bits left out, in 1/256 bit. */
  readonly cost: number;
}

/**
 * Chooses classes such that tables, tokens and the classes themselves cost least by an estimate: 1, 2 or 4 classes of
 * columns, and with each the best cut of the groups of rows into at most four intervals, found by dynamic programming.
 *
 * @param rows Number of rows.
 * @param columns Number of columns.
 */
export function chooseClasses(grouped: GroupedCounts, rows: number, columns: number, direct: boolean): Classes {
  const { groups, levels } = grouped;
  const tokens = highestToken(grouped.counts) + 1;
  let best: { counts: Float64Array; columnClasses: number; ends: number[]; cost: number } | undefined;
  for (let columnClasses = 1; columnClasses <= levels; columnClasses *= 2) {
    const counts = mergeLevels(grouped, columnClasses, tokens);
    const cut = cheapestCut(intervalCosts(counts, groups, columnClasses, tokens), groups, rows);
    const cost = cut.cost + columns * classBits(columnClasses) * BIT;
    if (best === undefined || cost < best.cost) best = { counts, columnClasses, ends: cut.ends, cost };
  }
  const { counts, columnClasses, ends } = best!;
  const ofGroup = new Uint8Array(groups);
  const tables: ChosenTable[] = [];
  for (let i = 0, start = 0; i < ends.length; start = ends[i++]!) {
    ofGroup.fill(i, start, ends[i]);
    for (let c = 0; c < columnClasses; c++) {
      const sum = new Float64Array(tokens);
      for (let g = start; g < ends[i]!; g++) addCounts(sum, counts, tokens * (g * columnClasses + c));
      tables.push(chooseTable("ans", trimCounts(sum), direct));
    }
  }
  // Class numbers have two bits, so a third class brings a fourth, of the shortest description.
  if (ends.length === 3) {
    for (let c = 0; c < columnClasses; c++) tables.push(chooseTable("ans", new Float64Array(1), direct));
  }
  const classes = rows * classBits(tables.length / columnClasses) + columns * classBits(columnClasses);
  return {
    ofGroup,
    ofLevel: Uint8Array.from({ length: levels }, (_, level) => Math.floor(level * columnClasses / levels)),
    columnClasses,
    tables,
    cost: tables.reduce((sum, table) => sum + table.cost, classes * BIT),
  };
}

function highestToken(counts: Uint32Array): number {
  let highest = 0;
  for (let from = 0; from < counts.length; from += 256) {
    let t = 255;
    while (t > highest && counts[from + t] === 0) t--;
    highest = t;
  }
  return highest;
}

function addCounts(sum: Float64Array, counts: Float64Array, from: number): void {
  for (let t = 0; t < sum.length; t++) sum[t]! += counts[from + t]!;
}

/** Counts by group and class of columns, `tokens` each. */
function mergeLevels({ counts, groups, levels }: GroupedCounts, columnClasses: number, tokens: number): Float64Array {
  const merged = new Float64Array(tokens * groups * columnClasses), perClass = levels / columnClasses;
  for (let h = 0; h < groups * levels; h++) {
    const to = tokens * Math.floor(h / perClass);
    for (let t = 0; t < tokens; t++) merged[to + t]! += counts[256 * h + t]!;
  }
  return merged;
}

/** Ends of the intervals of groups, and what they and the classes of rows cost. */
function cheapestCut(costs: Float64Array, groups: number, rows: number): { ends: number[]; cost: number } {
  // least[k][j]: cheapest way to cover the first j groups by k + 1 intervals; from[k][j]: where the last begins.
  const least: Float64Array[] = [], from: Uint8Array[] = [];
  let best = 0, bestCost = Infinity;
  for (let k = 0; k < Math.min(groups, MAX_CLASSES); k++) {
    const row = new Float64Array(groups + 1).fill(Infinity), begins = new Uint8Array(groups + 1);
    for (let j = k + 1; j <= groups; j++) {
      if (k === 0) row[j] = costs[j - 1]!;
      for (let i = k; k > 0 && i < j; i++) {
        const cost = least[k - 1]![i]! + costs[i * groups + j - 1]!;
        if (cost < row[j]!) row[j] = cost, begins[j] = i;
      }
    }
    least.push(row);
    from.push(begins);
    const cost = row[groups]! + rows * classBits(k === 2 ? 4 : k + 1) * BIT;
    if (cost < bestCost) best = k, bestCost = cost;
  }
  const ends: number[] = [];
  for (let k = best, j = groups; k >= 0; j = from[k--]![j]!) ends.unshift(j);
  return { ends, cost: bestCost };
}

/** Estimated cost of groups i..j, both inclusive, with tables of their own: at `i * groups + j`. */
function intervalCosts(counts: Float64Array, groups: number, columnClasses: number, tokens: number): Float64Array {
  const costs = new Float64Array(groups * groups), sum = new Float64Array(tokens);
  for (let i = 0; i < groups; i++) {
    for (let c = 0; c < columnClasses; c++) {
      sum.fill(0);
      for (let j = i; j < groups; j++) {
        addCounts(sum, counts, tokens * (j * columnClasses + c));
        costs[i * groups + j]! += tableEstimate(sum);
      }
    }
  }
  return costs;
}

/**
 * Estimated cost of a table and of what it codes, from the entropy. Written out a table takes about 6 bits per token; one of
 * the family takes 2 bytes, fits about a percent less, and not the chance in the counts, which per token is half a nat.
 */
function tableEstimate(counts: Float64Array): number {
  const { present, entropy } = summarise(counts);
  return 16 * BIT + entropy + Math.min(6 * BIT * present, Math.floor(entropy / 100) + 185 * present);
}
