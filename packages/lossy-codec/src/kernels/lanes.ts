/**
 * What the entropy coders leave to WebAssembly: runs of groups of direct tokens, which it codes side by side. Groups are framed, and
 * all others coded, in TypeScript.
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
   * Decodes four groups of whole rows from symbol `first` on: the words of the first begin at `at`, and each ends where the next
   * begins, two words or more behind.
   *
   * @returns Whether they are sound.
   */
  ansDecodeFour(
    at: number,
    end0: number,
    end1: number,
    end2: number,
    end3: number,
    first: number,
    groupSymbols: number,
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
