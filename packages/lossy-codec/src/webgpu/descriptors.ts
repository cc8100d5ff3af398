/**
 * What callers say of chunks, checked, and as kernels take it.
 *
 * @module
 */
import type { GivenTable } from "../entropy/given_table.ts";
import { ANS, HUFF, PACK, RAW } from "../format/chunk_header.ts";
import { F16, F32 } from "../kernels/kernels.ts";
import { CHECKSUM_BLOCK } from "../format/xxh32.ts";
import { groupSymbolsFor } from "../kernels/section.ts";
import { DESCRIPTOR_WORDS, FIELDS, FLAG, PACKED, RESTORE_TILE, WORKGROUP } from "./layout.ts";
import { stepsFor } from "./steps.ts";

/** Type of the elements on a device. */
export type DeviceDtype = "f16" | "f32";

/** How a chunk is stored on a device; see {@linkcode ChunkOptions}. */
export type DeviceMode = "raw" | "pack" | "dict+pack" | "huff" | "dict+huff" | "ans" | "dict+ans";

/**
 * How a chunk is encoded. It becomes CONST where all elements are, or decode to, the same; else the smallest of: codes with the
 * table, packed codes, and raw elements. Rows that cannot be kept within the bound are stored as they are.
 */
export interface ChunkOptions {
  /** Elements per row. */
  readonly d: number;
  /** Greatest absolute error; 0: none. The step of the codes follows from it. */
  readonly bound: number;
  /** With `dict+`, rows with equal codes are stored once. */
  readonly mode: DeviceMode;
  /** Table of the codes, for `huff` and `ans`. It is not shipped, only named, unless it is written out. */
  readonly table?: GivenTable | undefined;
  /** Whether to add a checksum. Default true. */
  readonly checksum?: boolean | undefined;
}

/** A chunk to encode. */
export interface EncodeDescriptor extends ChunkOptions {
  /** Rows, 1 to 65,536; with `d` at most 2^24 elements. */
  readonly rows: number;
  /** Where row 0 begins in the source, in elements; for f16 an even number. */
  readonly srcOff: number;
  /** First row to encode, counted from there. Default 0. */
  readonly rowStart?: number;
  /** Where the chunk goes in the destination, in bytes, a multiple of 4. Default: right behind the chunk before. */
  readonly dstOff?: number;
  /** Of the embedding table. The codec makes no use of it. */
  readonly tableId?: number;
  /** Who receives the chunk. The codec makes no use of it. */
  readonly dest?: number;
}

/** A chunk to decode. */
export interface DecodeDescriptor {
  /** Rows that the chunk has to have. */
  readonly rows: number;
  /** Elements per row. */
  readonly d: number;
  /** Where the chunk begins in the source, in bytes, a multiple of 4. */
  readonly srcOff: number;
  /** Its length, a multiple of 4 from 16 on. */
  readonly bytes: number;
  /** Where its first element goes, in elements; for f16 an even number. */
  readonly dstOff: number;
  /** The table that its codes may have. */
  readonly table?: GivenTable | undefined;
  /** Whether it has a checksum. Default true. */
  readonly checksum?: boolean | undefined;
  /** Of the embedding table. The codec makes no use of it. */
  readonly tableId?: number;
  /** Who sent the chunk. The codec makes no use of it. */
  readonly dest?: number;
}

/** Totals over the chunks of a call: what scratch has to hold, and threads to start. */
export interface Totals {
  rows: number;
  elements: number;
  slots: number;
  tiles: number;
  groups: number;
  words: number;
}

/** Descriptors as words, with what they refer to behind them. */
export interface CallPlan {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly totals: Readonly<Totals>;
  /** Whether some chunk may be entropy-coded. */
  readonly coded: boolean;
  /** Whether some chunk has a dictionary. */
  readonly dict: boolean;
}

const CODERS: Readonly<Record<DeviceMode, number>> = {
  raw: RAW,
  pack: PACK,
  "dict+pack": PACK,
  huff: HUFF,
  "dict+huff": HUFF,
  ans: ANS,
  "dict+ans": ANS,
};

/** Bytes of an element. */
export function bytesOfDtype(dtype: DeviceDtype): 2 | 4 {
  return dtype === "f16" ? 2 : 4;
}

/** The most u32 that a chunk takes. */
export function mostChunkWords(dtype: DeviceDtype, rows: number, d: number): number {
  return 4 + Math.ceil(rows * d * bytesOfDtype(dtype) / 4);
}

/** Groups that `count` symbols or fewer may have. */
function mostGroups(d: number, count: number): number {
  const groups = Math.ceil(count / groupSymbolsFor(d, count));
  return count < 32768 ? groups : Math.max(groups, Math.ceil(32767 / groupSymbolsFor(d, 32767)));
}

/** u32 for the words of so many groups, as `group_stride` has it. */
function groupWords(d: number, count: number, direct: boolean): number {
  const words = (count: number) => {
    const symbols = groupSymbolsFor(d, count);
    return Math.ceil(count / symbols) * (2 + Math.floor((symbols * (direct ? 1 : 3) + 3) / 2));
  };
  return count < 32768 ? words(count) : Math.max(words(count), words(32767));
}

