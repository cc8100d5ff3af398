/**
 * The choice and the description of tables: from the family, or written out.
 *
 * A description begins with a byte: 0 to 239 a table of the family, followed by a byte tokens - 1; 254 the tables of an
 * earlier sequence, followed by a byte generation; 255 a table written out.
 *
 * @module
 */
import { BIT, codingCost, summarise } from "./bit_cost.ts";
import { FAMILY_SCALES, FAMILY_SIZE, familyStarts, familyTable, tokenMagnitude } from "./family.ts";
import { describe, type DescribedTable } from "./descriptions.ts";
import { explicitTable, readExplicitTable } from "./frequencies.ts";
import { codeLengths, huffmanCost, readLengths } from "./huffman.ts";
import { HYBRID_MAX_TOKEN } from "./tokens.ts";

/** First byte of a description: tables of an earlier sequence. */
export const SHARED = 254;
/** First byte of a description: a table written out. */
export const EXPLICIT = 255;

/** The entropy coders. */
export type Coder = "ans" | "huffman";

/** By token: frequencies that sum to 4096 (`"ans"`), or code lengths (`"huffman"`). */
export type Table = Uint16Array<ArrayBuffer>;

/** A table, its description, and what both cost. */
export interface ChosenTable {
  /** By token. */
  readonly table: Table;
  /** The description. */
  readonly bytes: readonly number[];
  /** Of description and coded tokens, raw bits left out, in 1/256 bit. */
  readonly cost: number;
}

/** Counts up to the last token that occurs, at least one. */
export function trimCounts(counts: Float64Array): Float64Array {
  let tokens = counts.length;
  while (tokens > 1 && counts[tokens - 1] === 0) tokens--;
  return counts.subarray(0, tokens);
}

/** Mean |q| of what was counted. */
function meanMagnitude(counts: Float64Array, direct: boolean): number {
  const moment = counts.reduce((sum, n, t) => n === 0 ? sum : sum + n * tokenMagnitude(t, direct), 0);
  return moment / Math.max(1, summarise(counts).total);
}

/** Code lengths made for a table of the family: that byte names them too. */
const familyLengths = new WeakMap<Table, Table>();

/** Table `index` of the family. */
export function familyMember(coder: Coder, index: number, direct: boolean, tokens: number): Table {
  const frequencies = familyTable(index, direct, tokens);
  if (coder === "ans") return frequencies;
  let lengths = familyLengths.get(frequencies);
  if (lengths === undefined) {
    familyLengths.set(frequencies, lengths = codeLengths(Float64Array.from(frequencies.subarray(0, tokens))));
  }
  return lengths;
}

/** Cost in 1/256 bit of coding what was counted, raw bits left out; infinite if the table lacks a token. */
export function tableCost(coder: Coder, counts: Float64Array, table: Table): number {
  return coder === "ans" ? codingCost(counts, table) : huffmanCost(counts, table);
}

/**
 * The cheapest table, or one close to it.
 *
 * @param counts How often each token occurs; the last does.
 */
export function chooseTable(coder: Coder, counts: Float64Array, direct: boolean): ChosenTable {
  const member = (index: number): ChosenTable => {
    const table = familyMember(coder, index, direct, counts.length);
    return { table, bytes: [index, counts.length - 1], cost: tableCost(coder, counts, table) + 16 * BIT };
  };
  let chosen: ChosenTable | undefined;
  for (const start of familyStarts(meanMagnitude(counts, direct), direct)) {
    // Costs fall towards the best scale of a shape and rise behind it.
    let best = member(start);
    for (const step of [-1, 1]) {
      for (let index = start + step; sameShape(index, start); index += step) {
        const candidate = member(index);
        if (candidate.cost >= best.cost) break;
        best = candidate;
      }
    }
    if (chosen === undefined || best.cost < chosen.cost) chosen = best;
  }
  if (leastWrittenOut(counts) >= chosen!.cost) return chosen!;
  const explicit = writtenOut(coder, counts);
  return explicit.cost < chosen!.cost ? explicit : chosen!;
}

/** What a table written out costs at least: the entropy, two bytes, and a nibble per token. */
function leastWrittenOut(counts: Float64Array): number {
  const { total, present, entropy } = summarise(counts);
  return total === 0 ? Infinity : entropy + (16 + 4 * present) * BIT;
}

function sameShape(a: number, b: number): boolean {
  return a >= 0 && a < FAMILY_SIZE && Math.floor(a / FAMILY_SCALES) === Math.floor(b / FAMILY_SCALES);
}

/** The table made for what was counted, with its description. */
export function writtenOut(coder: Coder, counts: Float64Array): ChosenTable {
  let table: Table, description: readonly number[];
  if (coder === "ans") {
    ({ frequencies: table, bytes: description } = explicitTable(counts));
  } else {
    table = codeLengths(counts);
    description = describe(table, false);
  }
  return {
    table,
    bytes: [EXPLICIT, ...description],
    cost: tableCost(coder, counts, table) + (1 + description.length) * 8 * BIT,
  };
}

/**
 * Reads a description other than a shared one.
 *
 * @returns The table and where the description ends; undefined if it is none.
 */
export function readTable(
  coder: Coder,
  bytes: Uint8Array,
  offset: number,
  direct: boolean,
): DescribedTable | undefined {
  const most = direct ? 256 : HYBRID_MAX_TOKEN + 1;
  const kind = bytes[offset];
  if (kind === undefined) return undefined;
  if (kind < FAMILY_SIZE) {
    const tokens = (bytes[offset + 1] ?? 256) + 1;
    return tokens <= most ? { table: familyMember(coder, kind, direct, tokens), end: offset + 2 } : undefined;
  }
  if (kind !== EXPLICIT) return undefined;
  const read = (coder === "ans" ? readExplicitTable : readLengths)(bytes, offset + 1);
  return read && read.table.length <= most ? read : undefined;
}
