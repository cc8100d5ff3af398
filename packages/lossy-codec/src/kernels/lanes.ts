/**
 * What the entropy coders leave to WebAssembly: runs of groups of direct tokens, which it codes side by side. Groups are framed,
 * and all others coded, in TypeScript.
 *
 * @module
 */

/** The most symbols of a group that lanes take. */
export const LANE_SYMBOLS = 4096;

/**
 * Loops over groups of direct tokens; arguments are named as in `Kernels`. Groups have `groupSymbols` symbols each, at most
 * `LANE_SYMBOLS`, and what `codes` stands for is that of the sequence for encoders, of the groups for decoders.
 */
export interface Lanes {
  /**
   * Encodes all groups of a sequence. Their words go below `end`, where each group, and three more, have room for 34 words more than
   * they have symbols; u16 `counts` gets how many each has.
   *
   * @returns Where the words begin.
   */
  ansEncodeGroups(
    codes: number,
    count: number,
    groupSymbols: number,
    rowLength: number,
    classes: number,
    columns: number,
    form: number,
    encodeTables: number,
    counts: number,
    end: number,
  ): number;

  /**
   * Decodes `groups` groups of whole rows from number `group` of the section at `src` on, whose words begin at `at`; the last one
   * has `lastSymbols` symbols.
   *
   * @returns Whether they are sound.
   */
  ansDecodeGroups(
    src: number,
    at: number,
    group: number,
    groups: number,
    groupSymbols: number,
    lastSymbols: number,
    rowLength: number,
    classes: number,
    columns: number,
    form: number,
    decodeTables: number,
    codes: number,
  ): boolean | number;

  /**
   * Encodes one group of `count` symbols. At most 8 bytes behind its words are written as well.
   *
   * @returns Number of words.
   */
  huffEncodeGroup(codes: number, count: number, form: number, encodeTable: number, dst: number): number;

  /**
   * Decodes four groups, of which each ends where the next begins.
   *
   * @returns Whether they are sound.
   */
  huffDecodeFour(
    at0: number,
    at1: number,
    at2: number,
    at3: number,
    end: number,
    groupSymbols: number,
    form: number,
    decodeTable: number,
    codes: number,
  ): boolean | number;
}