/** Collects words behind the descriptors; equal ones once. */
class Extras {
  readonly words: number[] = [];
  readonly #begin: number;
  readonly #known = new Map<string, number>();

  constructor(begin: number) {
    this.#begin = begin;
  }

  /** Index in the plan of words that `make` makes if the key is new; 0 if it makes none. */
  add(key: string, make: () => readonly number[] | undefined): number {
    let at = this.#known.get(key);
    if (at === undefined) {
      const words = make();
      at = words === undefined ? 0 : this.#begin + this.words.length;
      this.words.push(...words ?? []);
      this.#known.set(key, at);
    }
    return at;
  }
}

/** Bytes that a coded sequence with the table begins with, as words, each with a mask of those that matter. */
function headWords({ direct, description }: GivenTable): { words: number[]; masks: number[] } {
  const bytes = [direct ? 1 : 0, ...description], words: number[] = [], masks: number[] = [];
  for (let i = 0; i < bytes.length; i += 4) {
    const part = bytes.slice(i, i + 4);
    words.push(part.reduce((word, byte, k) => (word | byte << (8 * k)) >>> 0, 0));
    masks.push(part.reduce((word, _, k) => (word | 255 << (8 * k)) >>> 0, 0));
  }
  return { words, masks };
}

function whole(name: string, chunk: number, value: number, least: number, most: number, unit = 1): void {
  if (Number.isInteger(value) && value >= least && value <= most && value % unit === 0) return;
  const step = unit === 1 ? "a whole number" : `a multiple of ${unit}`;
  throw new RangeError(`Cannot use chunk ${chunk} with ${name} ${value}: want ${step} from ${least} to ${most}`);
}

function checkShape(chunk: number, rows: number, d: number): void {
  whole("rows", chunk, rows, 1, 65536);
  whole("d", chunk, d, 1, Math.floor(2 ** 24 / rows));
}

function startTotals(): Totals {
  return { rows: 0, elements: 0, slots: 0, tiles: 0, groups: 0, words: 0 };
}

/** Words that a call's descriptors begin with. */
class Planner {
  readonly words: Uint32Array<ArrayBuffer>;
  readonly extras: Extras;
  readonly totals: Totals = startTotals();
  readonly dtype: DeviceDtype;

  constructor(chunks: number, dtype: DeviceDtype) {
    this.words = new Uint32Array(chunks * DESCRIPTOR_WORDS);
    this.extras = new Extras(this.words.length);
    this.dtype = dtype;
  }

  set(chunk: number, fields: Partial<Record<keyof typeof FIELDS, number>>): void {
    for (const [name, value] of Object.entries(fields)) {
      this.words[chunk * DESCRIPTOR_WORDS + FIELDS[name as keyof typeof FIELDS]] = value;
    }
  }

  /** Fields that both directions have. */
  place(chunk: number, rows: number, d: number): void {
    const { totals } = this;
    this.set(chunk, {
      ROWS: rows,
      D: d,
      ROW_BASE: totals.rows,
      ELEMENT_BASE: totals.elements,
      SLOT_BASE: totals.slots,
      TILE_BASE: totals.tiles,
      GROUP_BASE: totals.groups,
    });
    totals.rows += rows;
    totals.elements += rows * d;
  }

  finish(coded: boolean, dict: boolean): CallPlan {
    const words = new Uint32Array(this.words.length + this.extras.words.length);
    words.set(this.words);
    words.set(this.extras.words, this.words.length);
    return { words, totals: this.totals, coded, dict };
  }
}

/** Where things are that descriptors point into. */
export interface CallBuffers {
  /** u32 of the source. */
  readonly source: number;
  /** u32 of the destination. */
  readonly destination: number;
  /** Index of each table's words. */
  readonly tables: ReadonlyMap<GivenTable, number>;
}

/** Tables that chunks name. */
export function tablesOf(chunks: readonly { readonly table?: GivenTable | undefined }[]): Set<GivenTable> {
  return new Set(chunks.flatMap(({ table }) => table ?? []));
}

/**
 * Checks and lays out chunks to encode.
 *
 * @throws {RangeError} A chunk does not fit where it shall be, or an option cannot be used
 */
