/**
 * What the entropy coders leave to WebAssembly: runs of groups of direct tokens, which it codes side by side, and other groups to be
 * encoded by rANS. Groups are framed, and all others coded, in TypeScript.
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
   * Encodes four groups from symbol `first` on. Their words go below `end`; u16 `counts[4]` gets how many each has.
   *
   * @returns Where the words begin.
   */
  ansEncodeFour(
    codes: number,
    first: number,
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
   * Encodes one group, symbols `first` to `end`, of any tokens. Its words go below `to`; u16 `counts[1]` gets how many it has.
   *
   * @returns Where the words begin.
   */
  ansEncodeGroup(
    codes: number,
    first: number,
    end: number,
    rowLength: number,
    classes: number,
    columns: number,
    form: number,
    encodeTables: number,
    counts: number,
    to: number,
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
