/**
 * Tables that were agreed on beforehand, so that coding has nothing to choose.
 *
 * @module
 */
import type { Sequence, SequencePlan } from "./plan.ts";
import { type Coder, familyMember, SHARED, type Table, writtenOut } from "./tables.ts";
import { FAMILY_SIZE } from "./family.ts";
import { HYBRID_MAX_TOKEN } from "./tokens.ts";

/** One table for all codes of a chunk. */
export interface GivenTable {
  /** What it is for. */
  readonly coder: Coder;
  /** The alphabet: codes from -128 to 127 as they are, or all of them as a token with bits behind it. */
  readonly direct: boolean;
  /** By token: frequencies or code lengths. */
  readonly table: Table;
  /** How a chunk names or describes it. */
  readonly description: readonly number[];
}

/** Most tokens of an alphabet. */
export function maxTokens(direct: boolean): number {
  return direct ? 256 : HYBRID_MAX_TOKEN + 1;
}

function checkTokens(tokens: number, direct: boolean): void {
  const most = maxTokens(direct);
  if (!Number.isInteger(tokens) || tokens < 1 || tokens > most) {
    throw new RangeError(`Cannot make a table of ${tokens} tokens: want 1 to ${most}`);
  }
}

/**
 * A table of the family, which takes two bytes in each chunk.
 *
 * @param index 0 to 239: shape (heaviest tails first) times 60, plus scale.
 * @param tokens Tokens that can be coded. Default: all.
 * @throws {RangeError}
 */
export function familyGiven(
  coder: Coder,
  index: number,
  direct = true,
  tokens: number = maxTokens(direct),
): GivenTable {
  checkTokens(tokens, direct);
  if (!Number.isInteger(index) || index < 0 || index >= FAMILY_SIZE) {
    throw new RangeError(`Cannot make table ${index} of the family: want 0 to ${FAMILY_SIZE - 1}`);
  }
  return { coder, direct, table: familyMember(coder, index, direct, tokens), description: [index, tokens - 1] };
}

/**
 * A table for tokens as frequent as given, written out in each chunk.
 *
 * @param counts By token, whole; the last one is not 0.
 * @throws {RangeError}
 */
export function explicitGiven(coder: Coder, counts: Float64Array, direct = true): GivenTable {
  checkTokens(counts.length, direct);
  if (!(counts.at(-1)! > 0)) {
    throw new RangeError("Cannot make a table whose last token has no count: want one above 0");
  }
  const { table, bytes } = writtenOut(coder, counts);
  return { coder, direct, table, description: bytes };
}

/**
 * A table that both sides have, which takes two bytes in each chunk.
 *
 * @param generation Which of the tables that the two ever agreed on, 0 to 255.
 * @throws {RangeError}
 */
export function sharedGiven(table: GivenTable, generation: number): GivenTable {
  if (!Number.isInteger(generation) || generation < 0 || generation > 255) {
    throw new RangeError(`Cannot share a table as generation ${generation}: want 0 to 255`);
  }
  return { ...table, description: [SHARED, generation] };
}

/** The plan of a sequence that has the given table, all of whose tokens have a code. */
export function givenPlan(sequence: Sequence, given: GivenTable): SequencePlan {
  const { coder, table, description } = given;
  return {
    sequence,
    coder,
    tables: [table],
    rowClasses: undefined,
    columns: undefined,
    columnClasses: 1,
    description,
    shared: description[0] === SHARED,
    bytes: 0,
  };
}