export function planEncode(
  dtype: DeviceDtype,
  chunks: readonly EncodeDescriptor[],
  buffers: CallBuffers,
): CallPlan {
  const planner = new Planner(chunks.length, dtype), { totals, extras } = planner;
  const perWord = 4 / bytesOfDtype(dtype), id = dtype === "f16" ? F16 : F32;
  let coded = false, dict = false, behind = 0;
  chunks.forEach((chunk, c) => {
    const { rows, d, bound, mode, table, checksum = true, srcOff, rowStart = 0, dstOff } = chunk;
    checkShape(c, rows, d);
    const coder = CODERS[mode], most = mostChunkWords(dtype, rows, d), first = srcOff + rowStart * d;
    if (coder === undefined) {
      throw new RangeError(`Cannot use chunk ${c} with mode ${mode}: want one of ${Object.keys(CODERS).join(", ")}`);
    }
    if (!(bound >= 0 && bound < Infinity)) {
      throw new RangeError(`Cannot use chunk ${c} with bound ${bound}: want a finite number, 0 or more`);
    }
    const wanted = coder === HUFF ? "huffman" : coder === ANS ? "ans" : undefined;
    if (wanted !== undefined && table?.coder !== wanted) {
      throw new RangeError(
        `Cannot use chunk ${c} with mode ${mode} and table of ${table?.coder}: want one of ${wanted}`,
      );
    }
    whole("srcOff + rowStart * d", c, first, 0, perWord * buffers.source - rows * d, perWord);
    if (dstOff !== undefined) whole("dstOff", c, dstOff, 0, 4 * (buffers.destination - most), 4);
    else if (behind >= 0) behind += most;
    if (dstOff !== undefined) behind = -1;
    if (behind > buffers.destination || (dstOff === undefined && behind < 0)) {
      throw new RangeError(
        behind < 0
          ? `Cannot use chunk ${c} without dstOff behind one that has it: want it for all chunks or none`
          : `Cannot encode ${c + 1} chunks into ${4 * buffers.destination} bytes: want ${4 * behind} or more`,
      );
    }
    const unit = coder === RAW ? 0 : extras.add(`bound ${bound}`, () => stepsFor(id, bound));
    const entropy = wanted !== undefined && unit !== 0;
    const shares = coder !== RAW && mode.startsWith("dict+");
    planner.place(c, rows, d);
    const slotBits = Math.max(1, 33 - Math.clz32(rows - 1)), laneShift = Math.min(4, 32 - Math.clz32(d - 1));
    const groups = entropy ? mostGroups(d, rows * d) : 0;
    planner.set(c, {
      SRC: first / perWord,
      DST: dstOff === undefined ? PACKED : dstOff / 4,
      FLAGS: coder | (shares ? FLAG.DICT : 0) | (checksum ? FLAG.CHECKSUM : 0) | (table?.direct ? FLAG.DIRECT : 0),
      UNIT: unit,
      HEAD: entropy
        ? extras.add(`head ${buffers.tables.get(table!)}`, () => {
          const { words } = headWords(table!);
          return [words.length, ...words];
        })
        : 0,
      TABLE: entropy ? buffers.tables.get(table!)! : 0,
      SLOT_BITS: slotBits,
      LANE_SHIFT: laneShift,
      GROUPS: groups,
      WORDS_BASE: totals.words,
      HASH_BASE: totals.words + (entropy ? groupWords(d, rows * d, table!.direct) : 0),
    });
    totals.tiles += Math.ceil(rows / (WORKGROUP >> laneShift));
    totals.groups += groups;
    totals.words += (entropy ? groupWords(d, rows * d, table!.direct) : 0) + Math.ceil(4 * most / CHECKSUM_BLOCK);
    if (shares && unit !== 0) totals.slots += 2 ** slotBits;
    coded ||= entropy;
    dict ||= shares && unit !== 0;
  });
  return planner.finish(coded, dict);
}

/**
 * Checks and lays out chunks to decode.
 *
 * @throws {RangeError} A chunk does not lie where it shall be, or its elements do not fit
 */
export function planDecode(
  dtype: DeviceDtype,
  chunks: readonly DecodeDescriptor[],
  buffers: CallBuffers,
): CallPlan {
  const planner = new Planner(chunks.length, dtype), { totals, extras } = planner;
  const perWord = 4 / bytesOfDtype(dtype);
  let coded = false;
  chunks.forEach((chunk, c) => {
    const { rows, d, srcOff, bytes, dstOff, table, checksum = true } = chunk;
    checkShape(c, rows, d);
    whole("bytes", c, bytes, 16, 4 * buffers.source, 4);
    whole("srcOff", c, srcOff, 0, 4 * buffers.source - bytes, 4);
    whole("dstOff", c, dstOff, 0, perWord * buffers.destination - rows * d, perWord);
    planner.place(c, rows, d);
    const groups = table === undefined ? 0 : mostGroups(d, rows * d);
    planner.set(c, {
      SRC: srcOff / 4,
      SRC_WORDS: bytes / 4,
      DST: dstOff / perWord,
      FLAGS: (table === undefined ? 0 : table.coder === "ans" ? ANS : HUFF) | (checksum ? FLAG.CHECKSUM : 0) |
        (table?.direct ? FLAG.DIRECT : 0),
      HEAD: table === undefined ? 0 : extras.add(`head ${buffers.tables.get(table)}`, () => {
        const { words, masks } = headWords(table);
        return [words.length, ...words.flatMap((word, i) => [word, masks[i]!])];
      }),
      TABLE: table === undefined ? 0 : buffers.tables.get(table)!,
      GROUPS: groups,
      WORDS_BASE: totals.words,
      HASH_BASE: totals.words + groups + 1,
    });
    totals.tiles += Math.ceil(Math.ceil(rows * d / perWord) / RESTORE_TILE);
    totals.groups += groups;
    totals.words += groups + 1 + Math.ceil(bytes / CHECKSUM_BLOCK);
    coded ||= table !== undefined;
  });
  return planner.finish(coded, false);
}
