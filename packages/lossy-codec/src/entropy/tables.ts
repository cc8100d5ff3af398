/**
 * The choice and the description of tables: from the family, or written out.
 *
 * A description begins with a byte: 0 to 239 a table of the family, followed by a byte tokens - 1; 254 the tables of an
 * earlier sequence, followed by a byte generation; 255 a table written out.
 *
 * @module
 */
import { BIT, codingCost } from "./bit_cost.ts";
import { FAMILY_SIZE, familyCandidates, familyTable, tokenMagnitude } from "./family.ts";
import { explicitTable, readExplicitTable } from "./frequencies.ts";
import { codeLengths, describeLengths, huffmanCost, readLengths } from "./huffman.ts";
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

/** Number of tokens up to the last that occurs. */
export function tokensUsed(counts: ArrayLike<number>, from: number): number {
  let tokens = 256;
  while (tokens > 1 && !counts[from + tokens - 1]) tokens--;
  return tokens;
}

/** Mean |q| of what was counted. */
export function meanMagnitude(counts: ArrayLike<number>, from: number, tokens: number, direct: boolean): number {
  let sum = 0, moment = 0;
  for (let t = 0; t < tokens; t++) {
    const n = counts[from + t]!;
    sum += n;
    moment += n * tokenMagnitude(t, direct);
  }
  return sum === 0 ? 0 : moment / sum;
}

/** Code lengths made for a table of the family: that byte names them too. */
const familyLengths = new WeakMap<Table, Table>();

function familyMember(coder: Coder, index: number, direct: boolean, tokens: number): Table {
  const frequencies = familyTable(index, direct, tokens);
  if (coder === "ans") return frequencies;
  let lengths = familyLengths.get(frequencies);
  if (lengths === undefined) familyLengths.set(frequencies, lengths = codeLengths(frequencies, 0, tokens));
  return lengths;
}

/** Cost in 1/256 bit of coding what was counted, raw bits left out; infinite if the table lacks a token. */
export function tableCost(coder: Coder, counts: ArrayLike<number>, from: number, table: Table): number {
  for (let t = table.length; t < 256; t++) if (counts[from + t]) return Infinity;
  return coder === "ans" ? codingCost(counts, from, table) : huffmanCost(counts, from, table);
}

/** The cheapest table for tokens that occur `counts[from + t]` times. */
export function chooseTable(coder: Coder, counts: ArrayLike<number>, from: number, direct: boolean): ChosenTable {
  const tokens = tokensUsed(counts, from);
  let chosen = writtenOut(coder, counts, from, tokens);
  for (const index of familyCandidates(meanMagnitude(counts, from, tokens, direct), direct)) {
    const table = familyMember(coder, index, direct, tokens);
    const cost = tableCost(coder, counts, from, table) + 16 * BIT;
    if (cost < chosen.cost) chosen = { table, bytes: [index, tokens - 1], cost };
  }
  return chosen;
}

function writtenOut(coder: Coder, counts: ArrayLike<number>, from: number, tokens: number): ChosenTable {
  let table: Table, description: readonly number[];
  if (coder === "ans") {
    ({ frequencies: table, bytes: description } = explicitTable(counts, from, tokens));
  } else {
    table = codeLengths(counts, from, tokens);
    description = describeLengths(table);
  }
  const cost = tableCost(coder, counts, from, table) + (1 + description.length) * 8 * BIT;
  return { table, bytes: [EXPLICIT, ...description], cost };
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
): { table: Table; end: number } | undefined {
  const most = direct ? 256 : HYBRID_MAX_TOKEN + 1;
  const kind = bytes[offset];
  if (kind === undefined) return undefined;
  if (kind < FAMILY_SIZE) {
    const tokens = (bytes[offset + 1] ?? 256) + 1;
    return tokens <= most ? { table: familyMember(coder, kind, direct, tokens), end: offset + 2 } : undefined;
  }
  if (kind !== EXPLICIT) return undefined;
  let table: Table, end: number;
  if (coder === "ans") {
    const read = readExplicitTable(bytes, offset + 1);
    if (read === undefined) return undefined;
    ({ frequencies: table, end } = read);
  } else {
    const read = readLengths(bytes, offset + 1);
    if (read === undefined) return undefined;
    ({ lengths: table, end } = read);
  }
  return table.length <= most ? { table, end } : undefined;
}
