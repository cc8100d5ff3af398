/**
 * What follows from a sequence for later ones, and for parts of it.
 *
 * @module
 */
import type { Codebook, SequencePlan } from "./plan.ts";
import type { CodedSequence } from "./sequence.ts";

/**
 * The codebook after a sequence was coded; encoder and decoder come to the same.
 *
 * @param before The one given for it.
 * @param sequence The plan it was encoded by, or what was decoded.
 */
export function codebookAfter(before: Codebook | undefined, sequence: SequencePlan | CodedSequence): Codebook {
  if (sequence.shared && before !== undefined) return before;
  const { coder, tables, columns, columnClasses } = sequence;
  const direct = "sequence" in sequence ? sequence.sequence.direct : sequence.direct;
  const generation = before === undefined ? 0 : (before.generation + 1) & 255;
  return { generation, coder, direct, tables, columns, columnClasses };
}

/** The symbols that have to be decoded for rows `first` to `first + count`: whole groups. */
export function groupsOf(coded: CodedSequence, first: number, count: number): { first: number; count: number } {
  const { rows, rowLength, groupSymbols } = coded;
  const begin = Math.floor(first * rowLength / groupSymbols) * groupSymbols;
  const end = Math.ceil((first + count) * rowLength / groupSymbols) * groupSymbols;
  return { first: begin, count: Math.min(end, rows * rowLength) - begin };
}
